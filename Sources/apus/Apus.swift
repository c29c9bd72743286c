internal import ArgumentParser
internal import Glibc

@main
struct Apus: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apus",
        abstract: "A self-contained, MLflow-compatible tracking server.",
        version: "apus \(apusVersion) (answers for MLflow \(mlflowVersion))",
        subcommands: [
            ServerCommand.self, RunCommand.self, ImportCommand.self, ExportCommand.self, BackupCommand.self,
            RestoreCommand.self, PushCommand.self, ForwardCommand.self, CheckCommand.self, GarbageCollection.self,
            UsersCommand.self, TokensCommand.self, UsageCommand.self, AuditCommand.self,
            ArtifactsCommand.self, Doctor.self, ConfigurationPage.self,
        ],
        helpNames: .long
    )

    // `mlflow` accepts this option before the name of the subcommand, so users may give it to `apus`.
    @Option(help: ArgumentHelp("Not offered: set the variables in the environment.", valueName: "file"))
    var envFile: String?

    static func main() {
        fillStandardDescriptors()
        if let fault = ProgramArguments.fault {
            StandardStream.error.write("apus: \(fault)")
            Glibc.exit(2)
        }
        let arguments = CommandLine.arguments.dropFirst()
        HiddenPasswords.overwrite()
        // If the signal is ignored, a write beyond the size limit for files fails with an error, and does not kill the process.
        signal(SIGXFSZ, SIG_IGN)
        do {
            let isServer = arguments.first.map(ServerCommand.names.contains) ?? false
            let mlflowFlags = try MLflowServerFlags(isServer ? arguments : [])
            var command = try isServer ? parseServer(mlflowFlags.rest) : parseAsRoot(Array(arguments))
            switch command {
            case let server as ServerCommand: try server.serve(mlflowFlags)
            case let run as RunCommand: try run.run(arguments.dropFirst())
            default: try command.run()
            }
        } catch {
            end(with: error)
        }
    }

    /// Prints the error without the passwords of the arguments, and ends the process.
    private static func end(with error: any Error) -> Never {
        let message = fullMessage(for: error)
        let masked = PasswordMask.ofProcess.hiding(message)
        guard masked != message else { exit(withError: error) }
        StandardStream.error.write(masked)
        Glibc.exit(exitCode(for: error).rawValue)
    }

    /// Parses the arguments of `apus server` without the root command.
    ///
    /// If the root command parsed them, the parser would create the definitions of all options twice, which takes milliseconds
    /// at every start.
    /// - Parameter arguments: the arguments of the process; the first one is the name of the command.
    private static func parseServer(_ arguments: [String]) throws -> any ParsableCommand {
        if let server = try? ServerCommand.parse(Array(arguments.dropFirst())) { return server }
        // The root command prints help and errors, because their texts then contain the full name `apus server`.
        return try parseAsRoot(arguments)
    }

    /// Opens `/dev/null` for each of the three standard descriptors that is closed.
    ///
    /// Otherwise, the next file or socket that is opened would get the number of the closed descriptor, and the program's
    /// output would be written into that file or socket.
    private static func fillStandardDescriptors() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", O_RDWR)
        }
    }

    func validate() throws {
        guard envFile == nil else {
            throw ValidationError("--env-file is not offered. Set the variables first: set -a; . FILE; set +a; apus …")
        }
    }
}

let apusVersion = "0.1.0"
/// The MLflow version whose API the server implements; clients choose their calls by this version.
let mlflowVersion = "3.17.2"
