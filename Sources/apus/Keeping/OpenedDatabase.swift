internal import Budgets
internal import MLflowAPI
internal import PostgresStore

/// A database in PostgreSQL that a command has opened and that servers may be using, with the storage of their artifacts.
struct OpenedDatabase {
    let api: MLflowAPI
    private let store: PostgresStore

    /// - Returns: nil if the flags name no such database.
    /// - Throws: `StartFailure`, also if it is unknown where the artifacts are, because the command would then remove runs and
    ///   not their artifacts.
    init?(_ storage: StorageOptions) throws {
        let environment = Environment.process
        guard let uri = try PostgresURI.find(storage, environment) else { return nil }
        try Self.requireNamedLocation(storage, environment)
        let layout = try StorageLayout(storage, environment, allowsPostgres: true)
        // A missing folder would otherwise be created, and the files of removed runs would stay in the real one.
        if layout.namesArtifactLocation, let fault = layout.artifactFolderFault { throw fault }
        store = try PostgresStore.ofCommand(
            uri.address,
            artifactRoot: layout.artifactRoot,
            source: uri.source,
            usesOwnTables: true
        )
        do {
            api = .ofCommand(store, try ServedRoots(layout, nil, Budgets()), layout)
        } catch {
            store.close()
            throw error
        }
    }

    func close() { store.close() }

    private static func requireNamedLocation(_ storage: StorageOptions, _ environment: Environment) throws(StartFailure)
    {
        let settings: [(SettingDefinition, String?)] = [
            (.artifactsDestination, storage.artifactsDestination), (.defaultArtifactRoot, storage.defaultArtifactRoot),
        ]
        guard settings.allSatisfy({ environment.setting($0.0, $0.1) == nil }) else { return }
        let path = try StorageLayout.artifactsPath(dataDir: storage.dataDir, destination: nil, environment)
        guard FileKind(path) != .folder else { return }
        throw StartFailure(
            "There is no folder of artifacts at '\(path)'. Say with --artifacts-destination (or --data-dir) where the servers of this "
                + "database keep artifacts, so that the command can remove them too."
        )
    }
}
