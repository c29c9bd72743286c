internal import ArgumentParser
internal import Coding
internal import Glibc
internal import MLflowClient
internal import SQLite

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check a tracking server before a training relies on it.",
        discussion: """
            Asks for the server's health, creates a run in the Default experiment, logs a metric, reads it back, stores a \
            file of 12 bytes if artifacts go through the server, ends and deletes the run. What remains is the deleted run \
            with its file, which no call of MLflow removes permanently. Works against \
            any MLflow server over http and https. The command reads the same settings as MLflow's client: credentials (name \
            and password in the URI, MLFLOW_TRACKING_USERNAME with MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN), \
            certificates (MLFLOW_TRACKING_SERVER_CERT_PATH, MLFLOW_TRACKING_CLIENT_CERT_PATH, MLFLOW_TRACKING_INSECURE_TLS, \
            REQUESTS_CA_BUNDLE, SSL_CERT_FILE and SSL_CERT_DIR) and proxies (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and \
            NO_PROXY). https needs OpenSSL 3 on this machine. Exits with 0 if all is fine, with 1 otherwise.

            With --health, the command writes nothing. With --data-dir, it needs no address: it asks the server that has the \
            folder open, over http or https.
            """
    )

    @Argument(help: ArgumentHelp("The server, as in http://127.0.0.1:5000. [MLFLOW_TRACKING_URI]", valueName: "uri"))
    var uri: String?

    @Option(
        help: ArgumentHelp(
            "The experiment in which the run is created; made if it is absent, and not deleted. (default: the Default "
                + "experiment, or apus-doctor if that is deleted)",
            valueName: "name"
        )
    )
    var experiment: String?

    @Option(
        help: ArgumentHelp(
            "Check the server of this machine that has this data folder open, instead of a URI.",
            valueName: "folder"
        ),
        completion: .directory
    )
    var dataDir: String?

    @Flag(help: "Only ask for the health; create no run.") var health = false

    @Option(
        help: ArgumentHelp(
            "Wait up to this time for a server that is about to start: 60s, 500ms, 2m, or seconds up to 86400.",
            valueName: "time"
        )
    )
    var wait: DurationArgument?

    @Option(help: ArgumentHelp("How long each step may take, 0.001 to 3600.", valueName: "seconds"))
    var timeout: Double = 5

    @Flag(help: "Print one JSON object instead of lines.") var json = false

    func validate() throws {
        guard (0.001...3_600).contains(timeout) else {
            throw ValidationError("--timeout must be from 0.001 to 3600 seconds.")
        }
        guard uri == nil || dataDir == nil else { throw ValidationError("Give either a URI or --data-dir.") }
    }

    func run() throws {
        // If the program that reads the output ends early, the run must still be deleted on the server.
        signal(SIGPIPE, SIG_IGN)
        var report = CheckupReport(asJSON: json, checksOnlyHealth: health)
        do throws(TrackingURIFault) {
            let client = try client { report.setServer($0) }
            report.setServer(client.uri.description)
            let checkup = Checkup(
                calls: TrackingCalls(client, experimentName: experiment),
                timeout: .seconds(timeout),
                firstAnswerTime: wait?.duration ?? .zero
            ) { report.add($0) }
            if health { _ = checkup.waitForHealth() } else { checkup.run() }
        } catch {
            report.add(CheckedStep(name: "uri", time: .zero, detail: error.detail, advice: error.advice))
        }
        report.end()
        if !report.succeeded { throw ExitCode.failure }
    }

    /// A client for the server that is to be checked.
    /// - Parameter setServer: is called with the folder or address that the user gave, without secrets.
    private func client(_ setServer: (String) -> Void) throws(TrackingURIFault) -> TrackingConnection {
        if let dataDir {
            setServer(dataDir)
            return try TrackingConnection(ownerAt: owner(ofFolder: dataDir), agent: "apus-doctor")
        }
        let text = try givenURI()
        setServer(TrackingURI.withoutSecrets(text))
        return try TrackingConnection(text, agent: "apus-doctor")
    }

    /// The running server that has a data folder open.
    private func owner(ofFolder folder: String) throws(TrackingURIFault) -> ReachableOwner {
        let path: String
        do {
            path = try StorageLayout.database(StorageOptions.parse(["--data-dir", folder]), .process).path
        } catch {
            let detail = StartFailure.message(for: error)
            throw TrackingURIFault(detail: detail, advice: "Name the data folder of a server.")
        }
        let owner = OwnerLock.owner(ofDatabase: path)
        guard let owner, owner.isOnThisMachine, let reachable = ReachableOwner(owner) else {
            // A server over PostgreSQL must be started with the address of its database. The folder does not contain this
            // address, because it may include a password.
            let store = AbsentDatabase(path: path).wasUsedWithPostgres ? " --backend-store-uri postgresql://…" : ""
            throw TrackingURIFault(
                detail: "no server runs on \(path.printable(limit: 300)), or it is just starting or stopping",
                advice: "Start one: apus server --data-dir \(folder.printable(limit: 300))\(store)"
            )
        }
        return reachable
    }

    private func givenURI() throws(TrackingURIFault) -> String {
        if let uri { return uri }
        if let uri = Environment.process["MLFLOW_TRACKING_URI"] { return uri }
        throw TrackingURIFault(
            detail: "no URI is given and MLFLOW_TRACKING_URI is not set",
            advice: "Name the server: apus doctor http://127.0.0.1:5000"
        )
    }
}
