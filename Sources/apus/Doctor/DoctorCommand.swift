internal import ArgumentParser
internal import Glibc

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check a tracking server before a training relies on it.",
        discussion: """
            Asks for its health, creates a run in the Default experiment, logs a metric, reads it back, ends and deletes \
            the run. What remains is the deleted run, which no call of MLflow removes for good. Works against \
            any MLflow server over http. Credentials are those of the client: name and password in the URI, \
            MLFLOW_TRACKING_USERNAME with MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN. Exits with 0 if all is \
            fine, with 1 otherwise.
            """
    )

    @Argument(help: ArgumentHelp("The server, as in http://127.0.0.1:5000. [MLFLOW_TRACKING_URI]", valueName: "uri"))
    var uri: String?

    @Option(
        help: ArgumentHelp(
            "The experiment that the run is created in; made if it is absent, and it stays. (default: the Default "
                + "experiment, or apus-doctor where that is deleted)",
            valueName: "name"
        )
    )
    var experiment: String?

    @Option(
        help: ArgumentHelp(
            "Wait so long for a server that is about to start: 60s, 500ms, 2m, or seconds up to 86400.",
            valueName: "time"
        )
    )
    var wait: WaitingTime?

    @Option(help: ArgumentHelp("How long each step may take, 0.001 to 3600.", valueName: "seconds"))
    var timeout: Double = 5

    @Flag(help: "Print one JSON object instead of lines.")
    var json = false

    func validate() throws {
        guard (0.001...3_600).contains(timeout) else {
            throw ValidationError("--timeout must be from 0.001 to 3600 seconds.")
        }
    }

    func run() throws {
        // A reader that goes away early must not leave the run behind on the server.
        signal(SIGPIPE, SIG_IGN)
        var report = CheckupReport(asJSON: json)
        do throws(TrackingURIFault) {
            let (text, environment) = (try givenURI(), Environment.process)
            report.begin(TrackingURI.withoutSecrets(text))
            let target = try TrackingURI(text)
            report.begin(target.description)
            let client = TrackingClient(
                uri: target,
                credentials: try ClientCredentials(uri: target, environment: environment)
            )
            let calls = TrackingCalls(client: client, experimentName: experiment)
            let patience = wait?.duration ?? .zero
            Checkup(calls: calls, timeout: .seconds(timeout), patience: patience) { report.add($0) }.run()
        } catch {
            report.add(CheckedStep(name: "uri", time: .zero, detail: error.detail, advice: error.advice))
        }
        report.end()
        if !report.isFine { throw ExitCode.failure }
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
