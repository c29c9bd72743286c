internal import Budgets
internal import PostgreSQL
internal import Synchronization

/// Opens connections to the database.
struct Connector: Sendable {
    let address: PostgresAddress
    /// Whether readers too connect only to the primary server, because a standby learns of reduced permissions with a delay.
    let readsOnPrimary: Bool
    /// The schema that every session uses and no other one; nil before the start has found it.
    var schema: String?
    /// Lets the writer have the next connection if the server of the database allows no more.
    let writerTurn = WriterTurn()
    /// Receives messages for the server's log.
    let report: @Sendable (String) -> Void
    private let newest = NewestTimeline()
    /// Limits how often old servers are reported.
    private let refusals = Burst()

    // A wait for a lock of another program ends after some seconds, so that it does not hold up the other requests. JIT compilation
    // would cost more than any of the statements. The last two set the meanings of NULL in an array and of a backslash in a text, which
    // the database or the user may have changed.
    private static let settings = [
        "SET statement_timeout = 0",
        "SET lock_timeout = '4s'",
        "SET jit = off",
        "SET array_nulls = on",
        "SET standard_conforming_strings = on",
    ]

    // A process that hangs in the middle of its changes gives back after five seconds what it has locked, such as the access mark, for
    // which the changes of all other servers wait. A writer looks rows up by their keys. PostgreSQL keeps the plans for that, and those
    // it made while a table was small would read the whole table long after it has grown.
    private static let writerSettings = [
        "SET idle_in_transaction_session_timeout = '5s'",
        "SET enable_seqscan = off",
    ]
    private static let readerSettings = ["SET idle_in_transaction_session_timeout = '60s'"]

    private static let primary = ("target_session_attrs", "read-write")

    init(address: PostgresAddress, readsOnPrimary: Bool, report: @escaping @Sendable (String) -> Void) {
        self.address = address
        self.readsOnPrimary = readsOnPrimary
        self.report = report
    }

    func open(_ role: Role) throws(PostgresError) -> PostgresPipeline { try openWithTimeline(role).pipeline }

    /// - Returns: the connection, and the history of its server, which is another one when a standby has taken over; nil if the
    ///   server does not tell it, as a standby.
    /// - Throws: also if all servers of the address that can be reached were replaced by one to which this process was connected.
    func openWithTimeline(_ role: Role) throws(PostgresError) -> (pipeline: PostgresPipeline, timeline: String?) {
        var timeline: String?
        let pipeline = try PostgresPipeline.open(
            address,
            applicationName: "apus-\(role.rawValue)",
            // If the address names several servers, standbys are skipped, also while one of them takes over.
            options: role == .writer ? [Self.primary] : [],
            required: readsOnPrimary ? [Self.primary] : [],
            settings: Self.settings + (role == .writer ? Self.writerSettings : Self.readerSettings) + searchPath
        ) { pipeline throws(PostgresError) in
            timeline = try checkedTimeline(of: pipeline, role)
        }
        return (pipeline, timeline)
    }

    /// - Throws: if the server was replaced by another one.
    private func checkedTimeline(of pipeline: PostgresPipeline, _ role: Role) throws(PostgresError) -> String? {
        // Readers need not ask a server that does not tell it.
        guard role == .writer || newest.isKnown else { return nil }
        guard let timeline = Self.timeline(of: pipeline) else { return nil }
        guard let newer = newest.newer(than: timeline) else { return timeline }
        let refusal =
            "the server at \(pipeline.place) has the timeline \(timeline), and another one has taken over with the timeline "
            + "\(newer): what was changed there would be missing. Stop the old server, or name the new one alone in the address; if "
            + "the old one is right, start Apus again"
        if refusals.note(endsAfter: { _ in .seconds(60) }) == nil {
            report("an old server of the database is not used: \(refusal)")
        }
        throw PostgresError(.disconnected, refusal)
    }

    /// Asks for the history outside of a transaction, because servers without a log of that form (Aurora) refuse the question.
    private static func timeline(of pipeline: PostgresPipeline) -> String? {
        pipeline.watch = PostgresWatch(deadline: .now + .seconds(10))
        defer { pipeline.watch = PostgresWatch() }
        let question = """
            SELECT CASE WHEN NOT pg_is_in_recovery() THEN substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END
            """
        return try? pipeline.rows(question, isPrepared: false).first { $0.optionalString(0) } ?? nil
    }

    /// The statement that names the schema: the address's path might name one before it that somebody makes later.
    private var searchPath: [String] {
        schema.map { ["SET search_path = \"\($0.replacing("\"", with: "\"\""))\""] } ?? []
    }

    /// What a connection is for; its name in the view `pg_stat_activity` ends with it.
    enum Role: String {
        case reader, writer
    }
}

/// Lets the writer have the next connection when the server of the database allows no more.
///
/// Otherwise busy readers could keep all connections, and nothing could be changed.
final class WriterTurn: Sendable {
    private let flag = Atomic<Bool>(false)

    /// Whether the writer waits for a connection.
    var isWaiting: Bool { flag.load(ordering: .relaxed) }

    func begin() { flag.store(true, ordering: .relaxed) }

    func end() { flag.store(false, ordering: .relaxed) }
}

/// The newest history of a server of the database that this process has seen.
///
/// A standby that takes over begins a timeline with a greater number. The old primary may come back without knowing of it, and
/// would bring back what was changed meanwhile, such as permissions that were taken away.
private final class NewestTimeline: Sendable {
    // Eight hexadecimal digits, in whose order the numbers are.
    private let newest = Mutex<String?>(nil)

    var isKnown: Bool { newest.withLock { $0 != nil } }

    /// Notes a timeline, unless a newer one was seen, which is returned.
    func newer(than timeline: String) -> String? {
        newest.withLock { newest in
            if let newest, newest > timeline { return newest }
            newest = timeline
            return nil
        }
    }
}

extension PostgresError {
    /// Whether the server may accept the connection after another one is closed.
    ///
    /// A connection pooler accepts the log-in, and is then silent until it has a connection to the server.
    var isLackOfConnections: Bool { state == .tooManyConnections || state == .silent }

    /// Whether the failure may end with a new connection: the server stops, starts, is a standby, or refuses the user for the time being.
    var mayEndByReconnecting: Bool {
        isDisconnection || isRefusedLogIn || isOfStandby
            || [.tooManyConnections, .readOnlyTransaction, .noSuchDatabase].contains(state)
    }

    /// Whether a standby refuses to begin a transaction that changes rows.
    private var isOfStandby: Bool { state == .featureNotSupported && sql?.hasPrefix("BEGIN") == true }
}

extension PostgresError.State {
    static let featureNotSupported = Self(rawValue: "0A000")
    static let readOnlyTransaction = Self(rawValue: "25006")
    static let valueTooLong = Self(rawValue: "22001")
    static let untranslatableCharacter = Self(rawValue: "22P05")
    static let numberOutOfRange = Self(rawValue: "22003")
    static let undefinedTable = Self(rawValue: "42P01")
    static let undefinedColumn = Self(rawValue: "42703")
    static let undefinedSchema = Self(rawValue: "3F000")
    static let diskFull = Self(rawValue: "53100")
    static let outOfMemory = Self(rawValue: "53200")
}
