internal import ArtifactStore
internal import HTTPWire
internal import MLflowAPI
internal import TrackingStore

/// A data folder that no server holds, for a command that reads it as a server would.
struct HeldData {
    private let store: TrackingStore
    private let api: MLflowAPI

    /// Opens the store, and so brings its schema to that of this version.
    ///
    /// - Throws: `StartFailure`, with the owner where a server holds the folder, or where there is no store.
    init(_ storage: StorageOptions) throws {
        let environment = Environment.process
        let database = try StorageLayout.database(storage, environment).path
        guard FileKind(database) == .file else {
            throw StartFailure(
                "There is no database '\(database)'. Name the data folder with --data-dir, or a server with --from."
            )
        }
        let layout = try StorageLayout(storage, environment)
        let configuration = TrackingStore.Configuration(
            databasePath: layout.databasePath,
            artifactRoot: layout.artifactRoot,
            migrations: try EmbeddedMigrations.load()
        )
        do {
            store = try TrackingStore(configuration)
        } catch {
            throw StartFailure.opening(layout.databasePath, error)
        }
        let roots = ServedRoots(layout, store)
        var settings = MLflowAPI.Settings(workingDirectory: layout.workingDirectory)
        settings.exportShell = { .ofPages() }
        settings.artifactRoots = roots.all.map { MLflowAPI.LocalArtifactRoot(path: $0.location, store: $0) }
        api = MLflowAPI(store: store, artifacts: roots.destination, settings: settings) { _ in }
    }

    /// The file that the call `export/html` would answer with.
    func exportedPages(_ question: [UInt8]) throws -> any HTTPBodyProducer {
        do {
            return try api.exportedPages(question: question)
        } catch {
            throw api.exportRefusal(error).map { StartFailure($0) } ?? error
        }
    }

    func close() { store.close() }
}
