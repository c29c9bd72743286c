package import Budgets
package import SQLite
internal import Tracking

/// Reads the store in one read transaction, so that all statements see the same state of the database.
///
/// `TrackingStore.read` passes the session to a closure, which must not keep the session.
package final class ReadSession: ReaderContext, TrackingReading {
    package let connection: Connection
    /// The client that waits for the result.
    package private(set) var caller = Caller.server
    /// The counter of processor time that this read shares with later reads for the same answer; nil until this read calls
    /// `effortOfWholeAnswer`.
    package private(set) var effort: ReadEffort?
    /// Returns a sentence that says what the client should reduce if the read takes too long.
    var advice: () -> String = { usualAdvice }
    /// The names of the keys of metrics, params and tags by their ids in the table `keys`, as far as they are cached.
    private var keyNames: [Int64: String] = [:]

    /// The maximum number of cached names, which are never out of date, because keys are never renamed or deleted.
    private static let maximumCachedKeys = 20_000

    init(connection: Connection) { self.connection = connection }

    /// Prepares the session for a new read: sets its caller, and drops the counter and the advice of the previous read.
    func begin(for caller: Caller) {
        self.caller = caller
        effort = nil
        advice = { usualAdvice }
    }

    package func effortOfWholeAnswer() -> ReadEffort {
        let effort = effort ?? ReadEffort()
        self.effort = effort
        return effort
    }

    /// Returns the error for the client if the read exceeded its limit of processor time or elapsed time; otherwise
    /// returns `end`.
    package func failure(of end: ReadEnded) -> any Error {
        let spentTime =
            switch end.reason {
            case .work: "\(end.limits.work.components.seconds) s of processor time"
            case .time: "\(end.limits.time.components.seconds) s"
            case .callerLeft, .blocksLog: ""
            }
        guard !spentTime.isEmpty else { return end }
        return TrackingError.invalidParameter("The read was stopped after \(spentTime). \(advice())")
    }

    /// Returns the name of a key, from the cache if possible.
    func keyName(_ id: Int64) throws -> String {
        if let cached = keyNames[id] { return cached }
        let select = try connection.query("SELECT name FROM keys WHERE id = ?1", id)
        defer { select.reset() }
        guard try select.step() else { throw StoreCorruption("no key has the id \(id)") }
        if keyNames.count >= Self.maximumCachedKeys { keyNames.removeAll(keepingCapacity: true) }
        let name = select.string(0)
        keyNames[id] = name
        return name
    }
}

private let usualAdvice = "Ask for less at once: smaller pages, fewer runs, or a shorter range."

extension Connection {
    /// Returns the id of a key; nil if the key was never used.
    func keyID(for name: String) throws -> Int64? {
        let select = try query("SELECT id FROM keys WHERE name = ?1", name)
        defer { select.reset() }
        return try select.step() ? select.int64(0) : nil
    }
}
