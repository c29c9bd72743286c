internal import Budgets
internal import MLflowAPI
internal import PostgresStore

/// A database in PostgreSQL that a command has opened and that servers may be using, with the place of their artifacts.
struct OpenedDatabase {
    let api: MLflowAPI
    private let store: PostgresStore

    /// - Returns: nil if the flags name no such database.
    /// - Throws: `StartFailure`, also if it is unknown where the artifacts are: the runs would be removed and their artifacts
    ///   would stay.
    init?(_ storage: StorageOptions) throws {
        let environment = Environment.process
        guard let uri = try PostgresURI.find(storage, environment) else { return nil }
        try Self.requireNamedPlace(storage, environment)
        let layout = try StorageLayout(storage, environment, isPostgresKnown: true)
        // A folder that is not there would be made, and what is removed would leave its files elsewhere.
        if layout.namesArtifacts, let fault = layout.artifactFolderFault { throw fault }
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

    private static func requireNamedPlace(_ storage: StorageOptions, _ environment: Environment) throws(StartFailure) {
        let settings: [(SettingDefinition, String?)] = [
            (.artifactsDestination, storage.artifactsDestination), (.defaultArtifactRoot, storage.defaultArtifactRoot),
        ]
        guard settings.allSatisfy({ environment.setting($0.0, $0.1) == nil }) else { return }
        let path = try StorageLayout.artifactsPath(dataDir: storage.dataDir, destination: nil, environment)
        guard FileKind(path) != .folder else { return }
        throw StartFailure(
            "There is no folder of artifacts at '\(path)'. Say with --artifacts-destination (or --data-dir) where the servers of this "
                + "database keep them, so that they are removed too."
        )
    }
}
