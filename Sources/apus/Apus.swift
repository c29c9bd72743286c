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

    // `mlflow` accepts this option before the name of the subcommand.
    @Option(help: ArgumentHelp("Refused: set variables in the environment itself.", valueName: "file"))
    var envFile: String?

    static func main() {
        fillStandardDescriptors()
        if let fault = ProgramArguments.fault {
            StandardStream.error.write("apus: \(fault)")
            Glibc.exit(2)
        }
        let arguments = CommandLine.arguments.dropFirst()
        HiddenPasswords.overwrite()
        // Writing beyond a limit of the system is then a failure that can be told, as writing to a full disk is.
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

    /// Tells what went wrong, without the passwords of the arguments, and ends the process.
    private static func end(with error: any Error) -> Never {
        let message = fullMessage(for: error)
        let masked = PasswordMask.ofProcess.hiding(message)
        guard masked != message else { exit(withError: error) }
        StandardStream.error.write(masked)
        Glibc.exit(exitCode(for: error).rawValue)
    }

    /// The command to serve, parsed by itself: on the way through the commands above it, the parser would make the
    /// definitions of all its options twice, which takes milliseconds at every start.
    ///
    /// - Parameter arguments: begin with the name of the command.
    private static func parseServer(_ arguments: [String]) throws -> any ParsableCommand {
        if let server = try? ServerCommand.parse(Array(arguments.dropFirst())) { return server }
        // Help and mistakes are told in the words of the whole program.
        return try parseAsRoot(arguments)
    }

    /// Opens the three standard descriptors that this process was started without, at nothing.
    ///
    /// A file or socket would take their numbers otherwise, and output would go into it.
    private static func fillStandardDescriptors() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", O_RDWR)
        }
    }

    func validate() throws {
        guard envFile == nil else {
            throw ValidationError(
                "--env-file is not offered. Set the variables before: set -a; . FILE; set +a; then start apus."
            )
        }
    }
}

let apusVersion = "0.1.0"
/// The MLflow version whose API the server implements; the client decides by it which calls it may make.
let mlflowVersion = "3.17.2"
