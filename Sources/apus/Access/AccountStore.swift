internal import ArgumentParser
internal import ArtifactStore
internal import Glibc
internal import MLflowAPI
internal import PostgresStore
internal import Tracking

/// Where a command finds users, tokens and the audit log: a database that it opens, or a server that it asks.
enum AccountStore {
    case database(MLflowAPI)
    case server(ServerConnection)

    /// Calls `body` with the database that the flags name or, if a server has its folder open, with that server.
    ///
    /// A PostgreSQL database is opened even if servers use it, because a change takes effect at once in each of them.
    /// - Parameters:
    ///   - uri: the address of a server to use instead of a database; nil if there is none.
    ///   - createsDatabase: whether to create a SQLite database if the folder has none.
    static func with(
        _ storage: StorageOptions,
        uri: String?,
        createsDatabase: Bool = false,
        _ body: (AccountStore) throws -> Void
    ) throws {
        if uri == nil, let postgres = try PostgresURI.find(storage, Environment.process) {
            return try withDatabase(postgres, body)
        }
        switch try OpenedData.open(storage, uri: uri, createsDatabase: createsDatabase, allowsPostgres: true) {
        case .folder(let folder):
            defer { folder.close() }
            try body(.database(folder.api))
        case .server(let server): try body(.server(server))
        }
    }

    private static func withDatabase(_ uri: PostgresURI, _ body: (AccountStore) throws -> Void) throws {
        let store: PostgresStore
        do {
            store = try PostgresStore(
                .init(uri, artifactRoot: ArtifactLocation("mlflow-artifacts:/"), hasOwnTables: true)
            )
        } catch {
            throw StartFailure("The database of \(uri.source) cannot be used: \(error)")
        }
        defer { store.close() }
        // These commands use no artifacts, so nothing is stored in this folder, and it is not created.
        let api = MLflowAPI(
            store: store,
            artifacts: ArtifactRoot(location: "artifacts"),
            settings: MLflowAPI.Settings(workingDirectory: "/")
        ) { StandardStream.error.write("apus: \($0)") }
        try body(.database(api))
    }
}

/// The options that name the database or the server whose data a command shows or changes.
struct DataOptions: ParsableArguments {
    @OptionGroup(title: "Where the data is") var storage: StorageOptions
    @Option(help: ArgumentHelp("Work through this server instead of a data folder.", valueName: "uri"))
    var trackingUri: String?

    /// Calls `body` with the database or server; if that fails, prints the error as one line and ends the command with status 1.
    ///
    /// - Parameter uri: the address of the server as an argument; the same as `trackingUri`.
    func withAccountStore(
        uri: String? = nil,
        createsDatabase: Bool = false,
        _ body: (AccountStore) throws -> Void
    ) throws {
        signal(SIGPIPE, SIG_IGN)
        try CommandFailure.reporting {
            try AccountStore.with(storage, uri: uri ?? trackingUri, createsDatabase: createsDatabase, body)
        }
    }
}

extension PostgresStore.Configuration {
    /// - Parameter hasOwnTables: whether to use Apus's own tables, such as those of tokens and the audit log, and to create the
    ///   missing ones.
    init(_ uri: PostgresURI, artifactRoot: ArtifactLocation, hasOwnTables: Bool) {
        self.init(address: uri.address, artifactRoot: artifactRoot, schema: EmbeddedSchema.mlflowInPostgreSQL)
        if hasOwnTables { ownTables = EmbeddedMigrations.ownTablesInPostgreSQL }
    }
}
