internal import ArgumentParser
internal import Budgets
internal import Forwarding
internal import Glibc
internal import JSON
internal import MLflowClient
internal import Tracking
internal import TrackingStore

struct PushCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Send another server, once, the runs, models, artifacts and registry that it lacks.",
        discussion: """
            Opens a data folder that no server has open, and records in it what was sent, so that the next push sends only \
            new data. If a server has the folder open and forwards to the address of --to, the command makes that server \
            send at once, and waits. The other server may be Apus, MLflow's own, or one with MLflow's REST API. The exit \
            status is 0 if the other server has everything, 1 if it lacks data, which is listed, and 2 if nothing was done.
            """
    )

    @OptionGroup(title: "Where the data is") var storage: StorageOptions
    @Option(help: ArgumentHelp("The address of the other server.", valueName: "uri")) var to: String
    @Option(help: ArgumentHelp("Only this experiment, by name or id; may be repeated.", valueName: "experiment"))
    var experiment: [String] = []
    @Option(name: .customLong("run"), help: ArgumentHelp("Only this run, by id; may be repeated.", valueName: "run"))
    var runs: [String] = []
    @Option(help: .of(.upstreamTokenCommand), completion: .of(.upstreamTokenCommand)) var upstreamTokenCommand: String?
    @Option(help: .of(.forwardArtifactRate), completion: .of(.forwardArtifactRate)) var forwardArtifactRate: String?
    @Option(
        help: ArgumentHelp(
            "How long the command tries again while the server accepts no data. (default: 60s)",
            valueName: "time"
        )
    )
    var patience: DurationArgument?
    @Flag(help: "Print one JSON object instead of lines.") var json = false

    func validate() throws {
        guard experiment.isEmpty || runs.isEmpty else { throw ValidationError("Name experiments or runs, not both.") }
    }

    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        do {
            let environment = Environment.process
            let client = try UpstreamSettings.makeClient(
                Setting(source: "--to", text: to),
                environment.setting(.upstreamTokenCommand, upstreamTokenCommand),
                environment.setting(.forwardArtifactRate, forwardArtifactRate),
                agent: "apus-push",
                idleTimeout: longestPatience
            )
            let store = try OpenedData.open(storage, needsArtifacts: true)
            switch store {
            case .folder(let folder):
                defer { folder.close() }
                try push(folder, to: client)
            case .server(let server): try drain(server, client.address)
            }
        } catch let code as ExitCode {
            throw code
        } catch {
            let message = (error as? TrackingError)?.message ?? StartFailure.message(for: error)
            StandardStream.error.write("apus: \(message)")
            throw ExitCode(2)
        }
    }

    private var longestPatience: Duration { patience?.duration ?? .seconds(60) }

    private func push(_ folder: OpenedFolder, to client: UpstreamClient) throws {
        var settings = ForwardSettings { [roots = folder.roots] in roots.folder(at: $0) }
        settings.delay = .milliseconds(200)
        settings.selection = try selection(in: folder.store)
        settings.longestWait = longestPatience
        let forwarder = Forwarder(folder.store, ChangeFeed(), to: client, settings)
        // Data that the server refused before is sent again, because the server may accept it now.
        forwarder.retryAll()
        forwarder.drain()
        let progress = ImportProgress(isQuiet: json)
        while true {
            try forwarder.sendRuns()
            try forwarder.sendFiles()
            let status = forwarder.status
            progress.show(runs: status.sentRuns, points: status.sentPoints, files: status.sentFiles)
            if status.isCurrent || forwarder.timeWithoutProgress > longestPatience { break }
            sleepFor(.milliseconds(100))
        }
        progress.end()
        let report = try ForwardReport(
            ofAll: folder.store,
            upstream: client.address,
            runIDs: runs.isEmpty ? nil : runs,
            forwarder: forwarder
        )
        let status = forwarder.status
        // A run that waits without a reason was not selected, or the time was over before the command tried to send it.
        let missing = report.lines.filter { $0.state == .failed || ($0.state == .waiting && $0.reason != nil) }
        try finish(status, missing: missing, report)
    }

    private func selection(in store: TrackingStore) throws -> ForwardSelection? {
        if !runs.isEmpty {
            let runs = runs
            try store.readNow { try $0.require(.runs(runs)) }
            return .runs(Set(runs))
        }
        guard !experiment.isEmpty else { return nil }
        let names = experiment
        let ids = try store.readNow { session in
            try names.map { name in
                do {
                    return try session.experiment(named: name).id
                } catch let error as TrackingError where error.code == .resourceDoesNotExist {
                    guard let id = Int64(name) else { throw error }
                    return try session.experiment(id: id).id
                }
            }
        }
        return .experiments(Set(ids))
    }

    /// Prints the result; throws an exit status other than 0 if the other server lacks data.
    private func finish(_ status: ForwardStatus, missing: [ForwardReport.Line], _ report: ForwardReport) throws {
        if json {
            let object = JSONWriter.objectText { writer in
                writer.member("sent_runs", status.sentRuns)
                writer.member("sent_points", status.sentPoints)
                writer.member("sent_files", status.sentFiles)
                writer.member("sent_bytes", status.sentBytes)
                writer.members(of: status, for: .server)
                writer.members(of: report)
            }
            StandardStream.output.write(object)
        } else {
            let sent = [
                Amount.text(Int64(status.sentRuns), "run"), Amount.text(Int64(status.sentPoints), "point"),
                Amount.text(Int64(status.sentFiles), "file"),
            ].joined(separator: ", ")
            StandardStream.output.write("sent \(sent) to \(status.upstream)")
            for line in missing {
                StandardStream.output.write("\(line.state.rawValue) \(line.runID): \(line.reason ?? "")")
            }
            for item in status.postponed {
                StandardStream.output.write("waiting \(item.subject), \(item.part): \(item.reason)")
            }
            report.showOmissionsAndNotes()
        }
        if let failure = status.failure { StandardStream.error.write("apus: \(status.upstream): \(failure.message)") }
        if status.isCurrent, missing.isEmpty, report.omissionCount == 0 { return }
        throw ExitCode(status.lastSuccess != nil ? 1 : 2)
    }

    /// Makes a server that forwards to this address send at once, and waits until it has sent everything.
    private func drain(_ server: ServerConnection, _ address: String) throws {
        let status: JSONValue
        do {
            status = try server.json("forward/drain", Array("{}".utf8))
        } catch {
            throw StartFailure(
                "The server at \(server.client.uri) has this folder open and forwards to no other server. Start it with "
                    + "--upstream \(address), or stop it and push again."
            )
        }
        guard status["upstream"]?.string == address else {
            throw StartFailure(
                "The server at \(server.client.uri) has this folder open and forwards to \(status["upstream"]?.string ?? "another"). "
                    + "Stop it and push again."
            )
        }
        var lastProgress = ContinuousClock.now
        var lastFigures: [Int64] = []
        while true {
            let status = try server.json("forward/status", Array("{\"max_results\": 0}".utf8))
            let figures = ["backlog_runs", "backlog_artifact_owners", "backlog_artifact_bytes", "last_success"].map {
                status[$0]?.int64 ?? 0
            }
            if figures != lastFigures { lastProgress = .now }
            lastFigures = figures
            if status["current"]?.bool == true || ContinuousClock.now - lastProgress > longestPatience {
                let report = try ForwardAnswer(of: server, runs: [])
                if json { StandardStream.output.write(report.json) } else { report.show(includesSent: false) }
                guard report.isCurrent else { throw ExitCode(1) }
                if !json { StandardStream.output.write("everything is at \(address)") }
                return
            }
            sleepFor(.milliseconds(200))
        }
    }
}
