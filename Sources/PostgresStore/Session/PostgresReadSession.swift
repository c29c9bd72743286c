package import Budgets
package import PostgreSQL
internal import Tracking

/// Reads the database in one transaction, so that all statements see the same state.
///
/// `PostgresStore.read` passes it to a closure, which must not keep it.
package final class PostgresReadSession: PostgresSession {
    package let pipeline: PostgresPipeline
    /// The client that waits for the result.
    package private(set) var caller = Caller.server
    /// The time of all reads for one answer; nil until a read of the answer calls `sharedEffort`.
    package private(set) var effort: ReadEffort?
    /// Returns a sentence that says what the client should reduce if the read takes too long.
    var advice: () -> String = { usualAdvice }

    private let permissionChanges: PermissionChanges
    private let stillAdmitted: StillAdmitted
    /// The mark of the stored rights by which the client was judged, and the statement that asks for the one of the
    /// transaction; nil if the client need not be judged again.
    private var judgement: (version: Int64, ticket: PostgresPipeline.Ticket)?

    init(pipeline: PostgresPipeline, permissionChanges: PermissionChanges) {
        self.pipeline = pipeline
        self.permissionChanges = permissionChanges
        stillAdmitted = StillAdmitted(version: permissionChanges.version)
    }

    /// Whether the database has the tables of users and tokens, and this server uses them.
    var keepsAccess: Bool { permissionChanges.stored != nil }

    /// Begins a transaction; the statement for it is sent with the first one that reads.
    ///
    /// - Parameters:
    ///   - isContinued: whether an earlier read for the same answer has found that the client may read it.
    ///   - isImpatient: whether a wait for a lock of another program ends after some milliseconds.
    /// - Throws: `AccessChanged` if the client has to be judged again.
    func begin(for caller: Caller, isContinued: Bool, isImpatient: Bool) throws {
        self.caller = caller
        effort = nil
        advice = { usualAdvice }
        judgement = nil
        guard let stored = permissionChanges.stored, caller.admissionVersion != 0, !isContinued else {
            return try beginTransaction(isImpatient: isImpatient)
        }
        // A change that comes after this mark is found at the end.
        let version = stored.known
        try stillAdmitted.require(caller, takesRights: false)
        try beginTransaction(isImpatient: isImpatient)
        judgement = (version, try pipeline.ask(AccessDialect.selectVersion))
    }

    private func beginTransaction(isImpatient: Bool) throws {
        try pipeline.send("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        if isImpatient { try pipeline.send("SET LOCAL lock_timeout = '50ms'") }
    }

    /// Ends the transaction without waiting for the server's answer.
    ///
    /// - Throws: `AccessChanged` if another server has changed who may do what since the client was judged.
    func end() throws {
        if let (version, ticket) = judgement {
            guard try pipeline.rows(ticket).first({ $0.int64(0) }) == version else {
                permissionChanges.tellOfOthers()
                throw AccessChanged()
            }
        }
        try pipeline.send("COMMIT")
        try pipeline.submit()
    }

    package func prepareStatement() {}

    /// Returns the effort that this read and the later reads for the same answer share; creates it if needed.
    package func sharedEffort() -> ReadEffort {
        let effort = effort ?? ReadEffort()
        self.effort = effort
        return effort
    }
}

private let usualAdvice = "Ask for less at once: smaller pages, fewer runs, or a shorter range."
