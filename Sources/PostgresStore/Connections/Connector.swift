internal import PostgreSQL
internal import Synchronization

/// Opens connections to the database.
struct Connector: Sendable {
    let address: PostgresAddress
    /// Whether readers too connect only to the primary server, because a standby learns of reduced permissions with a delay.
    let readsOnPrimary: Bool
    /// Lets the writer have the next connection if the server of the database allows no more.
    let writerTurn = WriterTurn()

    // A wait for a lock of another program ends after some seconds, so that it does not hold up the other requests. JIT compilation
    // would cost more than any of the statements. The last two set the meanings of NULL in an array and of a backslash in a text, which
    // the database or the user may have changed.
    private static let settings = [
        "SET statement_timeout = 0",
        "SET lock_timeout = '4s'",
        "SET idle_in_transaction_session_timeout = '60s'",
        "SET jit = off",
        "SET array_nulls = on",
        "SET standard_conforming_strings = on",
    ]

    private static let primary = ("target_session_attrs", "read-write")

    func open(_ role: Role) throws(PostgresError) -> PostgresPipeline {
        try PostgresPipeline(
            address,
            applicationName: "apus-\(role.rawValue)",
            // If the address names several servers, standbys are skipped, also while one of them takes over.
            options: role == .writer ? [Self.primary] : [],
            required: readsOnPrimary ? [Self.primary] : [],
            settings: Self.settings
        )
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
