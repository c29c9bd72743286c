package import Budgets
package import SQLite
internal import Tracking

/// The store as one read request sees it: one moment in time over all its statements.
///
/// Handed to the closure of `TrackingStore.read` inside a read transaction, and used nowhere else.
package final class ReadSession: ReaderContext, TrackingReading {
    package let connection: Connection
    /// Who waits for what is read.
    package private(set) var caller = Caller.server
    /// Counted together with what the other parts of its answer cost; nil for a read by itself.
    package private(set) var effort: ReadEffort?
    /// What to ask less of when the read takes too long.
    var advice: () -> String = { usualAdvice }
    private var keyNames: [Int64: String] = [:]

    /// Interned keys are never renamed or removed, so that what was read once stays true.
    private static let rememberedKeys = 20_000

    init(connection: Connection) {
        self.connection = connection
    }

    /// Forgets what belonged to the read before.
    func begin(for caller: Caller) {
        self.caller = caller
        effort = nil
        advice = { usualAdvice }
    }

    /// Counts what this read has cost and what the other parts of its answer will cost, for a long answer.
    package func sharedEffort() -> ReadEffort {
        let effort = effort ?? ReadEffort()
        self.effort = effort
        return effort
    }

    /// What the client is told about a read that took too long.
    package func failure(of end: ReadEnded) -> any Error {
        let taken =
            switch end.reason {
            case .work: "\(end.limits.work.components.seconds) s of work"
            case .time: "\(end.limits.time.components.seconds) s"
            case .callerLeft, .log: ""
            }
        return taken.isEmpty ? end : TrackingError.invalidParameter("The read was stopped after \(taken). \(advice())")
    }

    /// The text of an interned key.
    func keyName(_ id: Int64) throws -> String {
        if let known = keyNames[id] { return known }
        let select = try connection.query("SELECT name FROM keys WHERE id = ?1", id)
        defer { select.reset() }
        guard try select.step() else {
            throw StoreCorruption("no key has the id \(id)")
        }
        if keyNames.count >= Self.rememberedKeys { keyNames.removeAll(keepingCapacity: true) }
        let name = select.string(0)
        keyNames[id] = name
        return name
    }
}

private let usualAdvice = "Ask for less at once: smaller pages, fewer runs, or a shorter range."

/// The database says something that Apus never writes; answered as an internal error and logged.
struct StoreCorruption: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension Connection {
    /// The id of an interned key; nil when no run ever used it.
    func keyID(for name: String) throws -> Int64? {
        let select = try query("SELECT id FROM keys WHERE name = ?1", name)
        defer { select.reset() }
        return try select.step() ? select.int64(0) : nil
    }
}
