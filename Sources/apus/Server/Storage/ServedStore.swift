internal import Budgets
internal import Coding
internal import Logging
internal import PostgreSQL
internal import PostgresStore
internal import Tracking
internal import TrackingStore

/// The store that a server has opened.
enum ServedStore {
    case sqlite(TrackingStore)
    case postgres(PostgresStore)

    /// Opens the store that the settings name; blocks until its tables exist.
    ///
    /// - Parameter feed: receives the runs that change, to send them to another server; nil if nothing is sent.
    static func open(
        _ settings: ServerSettings,
        _ budgets: Budgets,
        _ feed: ChangeFeed?,
        _ logger: Logger
    ) throws -> ServedStore {
        if let uri = settings.layout.postgres { return .postgres(try open(uri, settings, budgets, logger)) }
        var configuration = TrackingStore.Configuration(
            databasePath: settings.layout.databasePath,
            artifactRoot: settings.layout.artifactRoot,
            migrations: try EmbeddedMigrations.load()
        )
        configuration.budgets = budgets
        configuration.servedBuckets = settings.layout.servedBuckets
        configuration.report = { logger.error("\($0)") }
        configuration.runQuota = settings.limits.runs
        configuration.changes = feed
        do {
            return .sqlite(try TrackingStore(configuration))
        } catch {
            throw StartFailure.opening(settings.layout.databasePath, error)
        }
    }

    private static func open(
        _ uri: PostgresURI,
        _ settings: ServerSettings,
        _ budgets: Budgets,
        _ logger: Logger
    ) throws(StartFailure) -> PostgresStore {
        var configuration = PostgresStore.Configuration(
            uri,
            artifactRoot: settings.layout.artifactRoot,
            hasOwnTables: settings.keepsOwnTables
        )
        configuration.runQuota = settings.limits.runs
        configuration.budgets = budgets
        configuration.sharedSettings = settings.shared
        configuration.servedBuckets = settings.layout.servedBuckets
        configuration.report = { logger.error("\($0)") }
        configuration.willCreateTables = {
            logger.notice("creating MLflow's tables in the empty database, which takes some seconds")
        }
        do {
            let store = try PostgresStore(configuration)
            for setting in store.differentSettings {
                logger.warning(
                    "another server of this database has a different value of a setting; give all servers the same value",
                    metadata: [
                        "setting": "\(setting.name)", "here": "\(setting.own.printable(limit: 300))",
                        "there": "\(setting.other.printable(limit: 300))",
                    ]
                )
            }
            if store.hasUncheckedAccounts {
                StandardStream.error.write(try settings.security.openServerWarning(despite: .either))
            }
            return store
        } catch let failure as StartFailure {
            throw failure
        } catch let error as PostgresError where error.isDisconnection {
            throw StartFailure(
                "The database of \(uri.source) cannot be reached: \(error). Start PostgreSQL, or correct the host and the port in the "
                    + "address, and start this server again."
            )
        } catch {
            throw StartFailure("The database of \(uri.source) cannot be used: \(error)")
        }
    }

    var backend: any TrackingBackend {
        switch self {
        case .sqlite(let store): store
        case .postgres(let store): store
        }
    }

    /// The store in SQLite; nil if the data is in PostgreSQL.
    var sqliteStore: TrackingStore? {
        if case .sqlite(let store) = self { store } else { nil }
    }

    /// The flag with which a command opens this database, for messages; without a password.
    func flag(_ layout: StorageLayout) -> String {
        switch self {
        case .postgres(let store): "--backend-store-uri '\(store.displayURI)'"
        case .sqlite:
            if layout.databasePath.hasSuffix("/apus.db") {
                "--data-dir \(layout.databasePath.dropLast("/apus.db".count).printable(limit: 300))"
            } else {
                "--backend-store-uri \(layout.databasePath.printable(limit: 300))"
            }
        }
    }

    /// Where MLflow's own server has users, for messages; nil if this server does not know of any.
    func locationOfMLflowUsers(_ accounts: AccountSettings) -> String? {
        if accounts.namesUsersOfMLflow { return "the database that database_uri names" }
        if case .postgres(let store) = self, store.hasUsersOfMLflow { return "this database" }
        return nil
    }

    /// The database for messages: a path, or a URI without its password, followed by the schema.
    func displayName(_ layout: StorageLayout) -> String {
        switch self {
        case .sqlite: layout.databasePath
        case .postgres(let store): "\(store.displayURI) (schema \(store.schema))"
        }
    }
}
