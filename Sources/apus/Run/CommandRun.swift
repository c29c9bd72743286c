internal import CProcess
internal import HTTPClient

/// One call of `apus run`: starts the command and its server, and records the status of both until the end.
struct CommandRun {
    /// The exit status for failures before the command begins, the same as that of env(1) and timeout(1).
    static let ownFailure: Int32 = 125

    let command: [String]
    let server: CommandServer.Settings
    let statusPath: String?
    /// The longest time that the server runs on, after the command's end, for processes that the command has left running.
    let grace: Duration
    /// How long the server may send the remaining data to an upstream at the end.
    let drainTime: Duration

    /// Runs the command and returns its exit status.
    func run() throws -> Int32 {
        let signals = SignalForwarder()
        // Processes that the command leaves running become children of this process, which can then wait for them.
        _ = apus_adopt_orphans()
        let status = RunStatus(databasePath: server.databasePath, command: command, startTime: unixMilliseconds())
        let file = try RunStatusFile(statusPath, status)
        let process = try CommandProcess(ProgramArguments.last(command.count), signals)
        file.change { $0.commandPID = process.pid }
        let server = CommandServer(self.server, for: process.pid, signals)
        do {
            try server.begin()
        } catch {
            process.cancel()
            signals.wait(atMost: .seconds(5)) { signals.status(of: process.pid) != nil }
            file.change { $0.lastError = StartFailure.message(for: error) }
            file.end(nil)
            throw error
        }
        file.change { status in
            status.stage = .running
            status.trackingURI = server.uri.isEmpty ? nil : server.uri
            status.isServerFound = server.isFound
        }
        announce(server)
        let updates = statusPath == nil ? nil : RunStatusUpdates(file)
        updates?.begin()
        process.begin(trackingURI: server.uri)
        let result = wait(for: process, server, file, signals)
        file.change { ($0.stage, $0.commandStatus) = (.draining, result) }
        signals.wait(atMost: grace) { signals.shouldEndEarly || !CommandProcess.hasLeftovers(beside: server.pid) }
        if !server.isFound { drain(server.uri, file, signals) }
        updates?.finish()
        server.stop()
        file.end(result)
        return result
    }

    /// Waits for the end of the command and returns its exit status; until then restarts a server that has ended.
    private func wait(
        for process: CommandProcess,
        _ server: CommandServer,
        _ file: RunStatusFile,
        _ signals: SignalForwarder
    ) -> Int32 {
        while true {
            if let result = signals.status(of: process.pid) { return result }
            let report: String
            switch server.restartIfEnded() {
            case .none:
                signals.wait(within: nil)
                continue
            case .restarted: report = "the server had ended, and another one answers at \(server.uri)"
            case .lost(let failure): report = "the command has no server any more: \(failure.message)"
            }
            StandardStream.error.write("apus: \(report)")
            file.change { ($0.lastError, $0.isServerFound) = (report, server.isFound) }
        }
    }

    /// Waits, for `drainTime` at most, until the server has sent everything to its upstream, if it has one.
    ///
    /// The data that the upstream still lacks stays in the data folder for the next server.
    private func drain(_ uri: String, _ file: RunStatusFile, _ signals: SignalForwarder) {
        let (end, longestCall) = (ContinuousClock.now + drainTime, Duration.seconds(2))
        guard let calls = CommandServerCalls(uri, databasePath: server.databasePath),
            var backlog = calls.drain(by: Deadline(after: longestCall))
        else { return }
        while true {
            file.change { $0.backlog = backlog }
            if backlog.isCurrent { return }
            guard ContinuousClock.now < end, !signals.shouldEndEarly else { break }
            signals.wait(within: .milliseconds(100))
            backlog = calls.backlog(by: Deadline(after: longestCall)) ?? backlog
        }
        let reason = backlog.failure.map { ": \($0)" } ?? ""
        StandardStream.error.write(
            "apus: \(backlog.upstream) does not have everything yet\(reason); the next server with this upstream, or apus push, "
                + "sends the rest"
        )
    }

    private func announce(_ server: CommandServer) {
        // If a signal ended the command before the server was ready, there is no address.
        guard !server.uri.isEmpty else { return }
        let origin = server.isFound ? ", which was already running," : ""
        StandardStream.error.write("apus: tracking at \(server.uri)\(origin) with database \(self.server.databasePath)")
    }
}

extension RunStatusFile {
    fileprivate func end(_ result: Int32?) {
        change { ($0.stage, $0.commandStatus, $0.endTime) = (.ended, result, unixMilliseconds()) }
    }
}
