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
            Flags have the names of `mlflow server`; the environment variable in brackets can be set instead of a \
            flag. The server prints one line on standard output when it answers; messages go to standard error.

            SIGTERM, Ctrl-C in its terminal and the end of that terminal stop the server: it finishes the requests \
            that it has begun and ends within 5 s. A second such signal, more than half a second later, ends it at \
            once. SIGINT without a terminal does not stop the server, because a notebook whose cell is interrupted sends \
            it too; a server that is the first process of a container is stopped. With --ssl-certfile, a SIGHUP from a \
            process makes the server read the certificate again and does not stop it.

            A service manager may pass listening sockets (LISTEN_FDS, as systemd does), TCP or Unix, which then \
            replace --host and --port. The server reports to it through NOTIFY_SOCKET when it is ready and when it stops.

            Two settings have an environment variable and no flag.
            \(withoutFlag)

            \(SettingDefinition.mlflowFlagsHelp)
            """,
        aliases: ["ui"]
    )

    @OptionGroup(title: "Where the data is") var storage: StorageOptions
    @OptionGroup(title: "How data is kept") var keeping: DataHandlingOptions
    @OptionGroup(title: "Where snapshots go") var snapshots: SnapshotOptions
    @OptionGroup(title: "Which server gets a copy of everything") var forwarding: ForwardOptions
    @OptionGroup(title: "Where the server listens") var listening: ListeningOptions
    @OptionGroup(title: "Who may use it") var security: SecurityOptions
    @OptionGroup(title: "Users from a proxy or an identity provider") var externalUsers: ExternalUserOptions
    @OptionGroup(title: "How much clients may use") var limits: LimitOptions
    @OptionGroup(title: "Which pages a browser gets") var pages: PagesOptions
    @OptionGroup(title: "How requests are answered") var answering: RequestHandlingOptions
    @OptionGroup(title: "How it starts, ends and reports") var starting: ProcessOptions

    /// The names by which the command is called.
    static let names = ["server", "ui"]

    private static var withoutFlag: String {
        [SettingDefinition.truncateLongValues, .sourceValidation]
            .map { "\($0.variables.joined()): \($0.effect)" }
            .joined(separator: "\n")
    }

    /// - Parameter mlflowFlags: the flags of `mlflow server` that were removed from the command line before.
    func serve(_ mlflowFlags: MLflowServerFlags) throws {
        let logLevel = starting.logLevel ?? "notice"
        guard let level = Logger.Level(rawValue: logLevel) else {
            throw ValidationError(
                "'\(logLevel)' is not a log level; use trace, debug, info, notice, warning, error or critical."
            )
        }
        MemorySettings.apply()
        LoggingSystem.bootstrap { WriterLogHandler(label: $0, writer: .standardError) }
        // On a busy machine, writing the last lines may take this long. If nobody reads the pipe, the exit takes this long.
        atexit { LogWriter.standardError.flush(within: .seconds(2)) }
        var logger = Logger(label: "apus")
        logger.logLevel = level
        do {
            let sockets = try InheritedSockets.takeFromEnvironment()
            let serviceManager = ServiceManager.takeFromEnvironment()
            let signals = try StopSignals(.ofThisProcess, logger)
            guard let running = try start(mlflowFlags, sockets, serviceManager, signals, logger) else { return }
            // The server lives as long as the process, which the signal thread ends.
            withExtendedLifetime(running) {
                MemorySettings.releaseProgramPagesAfterStart()
                while true { pause() }
            }
        } catch {
            StandardStream.error.write("apus: \(StartFailure.message(for: error))")
            throw ExitCode.failure
        }
    }

    /// Starts the server and returns it when it is ready; nil if another server has the data and `--reuse` was given.
    private func start(
        _ mlflowFlags: MLflowServerFlags,
        _ sockets: [Descriptor],
        _ serviceManager: ServiceManager,
        _ signals: StopSignals,
        _ logger: Logger
    ) throws -> RunningServer? {
        let environment = Environment.process
        let readyFile = try starting.readyFile.map { try ReadyFile($0) }
        let automaticStop = try AutomaticStopSettings(starting, environment)
        let addresses = try ListeningSettings(listening, environment, sockets: sockets)
        let certificate = try ServedCertificate.identity(listening, mlflowFlags, environment)
            .map { identity throws(StartFailure) in try ServedCertificate(identity) }
        try mlflowFlags.refuseUnsupported(environment, storage)
        let externalUsers = try ExternalUserSettings(externalUsers, environment)
        let security = try SecuritySettings(security, externalUsers, prefix: addresses.prefix, environment)
        let limits = try LimitSettings(limits, environment)
        // Settings that are not possible over PostgreSQL are refused before a folder is created.
        let isOverPostgres = try PostgresURI.find(storage, environment) != nil
        if isOverPostgres { try SQLiteOnlySettings.refuse(self, environment) }
        try limits.requireKnownClients(requiresCredentials: security.requiresCredentials)
        let requestHandling = try RequestHandlingSettings(answering, environment)
        // Over PostgreSQL, the audit log needs the right to create a schema, which a server without users should not need.
        let audit = try AuditSettings(keeping, environment, default: !isOverPostgres || security.requiresCredentials)
        let webPages = try WebPageSettings(pages, prefix: addresses.prefix, environment)
        let layout = try StorageLayout(storage, environment, keeping: keeping)
        for line in addresses.remarks + layout.remarks + mlflowFlags.remarks(environment) {
            StandardStream.error.write(line)
        }
        for line in certificate?.warnings ?? [] { StandardStream.error.write("apus: \(line)") }
        let snapshots = try SnapshotSettings(snapshots, environment, layout)
        if snapshots != nil, let local = layout.localArtifactRootPath, local != layout.artifactsPath {
            StandardStream.error.write("apus: not in snapshots: '\(local)', where clients store artifacts themselves")
        }
        if let bucket = layout.artifactBucket {
            if snapshots != nil {
                StandardStream.error.write("apus: not in snapshots: the artifacts in '\(bucket.uri)'")
            }
            if let setting = environment.setting(.keepFree, self.limits.keepFree) {
                StandardStream.error.write("apus: \(setting.quoted) is ignored: artifacts are in '\(bucket.uri)'")
            }
        }
        let upstream = try UpstreamSettings(forwarding, environment)
        // If the port is in use, the start must fail before it creates a database. An existing database is opened first, because
        // the message that another server has it open is more helpful.
        if sockets.isEmpty, layout.postgres != nil || FileStatus(path: layout.databasePath) == nil {
            try HTTPServer.requireFree(host: addresses.host, port: addresses.port)
        }
        let settings = ServerSettings(
            layout: layout,
            listening: addresses,
            certificate: certificate,
            security: security,
            externalUsers: externalUsers,
            limits: limits,
            webPages: webPages,
            requestHandling: requestHandling,
            audit: audit,
            snapshots: snapshots,
            upstream: upstream,
            readyFile: readyFile,
            automaticStop: automaticStop,
            serviceManager: serviceManager
        )
        var wait = OwnerWait(acceptsOwner: starting.reuse)
        while true {
            do {
                if let snapshots {
                    try SnapshotRestoration(settings: snapshots, layout: layout).run { line in
                        StandardStream.error.write("apus: \(line)")
                    }
                }
                return try RunningServer(settings, signals: signals, logger)
            } catch let failure as StartFailure {
                guard let owner = try wait.reachableOwner(after: failure) else { continue }
                let address = owner.address
                guard owner.requiresTokens || !security.requiresCredentials else {
                    throw StartFailure(
                        "The server at \(address), which already has the data open, does not ask for credentials. Stop it, or leave out "
                            + "--require-token and --app-name."
                    )
                }
                StandardStream.output.write("Apus is already running at \(address), database \(layout.databasePath)")
                try readyFile?.write(address)
                return nil
            }
        }
    }
}
