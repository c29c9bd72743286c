internal import ArtifactStore
internal import HTTPClient
internal import JSON
internal import MLflowAPI
internal import MLflowClient
internal import TrackingStore

/// What a command looks after: a data folder that no server holds, or the server that holds it.
enum KeptStore {
    case folder(OpenedFolder)
    case server(KeptServer)

    /// Opens the folder that the flags name or, where a server holds it, finds that server.
    ///
    /// - Parameter uri: a server to ask instead.
    /// - Parameter makesDatabase: whether a database is made where there is none.
    static func open(
        _ storage: StorageOptions,
        uri: String? = nil,
        makesDatabase: Bool = false
    ) throws -> KeptStore {
        if let uri { return .server(try KeptServer(uri)) }
        let environment = Environment.process
        let path = try StorageLayout.database(storage, environment).path
        guard makesDatabase || FileKind(path) == .file else {
            throw StartFailure("There is no database at '\(path)'. Name the folder of all data with --data-dir.")
        }
        let layout = try StorageLayout(storage, environment)
        var wait = OwnerWait(isAsked: true)
        while true {
            do {
                return .folder(try OpenedFolder(layout))
            } catch let failure as StartFailure {
                guard let place = try wait.place(after: failure) else { continue }
                return .server(try KeptServer(ownerAt: place))
            }
        }
    }
}

/// A data folder of which this process is the owner.
final class OpenedFolder {
    let layout: StorageLayout
    let store: TrackingStore
    let roots: ServedRoots
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
        roots = try ServedRoots(layout, store)
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
    let client: TrackingConnection

    init(_ text: String) throws {
        do throws(TrackingURIFault) {
            client = try TrackingConnection(text, agent: "apus")
        } catch {
            throw StartFailure("\(error.detail). \(error.advice)")
        }
    }

    /// - Parameter place: where the server of a data folder answers, by what it has written there.
    init(ownerAt place: OwnerPlace) throws {
        guard !place.address.hasPrefix("unix:") else {
            throw StartFailure(
                "The server that has the data listens at \(place.address) alone, where commands do not call it. Stop it while "
                    + "this command works, or let it listen at a port of 127.0.0.1."
            )
        }
        do throws(TrackingURIFault) {
            client = try TrackingConnection(ownerAt: place, agent: "apus")
        } catch {
            throw StartFailure("\(error.detail). \(error.advice)")
        }
    }

    /// Works as `call`, and returns what the answer says.
    func json(_ route: String, _ body: [UInt8]) throws -> JSONValue { try json(try call(route, body)) }

    /// What the answer of status 200 to one of Apus' own calls by GET says.
    func json(_ route: String) throws -> JSONValue {
        let reply: HTTPReply
        do {
            reply = try client.get("/api/apus/1.0/" + route, by: Deadline(after: .seconds(60)))
        } catch {
            throw StartFailure("The server at \(client.uri) did not answer: \(error.phrase).")
        }
        guard reply.status == 200 else { throw failure(reply) }
        return try json(reply)
    }

    private func json(_ reply: HTTPReply) throws -> JSONValue {
        guard let json = reply.json else {
            throw StartFailure("The server at \(client.uri) answered with something else than JSON.")
        }
        return json
    }

    /// Sends one of Apus' own calls, again while the server is busy, and returns the answer of status 200.
    func call(
        _ route: String,
        _ body: [UInt8],
        maximumBytes: Int = HTTPClient.defaultMaximumBytes,
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
                throw StartFailure("The server at \(client.uri) did not answer: \(error.phrase).")
            }
            if reply.status == 200 { return reply }
            guard reply.status == 429, .now < end else { throw failure(reply) }
            sleepFor(.milliseconds(100))
        }
    }

    /// Asks one of Apus' own calls for something that may be long, and passes it on as it arrives.
    ///
    /// - Parameter patience: how long nothing may arrive, and how long the call is repeated while the server is busy.
    func download(_ route: String, patience: Duration, _ take: ([UInt8]) throws -> Void) throws {
        let end = ContinuousClock.now + patience
        while true {
            let reply: HTTPReply
            do {
                reply = try client.download("/api/apus/1.0/" + route, patience: patience, take)
            } catch let error as CallFailure {
                throw StartFailure("The server at \(client.uri) did not answer to the end: \(error)")
            }
            if reply.status == 200 { return }
            guard reply.status == 429, .now < end else { throw failure(reply) }
            sleepFor(.milliseconds(100))
        }
    }

    /// What an answer of another status says.
    func failure(_ reply: HTTPReply) -> StartFailure {
        let reason =
            if reply.errorCode == "ENDPOINT_NOT_FOUND" {
                "The server at \(client.uri) does not know this call; it is older than this command."
            } else if reply.status == 404, reply.message == nil {
                "The server at \(client.uri) does not know this call (status 404): it is no Apus, or its prefix is missing."
            } else {
                reply.message ?? "The server at \(client.uri) answered with status \(reply.status)."
            }
        return StartFailure(client.credentials.redacted(reason))
    }
}
