internal import ArgumentParser
internal import Dispatch
internal import Glibc
internal import Logging

struct ServerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server",
        abstract: "Serve experiments, runs and artifacts until SIGTERM or SIGINT.",
        discussion: """
            Flags have the names of `mlflow server`; each can be given by the environment variable in brackets. \
            Prints one line on standard output when the server answers; messages go to standard error.

            Two more variables are heeded. MLFLOW_TRUNCATE_LONG_VALUES: false refuses params and tags that are too long \
            instead of cutting them. MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX: sources of new model versions \
            that the pattern is not found in are refused.
            """,
        aliases: ["ui"]
    )

    @OptionGroup(title: "Where data lies") var storage: StorageOptions
    @OptionGroup(title: "Where the server listens") var listening: ListeningOptions
    @OptionGroup(title: "Who may use it") var security: SecurityOptions
    @OptionGroup(title: "Accepted and without effect") var idle: IdleOptions
    @OptionGroup(title: "Refused") var refused: RefusedOptions

    @Option(help: ArgumentHelp("Write the server's URL to this file when it answers.", valueName: "file"))
    var readyFile: String?

    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    var logLevel: String = "notice"

    func run() throws {
        guard let level = Logger.Level(rawValue: logLevel) else {
            throw ValidationError(
                "'\(logLevel)' is no log level; use trace, debug, info, notice, warning, error or critical."
            )
        }
        MemorySettings.apply()
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        var logger = Logger(label: "apus")
        logger.logLevel = level
        do {
            let environment = Environment.process
            let place = try ListeningSettings(listening, environment)
            try idle.refuseEncryption(environment)
            try refused.check(environment, storage)
            let security = try SecuritySettings(security, prefix: place.prefix, environment)
            let values = try ValueSettings(environment)
            let layout = try StorageLayout(storage, environment)
            let remarks = place.remarks + layout.remarks + idle.remarks(environment)
            for line in remarks { StandardStream.error.write(line) }
            let running = try RunningServer(
                layout: layout,
                listening: place,
                security: security,
                values: values,
                readyFile: readyFile,
                logger: logger
            )
            // Kept for the life of the process: signals reach the server through it.
            withExtendedLifetime(running) { dispatchMain() }
        } catch {
            StandardStream.error.write("apus: \(StartFailure.message(for: error))")
            throw ExitCode.failure
        }
    }
}
