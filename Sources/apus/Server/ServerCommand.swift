internal import ArgumentParser
internal import Glibc
internal import Logging

struct ServerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server",
        abstract: "Serve experiments, runs and artifacts until SIGTERM.",
        discussion: """
            Flags have the names of `mlflow server`; the environment variable in brackets can be set instead of a flag. \
            Prints one line on standard output when the server answers; messages go to standard error.

            SIGTERM, Ctrl-C in its terminal and the end of that terminal finish what is in flight and end the server within \
            5 s; a second one after half a second ends it at once. SIGINT without a terminal is no stop, except to the \
            first process of a container: interrupting the cell of a notebook leaves the server alone.

            Two settings have a variable and no flag.
            \(withoutFlag)

            \(SettingDefinition.referenceHelp)
            """,
        aliases: ["ui"]
    )

    @OptionGroup(title: "Where data lies") var storage: StorageOptions
    @OptionGroup(title: "Where the server listens") var listening: ListeningOptions
    @OptionGroup(title: "Who may use it") var security: SecurityOptions
    @OptionGroup(title: "Which pages a browser gets") var pages: PagesOptions
    @OptionGroup(title: "How requests are answered") var answering: AnsweringOptions
    @OptionGroup(title: "How it starts and reports") var starting: StartingOptions

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
        atexit { LogWriter.standardError.flush(within: .milliseconds(100)) }
        var logger = Logger(label: "apus")
        logger.logLevel = level
        do {
            let signals = try StopSignals(.ofThisProcess, logger)
            guard let running = try start(reference, signals, logger) else { return }
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
        _ signals: StopSignals,
        _ logger: Logger
    ) throws -> RunningServer? {
        let environment = Environment.process
        let readyFile = try starting.readyFile.map { try ReadyFile($0) }
        let place = try ListeningSettings(listening, environment)
        try reference.refuseEncryption(environment)
        try reference.refuseUnhonoured(environment, storage)
        let security = try SecuritySettings(security, prefix: place.prefix, environment)
        let values = try ValueSettings(answering, environment)
        let pages = try PagesSettings(pages, prefix: place.prefix, environment)
        let layout = try StorageLayout(storage, environment)
        for line in place.remarks + layout.remarks + reference.remarks(environment) { StandardStream.error.write(line) }
        let patience = OwnerPatience(isAsked: starting.reuse)
        while true {
            do {
                return try RunningServer(
                    layout: layout,
                    listening: place,
                    security: security,
                    pages: pages,
                    values: values,
                    readyFile: readyFile,
                    signals: signals,
                    logger: logger
                )
            } catch let failure as StartFailure {
                guard let address = try patience.address(after: failure) else { continue }
                StandardStream.output.write("Apus runs already at \(address), database \(layout.databasePath)")
                try readyFile?.write(address)
                return nil
            }
        }
    }
}
