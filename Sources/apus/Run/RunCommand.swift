internal import ArgumentParser

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a command with a tracking server that runs as long as the command.",
        usage: "apus run [options] -- <command> ...",
        discussion: """
            Starts a server on a free port of this machine, or uses the server that already has the data open, sets \
            MLFLOW_TRACKING_URI for the command, and ends with the command's exit status: 128 plus the number of a \
            signal that ended it, 127 if there is no such program, 126 if it cannot be run, 125 if there is no server \
            for it. At the end, a server that was started here is stopped; one that was already running is not.

            The command keeps the terminal and its signals: Ctrl-C reaches the command and not the server. Of the \
            signals that other processes send to apus run, it passes SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, \
            SIGALRM, SIGXCPU, SIGPWR, SIGWINCH and, without a terminal, SIGTSTP and SIGCONT to the command's process. \
            The command may take as long as it needs to end: apus run never kills it. If apus run itself is killed, the \
            command gets a SIGTERM, and the server ends after the command.

            A server that dies is started again at the same address. If processes that the command has started are still \
            running after its end, the server runs on until they end, for the time of --grace at most. With --upstream, \
            the server then sends what the upstream lacks, for the time of --drain-time at most; the next server sends \
            the rest. A SIGTERM or Ctrl-C ends these waits early.

            The other flags are passed to the server. Without --host and --port it listens on 127.0.0.1 at a free \
            port. Environment variables that say where a server listens, who may use it and which pages it has, and the \
            one of --artifacts-only, are ignored, because they are meant for other servers: use the flags below.
            """
    )

    @Option(help: .of(.statusFile), completion: .of(.statusFile)) var statusFile: String?
    @Option(help: .of(.grace), completion: .of(.grace)) var grace: DurationArgument?
    @Option(help: .of(.drainTime), completion: .of(.drainTime)) var drainTime: DurationArgument?
    @OptionGroup(title: "Where the data is") var storage: StorageOptions
    @OptionGroup(title: "How data is kept") var keeping: DataHandlingOptions
    @OptionGroup(title: "Where snapshots go") var snapshots: SnapshotOptions
    @OptionGroup(title: "Which server gets a copy of everything") var forwarding: ForwardOptions
    @OptionGroup(title: "Where the server listens") var listening: ListeningOptions
    @OptionGroup(title: "Who may use it") var security: SecurityOptions
    @OptionGroup(title: "Which pages a browser gets") var pages: PagesOptions
    @OptionGroup(title: "How requests are answered") var answering: RequestHandlingOptions
    @Option(help: .of(.logLevel.withDefault("warning")), completion: .of(.logLevel)) var logLevel: String?

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("The program and its arguments.", valueName: "command"),
        completion: .file()
    )
    var command: [String]

    /// The settings that `apus run` handles itself and does not pass to its server.
    private static let ownSettings: [SettingDefinition] = [.statusFile, .grace, .drainTime, .host, .port]

    /// - Parameter arguments: the arguments after `run`, as they were given.
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
            // Variables such as PORT are meant for other servers, so only the flag is used.
            guard listening.port != nil else { return 0 }
            return try ListeningSettings(listening, Environment { _ in nil }).port
        }
    }

    /// The arguments for the server: those before `--`, without the settings that `apus run` handles itself.
    static func forServer(_ arguments: some Sequence<String>) -> [String] {
        var passed: [String] = []
        var rest = Array(arguments.prefix { $0 != "--" })[...]
        while let argument = rest.popFirst() {
            let name = String(argument.prefix { $0 != "=" })
            if ownSettings.contains(where: { $0.names.contains(name) }) {
                if name == argument { rest = rest.dropFirst() }
            } else {
                passed.append(argument)
            }
        }
        return passed
    }
}

extension SettingDefinition {
    static let statusFile = option("--status-file", "file")
        .doing(
            "Write the state to this JSON file whenever it changes: the stage, the tracking URI, the ids of runs, the command's "
                + "status, what an upstream lacks, and the last error."
        )
    static let grace = option("--grace", "time", default: "10s")
        .doing("How long the server runs on after the command's end, while processes started by the command still run.")
    static let drainTime = option("--drain-time", "time", default: "60s")
        .doing("How long the server may continue at the end to send what the upstream lacks.")
}
