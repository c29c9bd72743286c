internal import ArgumentParser

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a command with a tracking server that lives as long as it.",
        usage: "apus run [options] -- <command> ...",
        discussion: """
            Starts a server on a free port of this machine, or takes the one that serves the data already, sets \
            MLFLOW_TRACKING_URI for the command, and ends with the command's exit status: 128 and the number of a signal \
            that ended it, 127 when there is no such program, 126 when it cannot be run, 125 when there is no server for it. \
            A server that was started here is stopped at the end, one that was found goes on.

            The command keeps the terminal and its signals: Ctrl-C reaches the command and not the server. SIGTERM, SIGINT, \
            SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU, SIGPWR, SIGWINCH and, without a terminal, SIGTSTP and \
            SIGCONT that a process sends are passed on to the command's process, which has as long as it needs: nothing but \
            a SIGKILL ends the command against its will. If apus run itself is killed, the command gets a SIGTERM, and the \
            server ends after it.

            A server that dies is started again at the same address. Processes that the command leaves behind are served \
            for the time of --grace. With --upstream, what the upstream lacks at the end is sent for the time of --drain-time; \
            the rest is kept in the data folder. A SIGTERM or Ctrl-C cuts either short.

            The other flags are given to the server. Without --host and --port it listens on 127.0.0.1 at a free port. The \
            variables that are named below for where a server listens, who may use it and which pages it has are those of a \
            server for others, as is MLFLOW_ARTIFACTS_ONLY: they mean nothing here, the flags do.
            """
    )

    @Option(help: .of(.statusFile), completion: .of(.statusFile)) var statusFile: String?
    @Option(help: .of(.grace), completion: .of(.grace)) var grace: WaitingTime?
    @Option(help: .of(.drainTime), completion: .of(.drainTime)) var drainTime: WaitingTime?
    @OptionGroup(title: "Where data lies") var storage: StorageOptions
    @OptionGroup(title: "How data is kept") var keeping: KeepingOptions
    @OptionGroup(title: "Where snapshots go") var snapshots: SnapshotOptions
    @OptionGroup(title: "Which server gets everything too") var forwarding: ForwardOptions
    @OptionGroup(title: "Where the server listens") var listening: ListeningOptions
    @OptionGroup(title: "Who may use it") var security: SecurityOptions
    @OptionGroup(title: "Which pages a browser gets") var pages: PagesOptions
    @OptionGroup(title: "How requests are answered") var answering: AnsweringOptions
    @Option(help: .of(.logLevel.unlessGiven("warning")), completion: .of(.logLevel)) var logLevel: String?

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("The program and its arguments.", valueName: "command"),
        completion: .file()
    )
    var command: [String]

    /// What is decided here, and not by the server that is started.
    private static let ownSettings: [SettingDefinition] = [.statusFile, .grace, .drainTime, .host, .port]

    /// - Parameter arguments: the arguments behind `run`, as they were given.
    func run(_ arguments: some Sequence<String>) throws {
        let status: Int32
        do {
            let level = logLevel == nil ? ["--log-level", "warning"] : []
            let run = CommandRun(
                command: command,
                server: CommandServer.Settings(
                    arguments: level + Self.forServer(arguments),
                    databasePath: try StorageLayout.database(storage, .process).path,
                    host: listening.host ?? "127.0.0.1",
                    port: try port
                ),
                statusPath: statusFile,
                grace: grace?.duration ?? .seconds(10),
                drainTime: drainTime?.duration ?? .seconds(60)
            )
            status = try run.run()
        } catch {
            StandardStream.error.write("apus: \(StartFailure.message(for: error))")
            throw ExitCode(CommandRun.ownFailure)
        }
        throw ExitCode(status)
    }

    private var port: Int {
        get throws(StartFailure) {
            // Variables of a server elsewhere, such as PORT, say nothing about this one.
            guard listening.port != nil else { return 0 }
            return try ListeningSettings(listening, Environment { _ in nil }).port
        }
    }

    /// The arguments that the server gets: those before `--`, without those that are handled here.
    static func forServer(_ arguments: some Sequence<String>) -> [String] {
        var given: [String] = []
        var left = Array(arguments.prefix { $0 != "--" })[...]
        while let argument = left.popFirst() {
            let name = String(argument.prefix { $0 != "=" })
            if ownSettings.contains(where: { $0.names.contains(name) }) {
                if name == argument { left = left.dropFirst() }
            } else {
                given.append(argument)
            }
        }
        return given
    }
}

extension SettingDefinition {
    static let statusFile = option("--status-file", "file")
        .doing(
            "Keep this JSON file up to date: the stage, the tracking URI, the ids of runs, the command's status, what an "
                + "upstream lacks, the last error."
        )
    static let grace = option("--grace", "time", standard: "10s")
        .doing("How long processes that the command has left behind are served after its end.")
    static let drainTime = option("--drain-time", "time", standard: "60s")
        .doing("How long at the end is waited for what the upstream lacks.")
}
