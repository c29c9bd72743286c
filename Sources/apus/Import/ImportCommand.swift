internal import ArgumentParser
internal import ArtifactStore
internal import Glibc
internal import MLflowClient
internal import PostgreSQL
internal import Tracking
internal import Transfer

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take over runs, models and artifacts from MLflow, TensorBoard or another Apus, with ids and times.",
        discussion: """
            Reads a database of MLflow 2.9 or later in SQLite or PostgreSQL, a folder of its file store, a running server, an archive or a data \
            folder of Apus, a folder of mlflow-export-import, or a folder with event files of TensorBoard, and never changes \
            what is in it. What is here already stays as it is: import again to bring what is new. Goes into a data folder, \
            or into the server that holds it. Exits with 0 when all has come, with 1 when something was left out, which is \
            listed, and with 2 when nothing was done. docs/moving-data.md has the recipes.
            """,
        helpNames: .long
    )

    @Argument(
        help: """
            The database of MLflow (mlflow.db, or postgresql://USER:PASSWORD@HOST:PORT/DATABASE, for which PGPASSWORD may \
            have the password), its file store (mlruns), or the folder with one of them; the address of a running server, \
            http://HOST:PORT; an archive of Apus, or - for one that comes through a pipe; another data folder \
            of Apus; a folder of mlflow-export-import; or one with event files of TensorBoard.
            """,
        completion: .file()
    )
    var source: String

    @Option(
        help: ArgumentHelp(
            "A data folder, or the address of a running server of Apus. (default: ./apus-data) [APUS_DATA_DIR]",
            valueName: "place"
        ),
        completion: .directory
    )
    var to: String?

    @Option(help: ArgumentHelp("Only this experiment, by name or id; may be repeated.", valueName: "experiment"))
    var experiment: [String] = []

    @Option(
        help: ArgumentHelp(
            "For event files of TensorBoard: the experiment of the runs. (default: the name of the folder)",
            valueName: "name"
        )
    )
    var experimentName: String?

    @Option(name: .customLong("run"), help: ArgumentHelp("Only this run, by id; may be repeated.", valueName: "run"))
    var runs: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            Only runs that started or ended then or later: 2025-01-31 or 2025-01-31T17:30, in UTC unless an offset such as \
            +02:00 follows; or Unix milliseconds.
            """,
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
        ),
        completion: .directory
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
            let place = ImportPlace(to, folder, link ? .link : .copy)
            if link, self.source.contains("://"), !PostgresAddress.isOne(self.source) {
                throw ImportFailure("--link is for files of this machine; a server sends its files.")
            }
            guard !place.isFolder(self.source) else {
                throw ImportFailure("'\(self.source)' is where the import goes to. Name another place with --to.")
            }
            source = try ImportSource.open(
                self.source,
                folder,
                artifacts: artifactsFrom.map { StorageLayout.absolute($0, folder) },
                experimentName: experimentName
            )
            target = dryRun ? nil : try place.open()
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
        let way = source.title + (target.map { " to \($0.title)" } ?? "")
        StandardStream.output.write(
            json
                ? summary.json(isDryRun: dryRun, source: source.title, target: target?.title ?? "nowhere")
                : "\(way)\n" + summary.text(isDryRun: dryRun, took: .now - start)
        )
        if importer.hasFoundNothing { throw ExitCode(2) }
        if !summary.isComplete { throw ExitCode(1) }
    }

    private static func message(for error: any Error) -> String {
        switch error {
        case let fault as TrackingURIFault: "\(fault.detail). \(fault.advice)"
        case let error as ArtifactError: error.message(for: "")
        case let error as TrackingError: error.message
        default: StartFailure.message(for: error)
        }
    }
}

/// A time of which only later runs are imported: a day, a time of day, or Unix milliseconds.
struct SinceTime: ExpressibleByArgument {
    /// Unix milliseconds.
    let milliseconds: Int64

    init?(argument: String) {
        if let number = Int64(argument) {
            milliseconds = number
            return
        }
        let text = argument.utf8.map { UInt8($0) }
        guard let day = Self.numbers(text.prefix(10), "0000-00-00"), (1970...9999).contains(day[0]),
            (1...12).contains(day[1]), (1...31).contains(day[2])
        else { return nil }
        var date = tm()
        (date.tm_year, date.tm_mon, date.tm_mday) = (day[0] - 1900, day[1] - 1, day[2])
        var seconds = Int64(timegm(&date))
        // The thirty-first of a short month is the first of the next one.
        guard date.tm_mday == day[2] else { return nil }
        var rest = text.dropFirst(10)
        if rest.first == UInt8(ascii: "T") || rest.first == UInt8(ascii: " ") {
            guard let time = Self.numbers(rest.dropFirst().prefix(5), "00:00"), time[0] < 24, time[1] < 60 else {
                return nil
            }
            seconds += Int64(time[0] * 3_600 + time[1] * 60)
            rest = rest.dropFirst(6)
            if let second = Self.numbers(rest.prefix(3), ":00"), second[0] < 60 {
                seconds += Int64(second[0])
                rest = rest.dropFirst(3)
            }
            if rest.first == UInt8(ascii: "Z") {
                rest = rest.dropFirst()
            } else if let sign = rest.first, let offset = Self.numbers(rest.dropFirst(), "00:00"), offset[0] < 24,
                offset[1] < 60, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-")
            {
                let shift = Int64(offset[0] * 3_600 + offset[1] * 60)
                seconds += sign == UInt8(ascii: "+") ? -shift : shift
                rest = []
            }
        }
        guard rest.isEmpty else { return nil }
        milliseconds = seconds * 1_000
    }

    /// The numbers in a text that has the form of a pattern, in which a 0 stands for any digit; nil for one of another form.
    private static func numbers(_ text: ArraySlice<UInt8>, _ pattern: String) -> [Int32]? {
        func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
        guard text.count == pattern.utf8.count,
            zip(text, pattern.utf8).allSatisfy({ isDigit($1) ? isDigit($0) : $0 == $1 })
        else { return nil }
        return text.split { !isDigit($0) }.compactMap { Int32(String(decoding: $0, as: UTF8.self)) }
    }
}
