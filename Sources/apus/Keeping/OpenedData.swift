internal import ArtifactStore
internal import Budgets
internal import Glibc
internal import HTTPClient
internal import HTTPWire
internal import JSON
internal import MLflowAPI
internal import MLflowClient
internal import SQLite
internal import Tracking
internal import TrackingStore

/// The data that a command works on: a data folder that this process opens, or a server that has the folder open.
enum OpenedData {
    case folder(OpenedFolder)
    case server(ServerConnection)

    /// Opens the data folder that the flags name or, if a server has it open, connects to that server.
    ///
    /// - Parameters:
    ///   - uri: the address of a server to connect to instead of opening a folder; nil if there is none.
    ///   - createsDatabase: whether to create a database if there is none.
    ///   - needsArtifacts: whether the command also works on artifacts, and so must know where they are.
    ///   - allowsPostgres: whether the message about an absent database may suggest to name one in PostgreSQL.
    static func open(
        _ storage: StorageOptions,
        uri: String? = nil,
        createsDatabase: Bool = false,
        needsArtifacts: Bool = false,
        allowsPostgres: Bool = false
    ) throws -> OpenedData {
        if let uri { return .server(try ServerConnection(uri)) }
        let environment = Environment.process
        let path = try StorageLayout.database(storage, environment).path
        guard createsDatabase || FileKind(path) == .file else {
            if let owner = ownerOverPostgres(inFolderOf: path) { return .server(try ServerConnection(ownerAt: owner)) }
            throw AbsentDatabase(path: path).failure(allowsPostgres: allowsPostgres)
        }
        let layout = try StorageLayout(storage, environment)
        // The folder of artifacts is looked for now, because `OpenedFolder` creates it.
        let absence = needsArtifacts ? layout.artifactFolderFault : nil
        var wait = OwnerWait(acceptsOwner: true)
        while true {
            let folder: OpenedFolder
            do {
                folder = try OpenedFolder(layout)
            } catch let failure as StartFailure {
                guard let owner = try wait.reachableOwner(after: failure) else { continue }
                return .server(try ServerConnection(ownerAt: owner))
            }
            do {
                // Only this process needs the setting: a server that has the folder open knows where its artifacts are.
                if needsArtifacts { try layout.requireNamedLocation() }
                if let absence { throw absence }
            } catch {
                folder.close()
                if folder.roots.isFolderNew { rmdir(layout.artifactsPath) }
                throw error
            }
            return .folder(folder)
        }
    }
}

extension OpenedData {
    /// The running server of this machine that has a data folder without a database, because its database is in PostgreSQL.
    static func ownerOverPostgres(inFolderOf databasePath: String) -> ReachableOwner? {
        guard let owner = OwnerLock.owner(ofDatabase: databasePath), owner.isOnThisMachine,
            kill(owner.pid, 0) == 0 || errno == EPERM
        else { return nil }
        return ReachableOwner(owner)
    }
}

/// A data folder that this process has opened as its only owner.
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
        roots = try ServedRoots(layout, store, Budgets())
        api = .ofCommand(store, roots, layout)
    }

    func close() { store.close() }
}

extension MLflowAPI {
    /// The calls over a store that a command has opened.
    static func ofCommand(_ store: any TrackingBackend, _ roots: ServedRoots, _ layout: StorageLayout) -> MLflowAPI {
        var settings = Settings(workingDirectory: layout.workingDirectory)
        settings.exportShell = { .ofPages() }
        settings.artifactRoots = roots.all.map { LocalArtifactRoot(path: $0.location, store: $0) }
        return MLflowAPI(store: store, artifacts: roots.destination, settings: settings) { error in
            StandardStream.error.write("apus: \(error)")
        }
    }
}

/// A connection to a running server, which works on its data on behalf of a command.
struct ServerConnection {
    let client: TrackingConnection

    init(_ text: String) throws {
        client = try Self.connection { () throws(TrackingURIFault) in try .init(text, agent: "apus") }
    }

