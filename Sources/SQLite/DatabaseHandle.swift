internal import CSQLite
internal import CSQLiteSetup
internal import Synchronization

/// The C connection, shared by a `Connection` and its statements, so that SQLite frees it only after both.
///
/// Only one thread at a time may use it; only `interruptTarget` may be used from any thread.
final class DatabaseHandle {
    /// Nil after `close()`.
    private(set) var raw: OpaquePointer?
    let interruptTarget: InterruptTarget

    /// Pages in the write-ahead log after the newest commit; written by SQLite's WAL hook.
    let walPages: UnsafeMutablePointer<Int32>

    init(raw: OpaquePointer) {
        self.raw = raw
        interruptTarget = InterruptTarget(raw)
        walPages = .allocate(capacity: 1)
        walPages.initialize(to: 0)
    }

    deinit {
        close()
        walPages.deallocate()
    }

    /// Makes SQLite update `walPages` at each commit.
    ///
    /// This replaces SQLite's automatic checkpoint, which uses the same hook.
    func countWALPages() {
        guard let raw else { return }
        _ = sqlite3_wal_hook(
            raw,
            { context, _, _, pages in
                context?.assumingMemoryBound(to: Int32.self).pointee = pages
                return SQLITE_OK
            },
            walPages
        )
    }

    /// Makes what was written to the database file itself durable.
    func syncFile() throws(SQLiteError) {
        guard let raw else { return }
        let result = apus_sync_database(raw)
        guard result == SQLITE_OK else { throw SQLiteError.latest(on: raw, result: result, sql: nil) }
    }

    func close() {
        guard let closing = raw else { return }
        raw = nil
        interruptTarget.invalidate()
        // `walPages` is freed with this object; the C connection may live until its last statement is finalised.
        _ = sqlite3_wal_hook(closing, nil, nil)
        var statement = sqlite3_next_stmt(closing, nil)
        while let current = statement {
            sqlite3_reset(current)
            statement = sqlite3_next_stmt(closing, current)
        }
        sqlite3_close_v2(closing)
    }
}

/// The one operation on a connection that SQLite allows from any thread.
final class InterruptTarget: Sendable {
    /// `@unchecked Sendable` because the pointer is only passed to `sqlite3_interrupt`, which any thread may call
    /// while the connection is open, and the mutex keeps it open meanwhile.
    private struct Target: @unchecked Sendable {
        let raw: OpaquePointer
    }

    private let target: Mutex<Target?>

    init(_ raw: OpaquePointer) {
        target = Mutex(Target(raw: raw))
    }

    func interrupt() {
        target.withLock { target in
            if let target { sqlite3_interrupt(target.raw) }
        }
    }

    func invalidate() {
        target.withLock { $0 = nil }
    }
}

/// Interrupts the running statements of a connection, from any thread.
package struct Interrupter: Sendable {
    let target: InterruptTarget

    /// Makes the running statements fail with SQLITE_INTERRUPT; does nothing once the connection is closed.
    ///
    /// Interrupting a write rolls back its transaction (https://sqlite.org/c3ref/interrupt.html).
    package func interrupt() {
        target.interrupt()
    }
}
