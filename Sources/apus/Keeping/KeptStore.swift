internal import ArtifactStore
internal import HTTPClient
internal import JSON
internal import MLflowAPI
internal import TrackingStore

/// What a command looks after: a data folder that no server holds, or the server that holds it.
enum KeptStore {
    case folder(OpenedFolder)
    case server(KeptServer)

    /// Opens the folder that the flags name or, where a server holds it, finds that server.
    ///
    /// - Parameter uri: a server to ask instead.
    static func open(_ storage: StorageOptions, uri: String? = nil) throws -> KeptStore {
        if let uri { return .server(try KeptServer(uri)) }
        let environment = Environment.process
        let path = try StorageLayout.database(storage, environment).path
        guard FileKind(path) == .file else {
            throw StartFailure("There is no database at '\(path)'. Name the folder of all data with --data-dir.")
        }
        let layout = try StorageLayout(storage, environment)
        let patience = OwnerPatience(isAsked: true)
        while true {
            do {
                return .folder(try OpenedFolder(layout))
            } catch let failure as StartFailure {
                guard let address = try patience.address(after: failure) else { continue }
                return .server(try KeptServer(address))
            }
        }
    }
}

/// A data folder of which this process is the owner.
final class OpenedFolder {
    let layout: StorageLayout
    let store: TrackingStore
    let api: MLflowAPI

    init(_ layout: StorageLayout) throws {
        self.layout = layout
        var configuration = TrackingStore.Configuration(
            databasePath: layout.databasePath,
            artifactRoot: layout.artifactRoot,
            migrations: try EmbeddedMigrations.load()
        )
        configuration.report = { StandardStream.error.write("apus: \($0)") }
        do {
            store = try TrackingStore(configuration)
        } catch {
            throw StartFailure.opening(layout.databasePath, error)
        }
        let roots = ServedRoots(layout, store)
        var settings = MLflowAPI.Settings(workingDirectory: layout.workingDirectory)
        settings.exportShell = { .ofPages() }
        settings.artifactRoots = roots.all.map { MLflowAPI.LocalArtifactRoot(path: $0.location, store: $0) }
        api = MLflowAPI(store: store, artifacts: roots.destination, settings: settings) { error in
            StandardStream.error.write("apus: \(error)")
        }
    }

    func close() {
        store.close()
    }
}

/// A running server that a command asks to work on its own data.
struct KeptServer {
    let client: TrackingClient

    init(_ text: String) throws {
        do {
            let uri = try TrackingURI(text)
            client = TrackingClient(
                uri: uri,
                credentials: try ClientCredentials(uri: uri, environment: .process),
                agent: "apus"
            )
        } catch {
            throw StartFailure("\(error.detail). \(error.advice)")
        }
    }

    /// Works as `call`, and returns what the answer says.
    func json(_ route: String, _ body: [UInt8]) throws -> JSONValue {
        guard let json = try call(route, body).json else {
            throw StartFailure("The server at \(client.uri) answered with something else than JSON.")
        }
        return json
    }

    /// Sends one of Apus' own calls, again while the server is busy, and returns the answer of status 200.
    func call(
        _ route: String,
        _ body: [UInt8],
        maximumBytes: Int = HTTPClient.usualMaximumBytes,
        patience: Duration = .seconds(60)
    ) throws -> HTTPReply {
        let end = ContinuousClock.now + patience
        while true {
            let reply: HTTPReply
            do {
                reply = try client.post(
                    "/api/apus/1.0/" + route,
                    json: body,
                    maximumBytes: maximumBytes,
                    by: Deadline(after: .seconds(3_600))
                )
            } catch {
                throw StartFailure("The server at \(client.uri) did not answer: \(error)")
            }
            if reply.status == 200 { return reply }
            guard reply.status == 429, .now < end else {
                let reason = reply.message ?? "status \(reply.status)"
                throw StartFailure(
                    client.credentials.redacted(
                        reply.errorCode == "ENDPOINT_NOT_FOUND"
                            ? "The server at \(client.uri) does not know this call; it is older than this command."
                            : reason
                    )
                )
            }
            sleepFor(.milliseconds(100))
        }
    }
}
