internal import ArgumentParser
internal import Forwarding
internal import Glibc
internal import JSON
internal import TrackingStore

/// The command `apus forward`, whose subcommands show and change what a server sends to its upstream.
struct ForwardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forward",
        abstract: "Show what the upstream of a server has, and send runs again or skip them.",
        subcommands: [ForwardStatusCommand.self, ForwardRetryCommand.self, ForwardSkipCommand.self]
    )
}

struct ForwardStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show for each run what the upstream has, what is still to be sent, and why.",
        discussion: """
            Asks the server that has the data folder open, or reads the folder's journal of what was sent if no server has it \
            open. The exit status is 0 if the upstream has everything, 1 if data is still to be sent, or was refused, and \
            2 if the state is unknown.
            """
    )

    @OptionGroup var data: DataOptions
    @Option(name: .customLong("run"), help: ArgumentHelp("Only this run, by id; may be repeated.", valueName: "run"))
    var runs: [String] = []
    @Flag(help: "Also list the runs of which the upstream has all data.") var all = false
    @Flag(help: "Print one JSON object, or one for each upstream if no server has the folder open.") var json = false

    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        var isCurrent = true
        do {
            switch try OpenedData.open(data.storage, uri: data.trackingUri) {
            case .server(let server): isCurrent = try report(of: server)
            case .folder(let folder):
                defer { folder.close() }
                isCurrent = try report(of: folder)
            }
        } catch {
            StandardStream.error.write("apus: \(StartFailure.message(for: error))")
            throw ExitCode(2)
        }
        if !isCurrent { throw ExitCode(1) }
    }

    private func report(of server: ServerConnection) throws -> Bool {
        let answer = try ForwardAnswer(of: server, runs: runs)
        if json { StandardStream.output.write(answer.json) } else { answer.show(includesSent: all || !runs.isEmpty) }
        return answer.isCurrent
    }

    private func report(of folder: OpenedFolder) throws -> Bool {
        let upstreams = try folder.store.readNow { try $0.upstreams() }
        guard !upstreams.isEmpty else { throw StartFailure("No data of this folder was ever sent to another server.") }
        var isCurrent = true
        for upstream in upstreams {
            let runIDs = runs.isEmpty ? nil : runs
            let report = try ForwardReport(ofAll: folder.store, upstream: upstream, runIDs: runIDs, forwarder: nil)
            if json {
                let object = JSONWriter.objectText { writer in
                    writer.member("upstream", upstream)
                    writer.members(of: report)
                }
                StandardStream.output.write(object)
            } else {
                StandardStream.output.write("upstream \(upstream), from the folder's journal")
                for line in report.lines where all || !runs.isEmpty || line.state != .sent {
                    let reason = line.reason.map { ": \($0)" } ?? ""
                    StandardStream.output.write(
                        "\(line.state.rawValue) \(line.runID) \(line.sentPoints) of \(line.points) points\(reason)"
                    )
                }
                report.showOmissionsAndNotes()
                let unlisted = report.omissionCount - Int64(report.omissions.count)
                if unlisted > 0 { StandardStream.output.write("not there: \(Amount.text(unlisted, "other part"))") }
            }
            isCurrent = isCurrent && report.lines.allSatisfy { $0.state == .sent } && report.omissionCount == 0
        }
        return isCurrent
    }
}

struct ForwardRetryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Make a server send again what its upstream has refused.",
        discussion: """
            Without ids, everything that was refused is sent again. Skipped runs are sent only if they are named. \
            `apus push` does the same for a folder that no server has open.
            """
    )

    @OptionGroup var data: DataOptions
    @Argument(
        help: ArgumentHelp(
            "The ids of runs and logged models, and the names of registered models and experiments. (default: all)",
            valueName: "id"
        )
    )
    var runs: [String] = []

    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        try ForwardChange.ask("forward/retry", runs, data)
    }
}

struct ForwardSkipCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "skip",
        abstract: "Make a server send no more data of some runs; `apus forward retry` undoes this."
    )

    @OptionGroup var data: DataOptions
    @Argument(help: ArgumentHelp("The ids of runs.", valueName: "run")) var runs: [String]

    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        try ForwardChange.ask("forward/skip", runs, data)
    }
}

extension ForwardReport {
    /// Prints a line for each listed part that the upstream lacks, and for each note.
    func showOmissionsAndNotes() {
        for omission in omissions {
            StandardStream.output.write("not there: \(omission.subject), \(omission.part): \(omission.reason)")
        }
        for note in notes { StandardStream.output.write("note: \(note.subject), \(note.part): \(note.reason)") }
    }
}

/// Asks a running server to change what it sends to its upstream.
private enum ForwardChange {
    static func ask(_ call: String, _ runs: [String], _ data: DataOptions) throws {
        try CommandFailure.reporting {
            switch try OpenedData.open(data.storage, uri: data.trackingUri) {
            case .folder(let folder):
                folder.close()
                throw StartFailure("No server has this folder open; start one with --upstream, or use apus push.")
            case .server(let server):
                let body = JSONWriter.object { $0.member("run_ids", strings: runs.isEmpty ? nil : runs) }
                let answer = try server.json(call, body)
                if let found = answer["runs"]?.int64, found < Int64(runs.count) {
                    let missing = Int64(runs.count) - found
                    let verb = missing == 1 ? "does" : "do"
                    throw StartFailure("\(missing) of \(runs.count) \(verb) not exist here; the others are done.")
                }
            }
        }
    }
}
