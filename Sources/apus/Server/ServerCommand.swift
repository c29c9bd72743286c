internal import ArgumentParser
internal import Files
internal import Glibc
internal import HTTPServer
internal import Logging
internal import S3

struct ServerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server",
        abstract: "Serve experiments, runs and artifacts until SIGTERM.",
        discussion: """
            Flags have the names of `mlflow server`; the environment variable in brackets can be set instead of a flag. \
            Prints one line on standard output when the server answers; messages go to standard error.

            SIGTERM, Ctrl-C in its terminal and the end of that terminal finish what is in flight and end the server within \
            5 s; a second one after half a second ends it at once. SIGINT without a terminal is no stop, except to the \
            first process of a container: interrupting the cell of a notebook leaves the server alone. With --ssl-certfile a SIGHUP \
            from a process is no stop either: the server reads the certificate anew.

            A service manager may hand over listening sockets (LISTEN_FDS, as systemd does), TCP or Unix, which then replace \
            --host and --port; it is told of the start and the stop by NOTIFY_SOCKET.

            Two settings have a variable and no flag.
            \(withoutFlag)

            \(SettingDefinition.referenceHelp)
            """,
        aliases: ["ui"]
    )

    @OptionGroup(title: "Where data lies") var storage: StorageOptions
    @OptionGroup(title: "How data is kept") var keeping: KeepingOptions
    @OptionGroup(title: "Where snapshots go") var snapshots: SnapshotOptions
    @OptionGroup(title: "Which server gets everything too") var forwarding: ForwardOptions
    @OptionGroup(title: "Where the server listens") var listening: ListeningOptions
    @OptionGroup(title: "Who may use it") var security: SecurityOptions
    @OptionGroup(title: "Who else says who somebody is") var outside: OutsideUserOptions
    @OptionGroup(title: "How much clients may use") var limits: LimitOptions
    @OptionGroup(title: "Which pages a browser gets") var pages: PagesOptions
    @OptionGroup(title: "How requests are answered") var answering: AnsweringOptions
    @OptionGroup(title: "How it starts, ends and reports") var starting: StartingOptions

    /// The names by which the command is called.
    static let names = ["server", "ui"]

    private static var withoutFlag: String {
        [SettingDefinition.truncateLongValues, .sourceValidation]
            .map { "\($0.variables.joined()): \($0.effect)" }
            .joined(separator: "\n")
    }

    /// - Parameter reference: the flags of `mlflow server` that were removed from the command line before.
    func serve(_ reference: ReferenceArguments) throws {
        let logLevel = starting.logLevel ?? "notice"
        guard let level = Logger.Level(rawValue: logLevel) else {
            throw ValidationError(
                "'\(logLevel)' is no log level; use trace, debug, info, notice, warning, error or critical."
            )
        }
        MemorySettings.apply()
        LoggingSystem.bootstrap { WriterLogHandler(label: $0, writer: .standardError) }
        // A busy machine or disk may need that long for a line; only a pipe that nobody reads delays the end by all of it.
        atexit { LogWriter.standardError.flush(within: .seconds(2)) }
        var logger = Logger(label: "apus")
        logger.logLevel = level
        do {
            let (sockets, manager) = (try HandedSockets.take(), ServiceManager.take())
            let signals = try StopSignals(.ofThisProcess, logger)
            guard let running = try start(reference, sockets, manager, signals, logger) else { return }
            // The reference is kept for the life of the process; the signal thread ends the process.
            withExtendedLifetime(running) {
                MemorySettings.releaseProgramPagesAfterStart()
                while true { pause() }
            }
        } catch {
            StandardStream.error.write("apus: \(StartFailure.message(for: error))")
            throw ExitCode.failure
        }
    }

    /// The server when it is ready; nil when another server serves the data and `--reuse` was given.
    private func start(
        _ reference: ReferenceArguments,
        _ sockets: [Descriptor],
        _ manager: ServiceManager,
        _ signals: StopSignals,
        _ logger: Logger
    ) throws -> RunningServer? {
        let environment = Environment.process
        let readyFile = try starting.readyFile.map { try ReadyFile($0) }
        let ending = try EndingSettings(starting, environment)
        let place = try ListeningSettings(listening, environment, sockets: sockets)
        let certificate = try ServedCertificate.identity(listening, reference, environment)
            .map { identity throws(StartFailure) in try ServedCertificate(identity) }
        try reference.refuseUnhonoured(environment, storage)
        let outside = try OutsideUserSettings(outside, environment)
        let security = try SecuritySettings(security, outside, prefix: place.prefix, environment)
        let limits = try LimitSettings(limits, environment)
        try limits.requireKnownClients(security.asksForCredentials)
        let values = try ValueSettings(answering, environment)
        let audit = try AuditSettings(keeping, environment)
        let pages = try PagesSettings(pages, prefix: place.prefix, environment)
        let layout = try StorageLayout(storage, environment, keeping: keeping)
        for line in place.remarks + layout.remarks + reference.remarks(environment) { StandardStream.error.write(line) }
        for line in certificate?.warnings ?? [] { StandardStream.error.write("apus: \(line)") }
        let snapshots = try SnapshotSettings(snapshots, environment, layout)
        if snapshots != nil, let local = layout.localArtifactRootPath, local != layout.artifactsPath {
            StandardStream.error.write("apus: not in snapshots: '\(local)', where clients keep artifacts themselves")
        }
        if let bucket = layout.artifactBucket {
            if snapshots != nil {
                StandardStream.error.write("apus: not in snapshots: the artifacts in '\(bucket.uri)'")
            }
            if let setting = environment.setting(.keepFree, self.limits.keepFree) {
                StandardStream.error.write("apus: \(setting.shown) is ignored: artifacts are in '\(bucket.uri)'")
            }
        }
        let upstream = try UpstreamSettings(forwarding, environment)
        // A start that is refused leaves nothing behind. Where there is a database already, whoever serves it is the better
        // explanation, so that it is opened first.
        if sockets.isEmpty, FileStatus(path: layout.databasePath) == nil {
            try HTTPServer.requireFree(host: place.host, port: place.port)
        }
        var wait = OwnerWait(isAsked: starting.reuse)
        while true {
            do {
                if let snapshots {
                    try SnapshotRestoration(settings: snapshots, layout: layout).run { line in
                        StandardStream.error.write("apus: \(line)")
                    }
                }
                return try RunningServer(
                    layout: layout,
                    listening: place,
                    certificate: certificate,
                    security: security,
                    outside: outside,
                    limits: limits,
                    pages: pages,
                    values: values,
                    audit: audit,
                    snapshots: snapshots,
                    upstream: upstream,
                    readyFile: readyFile,
                    ending: ending,
                    manager: manager,
                    signals: signals,
                    logger: logger
                )
            } catch let failure as StartFailure {
                guard let owner = try wait.place(after: failure) else { continue }
                let address = owner.address
                guard owner.requiresTokens || !security.asksForCredentials else {
                    throw StartFailure(
                        "The server at \(address), which has the data already, asks nobody who they are. Stop it, or leave out "
                            + "--require-token and --app-name."
                    )
                }
                StandardStream.output.write("Apus runs already at \(address), database \(layout.databasePath)")
                try readyFile?.write(address)
                return nil
            }
        }
    }
}
