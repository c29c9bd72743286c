internal import ArgumentParser
internal import ArtifactStore
internal import Glibc
internal import Transfer

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take over runs, models and artifacts from MLflow, with their ids and times.",
        discussion: """
            Reads a SQLite database of MLflow 2.9 or later, or a folder of its file store, and never changes it. What is \
            here already stays as it is: import again to bring what is new. Goes into a data folder, or into the server \
            that holds it. Exits with 0 when all has come, with 1 when something was left out, which is listed, and with \
            2 when nothing was done. docs/moving-data.md has the recipes.
            """,
        helpNames: .long
    )

    @Argument(help: "The database of MLflow (mlflow.db), its file store (mlruns), or the folder with one of them.")
    var source: String

    @Option(
        help: ArgumentHelp(
            "A data folder, or the address of a running server of Apus. (default: ./apus-data) [APUS_DATA_DIR]",
            valueName: "place"
        )
    )
    var to: String?

    @Option(help: ArgumentHelp("Only this experiment, by name or id; may be repeated.", valueName: "experiment"))
    var experiment: [String] = []

    @Option(name: .customLong("run"), help: ArgumentHelp("Only this run, by id; may be repeated.", valueName: "run"))
    var runs: [String] = []

    @Option(
        help: ArgumentHelp(
            "Only runs that started or ended then or later: 2025-01-31, or Unix milliseconds.",
            valueName: "time"
        )
    )
    var since: SinceTime?

    @Option(help: "What comes of artifacts: copy, or leave them and their locations as they are.")
    var artifacts = ArtifactChoice.copy

    @Option(
        help: ArgumentHelp(
            "The folder with the source's artifacts, where its locations do not lead to them: its mlruns or mlartifacts.",
            valueName: "folder"
        )
    )
    var artifactsFrom: String?

    @Flag(help: "Let artifacts share the space of the source's files: clones, or hard links.")
    var link = false

    @Flag(help: "Only count what the source has.")
    var dryRun = false

    @Flag(help: "Print one JSON object instead of lines.")
    var json = false

    enum ArtifactChoice: String, ExpressibleByArgument, CaseIterable {
        case copy, leave
    }

    func run() throws {
        // A server that goes away must not end the import without a word.
        signal(SIGPIPE, SIG_IGN)
        let start = ContinuousClock.now
        let importer: Importer
        let (source, target): (any RecordSource, (any ImportTarget)?)
        do {
            let folder = try StorageLayout.currentFolder()
            source = try ImportSource.open(
                StorageLayout.absolute(self.source, folder),
                artifacts: artifactsFrom.map { StorageLayout.absolute($0, folder) }
            )
            target = dryRun ? nil : try ImportPlace(to, folder, link ? .link : .copy).open()
            importer = Importer(target: target, progress: ImportProgress(isQuiet: json))
        } catch {
            StandardStream.error.write("apus: \(Self.message(for: error))")
            throw ExitCode(2)
        }
        defer { target?.close() }
        var selection = TransferSelection()
        (selection.experiments, selection.runs, selection.since) = (experiment, runs, since?.milliseconds)
        selection.leavesArtifacts = artifacts == .leave
        do {
            try importer.run(source, selection)
        } catch {
            let advice = importer.hasStored ? " What was taken over stays; import again to go on." : ""
            StandardStream.error.write("apus: \(Self.message(for: error))\(advice)")
            throw ExitCode(importer.hasStored ? 1 : 2)
        }
        let summary = importer.summary
        let targetTitle = target?.title ?? "nowhere"
        StandardStream.output.write(
            json
                ? summary.json(isDryRun: dryRun, source: source.title, target: targetTitle)
                : "\(source.title) to \(targetTitle)\n" + summary.text(isDryRun: dryRun, took: .now - start)
        )
        if !summary.isComplete { throw ExitCode(1) }
    }

    private static func message(for error: any Error) -> String {
        switch error {
        case let fault as TrackingURIFault: "\(fault.detail). \(fault.advice)"
        case let error as ArtifactError: error.message(for: "")
        default: StartFailure.message(for: error)
        }
    }
}

/// A time of which only later runs are imported.
struct SinceTime: ExpressibleByArgument {
    /// Unix milliseconds.
    let milliseconds: Int64

    init?(argument: String) {
        if let number = Int64(argument) {
            milliseconds = number
            return
        }
        let parts = argument.split(separator: "-", omittingEmptySubsequences: false)
        guard argument.utf8.count == 10, parts.count == 3, let year = Int32(parts[0]), let month = Int32(parts[1]),
            let day = Int32(parts[2]), (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        var date = tm()
        (date.tm_year, date.tm_mon, date.tm_mday) = (year - 1900, month - 1, day)
        milliseconds = Int64(timegm(&date)) * 1_000
    }
}
