package import Budgets
package import PostgreSQL
internal import Tracking

/// Reads the database in one transaction, so that all statements see the same state.
///
/// `PostgresStore.read` passes the session to a closure, which must not store it.
package final class PostgresReadSession: PostgresSession {
    package let pipeline: PostgresPipeline
    /// The client that waits for the result.
    package private(set) var caller = Caller.server
    /// The counter of time that this read shares with later reads for the same answer; nil until this read calls
    /// `effortOfWholeAnswer`.
    package private(set) var effort: ReadEffort?
    /// Returns a sentence that says what the client should reduce if the read takes too long.
    var advice: () -> String = { defaultAdvice }

    private let permissionChanges: PermissionChanges
    private let admissionCheck: AdmissionCheck
    /// The access mark (`StoredAccessVersion`) at which the client's permissions were read, and the query that reads the current
    /// mark within the transaction; nil if the permissions need not be checked again.
    private var accessMarks: (version: Int64, ticket: PostgresPipeline.Ticket)?

    init(pipeline: PostgresPipeline, permissionChanges: PermissionChanges) {
        self.pipeline = pipeline
        self.permissionChanges = permissionChanges
        admissionCheck = AdmissionCheck(version: permissionChanges.version)
    }

    /// Whether the database has the tables of users and tokens, and this server uses them.
    package var hasAccessTables: Bool { permissionChanges.stored != nil }

    /// Begins a transaction; its BEGIN is sent together with the first statement that reads.
    ///
    /// - Parameters:
    ///   - isContinued: whether an earlier read for the same answer has checked the permissions.
    ///   - waitsShortlyForLocks: whether a wait for a lock of another program ends after 50 ms.
    /// - Throws: `AccessChanged` if the client's permissions may have been reduced since the request was admitted.
    func begin(for caller: Caller, isContinued: Bool, waitsShortlyForLocks: Bool) throws {
        self.caller = caller
        effort = nil
        advice = { defaultAdvice }
        accessMarks = nil
        guard let stored = permissionChanges.stored, caller.admissionVersion != 0, !isContinued else {
            return try beginTransaction(waitsShortlyForLocks: waitsShortlyForLocks)
        }
        // `end` detects changes that are made after this mark was read.
        let version = stored.known
        try admissionCheck.require(caller, reducesAccess: false)
        try beginTransaction(waitsShortlyForLocks: waitsShortlyForLocks)
        accessMarks = (version, try pipeline.ask(AccessDialect.selectVersion))
    }

    private func beginTransaction(waitsShortlyForLocks: Bool) throws {
        try pipeline.send("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        if waitsShortlyForLocks { try pipeline.send("SET LOCAL lock_timeout = '50ms'") }
    }

    /// Ends the transaction without waiting for the server's answer.
    ///
    /// - Throws: `AccessChanged` if another server has changed permissions since those of the client were checked.
    func end() throws {
        if let (version, ticket) = accessMarks {
            guard try pipeline.rows(ticket).first({ $0.int64(0) }) == version else {
                permissionChanges.announceChangeByOtherServer()
                throw AccessChanged()
            }
        }
        try pipeline.send("COMMIT")
        try pipeline.submit()
    }

    package func prepareStatement() {}

    /// Returns the counter to which this read and the later reads for the same answer add their times; creates it if needed.
    package func effortOfWholeAnswer() -> ReadEffort {
        let effort = effort ?? ReadEffort()
        self.effort = effort
        return effort
    }
}

private let defaultAdvice = "Ask for less at once: smaller pages, fewer runs, or a shorter range."
