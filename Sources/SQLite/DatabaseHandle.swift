internal import CSQLite
internal import CSQLiteSetup
internal import Synchronization

/// SQLite's connection, shared by a `Connection` and its statements.
///
/// Only one thread at a time may use a handle, except `interrupter`, which any thread may use.
final class DatabaseHandle {
    /// Nil after `close()`.
    private(set) var raw: OpaquePointer?
    let interrupter: Interrupter

    /// The pages in the write-ahead log (WAL) after the newest commit; written by SQLite's WAL hook.
    let walPages: UnsafeMutablePointer<Int32>

    init(raw: OpaquePointer) {
        self.raw = raw
        interrupter = Interrupter(raw)
        walPages = .allocate(capacity: 1)
        walPages.initialize(to: 0)
    }

    deinit {
        close()
        walPages.deallocate()
    }

    /// Makes SQLite update `walPages` at each commit; replaces SQLite's automatic checkpoint, which uses the same hook.
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

    /// Syncs the database file, but not the WAL, to the disk.
    func syncFile() throws(SQLiteError) {
        guard let raw else { return }
        let result = apus_sync_database(raw)
        guard result == SQLITE_OK else { throw SQLiteError.latest(on: raw, result: result, sql: nil) }
    }

    func close() {
        guard let closing = raw else { return }
        raw = nil
        interrupter.invalidate()
        // SQLite's connection may outlive this object, which frees `walPages`: the hook must not use it any more.
        _ = sqlite3_wal_hook(closing, nil, nil)
        var statement = sqlite3_next_stmt(closing, nil)
        while let current = statement {
            sqlite3_reset(current)
            statement = sqlite3_next_stmt(closing, current)
        }
        sqlite3_close_v2(closing)
    }
}

/// Interrupts the running statements of a connection; usable from any thread.
package final class Interrupter: Sendable {
    /// `@unchecked Sendable` because the pointer is only passed to `sqlite3_interrupt`.
    ///
    /// Any thread may call this function while the connection is open, and the mutex keeps the connection open during the call.
    private struct Target: @unchecked Sendable {
        let raw: OpaquePointer
    }

    private let target: Mutex<Target?>

    init(_ raw: OpaquePointer) { target = Mutex(Target(raw: raw)) }

    /// Makes the running statements fail with SQLITE_INTERRUPT; does nothing after the connection was closed.
    ///
    /// Interrupting a write rolls back its transaction (https://sqlite.org/c3ref/interrupt.html).
    package func interrupt() {
        target.withLock { target in
            if let target { sqlite3_interrupt(target.raw) }
        }
    }

    func invalidate() { target.withLock { $0 = nil } }
}
