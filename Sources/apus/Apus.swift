internal import ArgumentParser

@main
struct Apus: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apus",
        abstract: "A self-contained, MLflow-compatible tracking server.",
        version: "apus \(apusVersion) (answers for MLflow \(mlflowVersion))",
        subcommands: [
            ServerCommand.self, ImportCommand.self, ExportCommand.self, BackupCommand.self, RestoreCommand.self,
            CheckCommand.self, GarbageCollection.self, ArtifactsCommand.self, Doctor.self, ConfigurationPage.self,
        ],
        helpNames: .long
    )

    // `mlflow` accepts this option before the name of the subcommand.
    @Option(help: ArgumentHelp("Refused: set variables in the environment itself.", valueName: "file"))
    var envFile: String?

    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        do {
            let isServer = arguments.first.map(ServerCommand.names.contains) ?? false
            let reference = try ReferenceArguments(isServer ? arguments : [])
            var command = try parseAsRoot(isServer ? reference.rest : Array(arguments))
            if let server = command as? ServerCommand { try server.serve(reference) } else { try command.run() }
        } catch {
            exit(withError: error)
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