    /// - Parameter owner: the server that has a data folder open, as it describes itself in that folder.
    init(ownerAt owner: ReachableOwner) throws {
        guard !owner.address.hasPrefix("unix:") else {
            throw StartFailure(
                "The server that has the data listens only at \(owner.address), which commands cannot use. Stop it while "
                    + "this command works, or let it listen at a port of 127.0.0.1."
            )
        }
        client = try Self.connection { () throws(TrackingURIFault) in try .init(ownerAt: owner, agent: "apus") }
    }

    private static func connection(
        _ make: () throws(TrackingURIFault) -> TrackingConnection
    ) throws -> TrackingConnection {
        do throws(TrackingURIFault) {
            return try make()
        } catch {
            throw StartFailure("\(error.detail). \(error.advice)")
        }
    }

    /// Makes a call with `call`, and returns the answer as JSON.
    func json(_ route: String, _ body: [UInt8]) throws -> JSONValue { try json(try call(route, body)) }

    /// Sends one of Apus' own calls by GET, and returns the JSON of the answer of status 200.
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
        guard let json = reply.json else { throw StartFailure("The server at \(client.uri) did not answer with JSON.") }
        return json
    }

    /// Makes one of MLflow's calls about users, and returns the JSON of the answer of status 200; nil for an answer without JSON.
    func accounts(_ method: HTTPMethod, _ route: String, _ body: [UInt8] = []) throws -> JSONValue? {
        let reply: HTTPReply
        do {
            reply = try client.send(
                method,
                "/api/2.0/mlflow/users/" + route,
                fields: body.isEmpty ? [] : [(name: "Content-Type", value: "application/json")],
                body: body.isEmpty ? .none : .bytes(body),
                CallLimits(whole: Deadline(after: .seconds(60)))
            )
        } catch {
            throw StartFailure("The server at \(client.uri) did not answer: \(error.phrase).")
        }
        if reply.errorCode == "ENDPOINT_NOT_FOUND" {
            throw StartFailure(
                "The server at \(client.uri) was started without --app-name basic-auth, so it has no users. Start it with that "
                    + "flag, or stop it while this command works on the folder."
            )
        }
        guard reply.status == 200 else { throw failure(reply) }
        return reply.json
    }

    /// Sends one of Apus' own calls by POST, repeats it for a minute while the server is busy, and returns the answer of status
    /// 200.
    func call(
        _ route: String,
        _ body: [UInt8],
        maximumBytes: Int = HTTPClient.defaultMaximumBytes
    ) throws -> HTTPReply {
        let end = ContinuousClock.now + .seconds(60)
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

    /// Sends one of Apus' own calls, and passes the answer of status 200 to `body` piece by piece.
    ///
    /// - Parameter waitLimit: how long the call is repeated while the server is busy, and how long a pause in the answer may be.
    func download(_ route: String, waitLimit: Duration, _ body: ([UInt8]) throws -> Void) throws {
        let end = ContinuousClock.now + waitLimit
        while true {
            let reply: HTTPReply
            do {
                reply = try client.download("/api/apus/1.0/" + route, idleTimeout: waitLimit, body)
            } catch let error as CallFailure {
                throw StartFailure("The server at \(client.uri) did not answer to the end: \(error)")
            }
            if reply.status == 200 { return }
            guard reply.status == 429, .now < end else { throw failure(reply) }
            sleepFor(.milliseconds(100))
        }
    }

    /// The error for an answer whose status is not 200.
    func failure(_ reply: HTTPReply) -> StartFailure {
        let reason =
            if reply.errorCode == "ENDPOINT_NOT_FOUND" {
                "The server at \(client.uri) does not have this call; it is older than this command."
            } else if reply.status == 404, reply.message == nil {
                "The server at \(client.uri) does not have this call (status 404): it is not Apus, or the address lacks its prefix."
            } else {
                reply.message ?? "The server at \(client.uri) answered with status \(reply.status)."
            }
        return StartFailure(client.credentials.redacted(reason))
    }
}
