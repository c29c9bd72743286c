internal import ArgumentParser

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write runs into a file that can be kept and sent.",
        discussion: """
            With --format html it is one page that a browser opens from the disk, without a server: a run, up to 100 runs side \
            by side, or the table of an experiment, as Apus' own pages show them. A file of runs holds their curves, thinned \
            where they are long, and the artifacts up to 1 MiB each. The data comes from the server that --from names, \
            from the one that serves the data folder, or out of the data folder itself where none does.
            """,
        helpNames: .long
    )

    enum Format: String, ExpressibleByArgument, CaseIterable, Sendable {
        case html
    }

    @Option(help: "What is written: html.")
    var format: Format

    @Argument(help: ArgumentHelp("The ids of the runs.", valueName: "run"))
    var runs: [String] = []

    @Option(help: ArgumentHelp("The id of an experiment, whose newest 1,000 runs become a table.", valueName: "id"))
    var experiment: String?

    @Option(help: ArgumentHelp("Only runs that this filter of runs/search finds.", valueName: "filter"))
    var filter: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("Where it goes; - is the standard output.", valueName: "file"))
    var output = "apus-export.html"

    @Option(help: ArgumentHelp("The server, as in http://127.0.0.1:5000.", valueName: "uri"))
    var from: String?

    @Option(help: .of(.dataDir)) var dataDir: String?
    @Option(help: .of(.backendStoreURI)) var backendStoreUri: String?
    @Option(help: .of(.defaultArtifactRoot)) var defaultArtifactRoot: String?
    @Option(help: .of(.artifactsDestination)) var artifactsDestination: String?

    func validate() throws {
        guard runs.isEmpty != (experiment == nil) else {
            throw ValidationError("Name either runs, or an experiment by --experiment.")
        }
        guard filter == nil || experiment != nil else { throw ValidationError("--filter needs --experiment.") }
    }

    func run() throws {
        do {
            switch format {
            case .html: try HTMLExport(self).write()
            }
        } catch {
            StandardStream.error.write("apus: \(StartFailure.message(for: error))")
            throw ExitCode.failure
        }
    }
}

extension ExportCommand {
    /// The flags that say where the data lies, as a server takes them.
    func storage() throws -> StorageOptions {
        let flags = [
            ("--data-dir", dataDir), ("--backend-store-uri", backendStoreUri),
            ("--default-artifact-root", defaultArtifactRoot), ("--artifacts-destination", artifactsDestination),
        ]
        return try StorageOptions.parse(flags.flatMap { flag, value in value.map { ["\(flag)=\($0)"] } ?? [] })
    }
}
