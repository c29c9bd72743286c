internal import PostgreSQL
internal import Synchronization

/// Opens connections to the database.
struct Connector: Sendable {
    let address: PostgresAddress
    /// Whether readers too need a server that takes changes, because a standby would not know at once whose rights were taken.
    let readsOnPrimary: Bool
    /// The schema that every session uses and no other one; nil before the start has found it.
    var schema: String?
    /// Whether the writer has found no room for its connection, so that readers give theirs back.
    let writerTurn = WriterTurn()

    // A wait for a lock of another program ends after some seconds, so that the other requests need not wait for it; JIT
    // compilation would cost more than any of the statements. The last two say what NULL in an array and a backslash in a text
    // mean, which the database or the user may have changed.
    private static let settings = [
        "SET statement_timeout = 0",
        "SET lock_timeout = '4s'",
        "SET jit = off",
        "SET array_nulls = on",
        "SET standard_conforming_strings = on",
    ]

    /// A process that hangs in the middle of its changes gives back after this time what it has locked, such as the mark of the stored
    /// rights, for which the changes of all other servers wait.
    private static let idleWriterTime = "SET idle_in_transaction_session_timeout = '5s'"
    private static let idleReaderTime = "SET idle_in_transaction_session_timeout = '60s'"

    private static let primary = ("target_session_attrs", "read-write")

    func open(_ role: Role) throws(PostgresError) -> PostgresPipeline {
        try PostgresPipeline(
            address,
            applicationName: "apus-\(role.rawValue)",
            // Of several servers, those that are standbys are passed over, also while another one takes over.
            options: role == .writer ? [Self.primary] : [],
            required: readsOnPrimary ? [Self.primary] : [],
            settings: Self.settings + [role == .writer ? Self.idleWriterTime : Self.idleReaderTime] + searchPath
        )
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
/// Readers that always have work would never give a connection back, and nothing could be changed.
final class WriterTurn: Sendable {
    private let flag = Atomic<Bool>(false)

    /// Whether the writer waits for a connection.
    var isWaiting: Bool { flag.load(ordering: .relaxed) }

    func begin() { flag.store(true, ordering: .relaxed) }

    func end() { flag.store(false, ordering: .relaxed) }
}

extension PostgresError {
    /// Whether there may be room for the connection when another one is closed.
    ///
    /// A pooler answers the log-in, and says nothing more until it has a connection to the server.
    var isLackOfRoom: Bool { state == .tooManyConnections || state == .silent }

    /// Whether the failure may be over as soon as there is another connection.
    ///
    /// The server stops, starts, is a standby, or refuses the user for the time being.
    var isOfConnection: Bool {
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
