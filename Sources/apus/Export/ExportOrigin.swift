internal import Budgets
internal import MLflowAPI
internal import PostgreSQL
internal import PostgresStore
internal import Tracking

/// What an export reads: a store that this process opens, or a server.
enum ExportOrigin {
    case opened(MLflowAPI, close: () -> Void)
    case server(ServerConnection)

    /// - Parameter needsArtifacts: whether the export contains artifacts, and so must know where they are stored.
    static func open(_ command: ExportCommand, needsArtifacts: Bool) throws -> ExportOrigin {
        if command.from == nil, let layout = try command.exportedLayout(), let uri = layout.postgres {
            if needsArtifacts { try layout.requireArtifactFolder() }
            let store = try PostgresStore.ofCommand(uri.address, artifactRoot: layout.artifactRoot, source: uri.source)
            do {
                let roots = try ServedRoots(layout, nil, Budgets())
                return .opened(.ofCommand(store, roots, layout)) { store.close() }
            } catch {
                store.close()
                throw error
            }
        }
        let store = try OpenedData.open(
            command.storage,
            uri: command.from,
            needsArtifacts: needsArtifacts,
            allowsPostgres: true
        )
        return switch store {
        case .folder(let folder): .opened(folder.api) { folder.close() }
        case .server(let server): .server(server)
        }
    }
}

extension PostgresStore {
    /// Opens the store of a command.
    ///
    /// - Parameters:
    ///   - source: the flag or variable that names the database.
    ///   - usesOwnTables: whether the command uses Apus's own tables (of users, tokens, the audit log, the artifact journal and
    ///     the storage use) if they exist; it does not create them.
    static func ofCommand(
        _ address: PostgresAddress,
        artifactRoot: ArtifactLocation,
        source: String,
        usesOwnTables: Bool = false
    ) throws(StartFailure) -> PostgresStore {
        var configuration = PostgresStore.Configuration(
            address: address,
            artifactRoot: artifactRoot,
            schema: EmbeddedSchema.mlflowInPostgreSQL
        )
        configuration.readerCount = 1
        if usesOwnTables {
            (configuration.ownTables, configuration.makesOwnTables) = (EmbeddedMigrations.ownTablesInPostgreSQL, false)
        }
        configuration.report = { StandardStream.error.write("apus: \($0)") }
        do {
            return try PostgresStore(configuration)
        } catch {
            throw StartFailure("The database of \(source) cannot be used: \(error)")
        }
    }
}
