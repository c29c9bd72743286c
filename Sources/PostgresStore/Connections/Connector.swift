internal import Budgets
internal import PostgreSQL
internal import Synchronization

/// Opens connections to the database.
struct Connector: Sendable {
    let address: PostgresAddress
    /// Whether readers too connect only to the primary server, because a standby receives reductions of permissions with a delay.
    let readsOnPrimary: Bool
    /// The only schema that the sessions use; nil before `PostgresStore.init` has found it.
    var schema: String?
    let writerPriority = WriterPriority()
    /// Receives messages for the server's log.
    let report: @Sendable (String) -> Void
    private let newestTimeline = NewestTimeline()
    /// Limits how often old servers are reported.
    private let refusals = Burst()

    // A wait for a lock of another program ends after some seconds, because the other requests wait too. JIT compilation would
    // take longer than any of the statements. The last two settings fix the meanings of NULL in an array and of a backslash in a
    // text, for which the database or the user may have other defaults.
    private static let settings = [
        "SET statement_timeout = 0",
        "SET lock_timeout = '4s'",
        "SET jit = off",
        "SET array_nulls = on",
        "SET standard_conforming_strings = on",
    ]

    // If a server hangs during a transaction, PostgreSQL ends the transaction after five seconds, because other servers wait for
    // locks that it holds, such as that of the access mark (`StoredAccessVersion`). Statements of the writer find rows by their
    // keys. PostgreSQL reuses the plans of the statements: without the second setting, a plan made while a table was
    // small would still read the whole table after it has grown.
    private static let writerSettings = [
        "SET idle_in_transaction_session_timeout = '5s'",
        "SET enable_seqscan = off",
    ]
    private static let readerSettings = ["SET idle_in_transaction_session_timeout = '60s'"]

    private static let primaryOnly = ("target_session_attrs", "read-write")

    init(address: PostgresAddress, readsOnPrimary: Bool, report: @escaping @Sendable (String) -> Void) {
        self.address = address
        self.readsOnPrimary = readsOnPrimary
        self.report = report
    }

    func open(_ role: Role) throws(PostgresError) -> PostgresPipeline { try openWithTimeline(role).pipeline }

    /// - Returns: the connection, and the id of its server's timeline, which changes when a standby takes over; nil if the server
    ///   does not report it, for instance because it is a standby.
    /// - Throws: also if all servers that can be reached have older timelines than a server to which this process was connected.
    func openWithTimeline(_ role: Role) throws(PostgresError) -> (pipeline: PostgresPipeline, timeline: String?) {
        var timeline: String?
        let pipeline = try PostgresPipeline.open(
            address,
            applicationName: "apus-\(role.rawValue)",
            // If the address names several servers, standbys are skipped, also while one of them takes over.
            options: role == .writer ? [Self.primaryOnly] : [],
            required: readsOnPrimary ? [Self.primaryOnly] : [],
            settings: Self.settings + (role == .writer ? Self.writerSettings : Self.readerSettings) + searchPath
        ) { pipeline throws(PostgresError) in
            timeline = try checkedTimeline(of: pipeline, role)
        }
        return (pipeline, timeline)
    }

    /// - Throws: if the server was replaced by another one.
    private func checkedTimeline(of pipeline: PostgresPipeline, _ role: Role) throws(PostgresError) -> String? {
        // As long as the writer has found no timeline, readers need not ask: the server probably reports none.
        guard role == .writer || newestTimeline.isKnown else { return nil }
        guard let timeline = Self.timeline(of: pipeline) else { return nil }
        guard let newer = newestTimeline.newerOrRemember(timeline) else { return timeline }
        let refusal =
            "the server at \(pipeline.displayURI) has the timeline \(timeline), but another server has taken over with the timeline "
            + "\(newer), and the old one lacks the changes that were made there. Stop the old server, or name only the new one in "
            + "the address; if the old one is the right one, restart Apus"
        if refusals.note(endsAfter: { _ in .seconds(60) }) == nil {
            report("an old server of the database is not used: \(refusal)")
        }
        throw PostgresError(.disconnected, refusal)
    }

    /// Asks for the timeline outside of a transaction, because some servers (Aurora) refuse this query.
    private static func timeline(of pipeline: PostgresPipeline) -> String? {
        pipeline.watch = PostgresWatch(deadline: .now + .seconds(10))
        defer { pipeline.watch = PostgresWatch() }
        let query = """
            SELECT CASE WHEN NOT pg_is_in_recovery() THEN substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END
            """
        return try? pipeline.rows(query, isPrepared: false).first { $0.optionalString(0) } ?? nil
    }

    /// The statement that makes the schema the only one in `search_path`: the path of the address may name a schema before it
    /// that does not exist yet, and if somebody created that schema and tables in it, these tables would be used.
    private var searchPath: [String] {
        schema.map { ["SET search_path = \"\($0.replacing("\"", with: "\"\""))\""] } ?? []
    }

    /// What a connection is for; its name in the view `pg_stat_activity` ends with it.
    enum Role: String {
        case reader, writer
    }
}

/// Reserves the next connection for the writer while the database server accepts no more connections.
///
/// Otherwise busy readers could use all connections, and nothing could be changed.
final class WriterPriority: Sendable {
    private let flag = Atomic<Bool>(false)

    /// Whether the writer waits for a connection.
    var isWaiting: Bool { flag.load(ordering: .relaxed) }

    func begin() { flag.store(true, ordering: .relaxed) }

    func end() { flag.store(false, ordering: .relaxed) }
}

/// The newest timeline that this process has seen at a server of the database.
///
/// A standby that takes over begins a timeline with a greater number. The old primary may then start again, and would return old
/// data, such as permissions that were removed meanwhile.
private final class NewestTimeline: Sendable {
    // Eight hexadecimal digits, so that the order of the texts is that of the numbers.
    private let newest = Mutex<String?>(nil)

    var isKnown: Bool { newest.withLock { $0 != nil } }

    /// Remembers a timeline; if a newer one was seen, returns that one and changes nothing.
    func newerOrRemember(_ timeline: String) -> String? {
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
    /// A missing answer counts too: a connection pooler accepts the log-in, and then answers nothing until it has a connection to
    /// the server.
    var isLackOfConnections: Bool { state == .tooManyConnections || state == .noAnswer }

    /// Whether a new connection may succeed later: the server stops, starts, is a standby, or refuses the user for now.
    var mayPassWithNewConnection: Bool {
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
