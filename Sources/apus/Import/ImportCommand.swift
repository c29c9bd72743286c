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
        abstract: "Import runs, models and artifacts from MLflow, TensorBoard or another Apus, with ids and times.",
        discussion: """
            The source is a database of MLflow 2.9 or later in SQLite or PostgreSQL, a folder of its file store, a running \
            server, an archive or a data folder of Apus, a folder of mlflow-export-import, or a folder with event files of \
            TensorBoard. It is never changed. The target is a data folder, or the server that has it open, a running \
            server, or a database of PostgreSQL, which servers may use meanwhile. Data that the target already has is not \
            changed: import again to add only what is new. The exit status is 0 if \
            everything was imported, 1 if data was left out, which is listed, and 2 if nothing was done. \
            docs/moving-data.md has examples.
            """,
        helpNames: .long
    )

    @Argument(
        help: """
            The database of MLflow (mlflow.db, or postgresql://USER:PASSWORD@HOST:PORT/DATABASE; the variable PGPASSWORD \
            may contain the password), its file store (mlruns), or the folder that contains one of them; the address of a \
            running server, http://HOST:PORT; an archive of Apus, or - to read it from the standard input; another data \
            folder of Apus; a folder of mlflow-export-import; or a folder with event files of TensorBoard.
            """,
        completion: .file()
    )
    var source: String

    @Option(
        help: ArgumentHelp(
            """
            A data folder, the address of a running server of Apus, or postgresql://USER:PASSWORD@HOST:PORT/DATABASE, which \
            gets MLflow's tables if it is empty. (default: ./apus-data) [APUS_DATA_DIR]
            """,
            valueName: "target"
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
            Only runs that started or ended at this time or later: 2025-01-31 or 2025-01-31T17:30, in UTC unless an \
            offset such as +02:00 follows; or Unix milliseconds.
            """,
            valueName: "time"
        )
    )
    var since: PointInTime?

    @Option(help: "What to do with artifacts: copy them, or leave them and their locations as they are.")
    var artifacts = ArtifactChoice.copy

    @Option(
        help: ArgumentHelp(
            "The folder with the source's artifacts (mlruns or mlartifacts), if they are not at their recorded locations.",
            valueName: "folder"
        ),
        completion: .directory
    )
    var artifactsFrom: String?

    @Option(
        help: ArgumentHelp(
            """
            For a database of PostgreSQL: the folder or s3://BUCKET/PREFIX in which its servers keep artifacts, as in their \
            --artifacts-destination.
            """,
            valueName: "place"
        ),
        completion: .directory
    )
    var artifactsTo: String?

    @Flag(help: "Let artifacts share disk space with the source's files, as clones or hard links.")
    var link = false

    @Flag(help: "Only count what the source has, and import nothing.") var dryRun = false
    @Flag(help: "Print one JSON object instead of lines.") var json = false

    enum ArtifactChoice: String, ExpressibleByArgument, CaseIterable { case copy, leave }

    func validate() throws {
        let isToPostgres = to.map { PostgresAddress.hasScheme($0) } ?? false
        guard isToPostgres || artifactsTo == nil else {
            throw ValidationError("--artifacts-to is for an import into a database of PostgreSQL.")
        }
        guard !isToPostgres || artifactsTo != nil || artifacts == .leave || dryRun else {
            throw ValidationError(
                "Name the folder or s3://BUCKET/PREFIX in which the servers of the database keep artifacts with --artifacts-to, or "
                    + "leave the artifacts where they are with --artifacts leave."
            )
        }
    }

    func run() throws {
        // If SIGPIPE were not ignored, a lost connection to a server would end the import without a message.
        signal(SIGPIPE, SIG_IGN)
        let start = ContinuousClock.now
        let importer: Importer
        let (source, target): (any RecordSource, (any ImportTarget)?)
        let hint: String?
        do {
            let folder = try StorageLayout.currentFolder()
            let destination = try ImportDestination(to, folder, artifacts: artifactsTo, link ? .link : .copy)
            let location = try SourceLocation.source(self.source, folder)
            hint = destination.hint
            if link, location.contains("://"), !PostgresAddress.hasScheme(location) {
                throw ImportFailure("--link is for files of this machine; a server sends its files.")
            }
            guard !destination.isFolder(location) else {
                throw ImportFailure("'\(location)' is the target of the import too. Name another target with --to.")
            }
            source = try ImportSource.open(
                location,
                folder,
                artifacts: try artifactsFrom.map { try SourceLocation.artifacts($0, folder) },
                experimentName: experimentName
            )
            target = dryRun ? nil : try destination.open()
            importer = Importer(target: target, progress: ImportProgress(isQuiet: json))
        } catch {
            StandardStream.error.write("apus: \(Self.message(for: error))")
            throw ExitCode(2)
        }
        defer { target?.close() }
        var selection = TransferSelection()
        (selection.experiments, selection.runs, selection.since) = (experiment, runs, since?.milliseconds)
        selection.skipsArtifacts = artifacts == .leave
        do {
            try importer.run(source, selection)
        } catch {
            var message = Self.message(for: error)
            if importer.hasStored {
                if !message.hasSuffix(".") { message += "." }
                message += " The data imported so far is kept; import again to continue."
            }
            StandardStream.error.write("apus: \(message)")
            throw ExitCode(importer.hasStored ? 1 : 2)
        }
        var summary = importer.summary
        if let hint { summary.hints.append(hint) }
        let sourceAndTarget = source.title + (target.map { " to \($0.title)" } ?? "")
        StandardStream.output.write(
            json
                ? summary.json(isDryRun: dryRun, source: source.title, target: target?.title ?? "nowhere")
                : "\(sourceAndTarget)\n" + summary.text(isDryRun: dryRun, took: .now - start)
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

/// A point in time: a day, a day with a time, or Unix milliseconds.
struct PointInTime: ExpressibleByArgument {
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
        // `timegm` turns day 31 of a shorter month into a day of the next month.
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

    /// The numbers in a text that matches a pattern, in which 0 stands for any digit; nil if the text does not match.
    private static func numbers(_ text: ArraySlice<UInt8>, _ pattern: String) -> [Int32]? {
        func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
        guard text.count == pattern.utf8.count,
            zip(text, pattern.utf8).allSatisfy({ isDigit($1) ? isDigit($0) : $0 == $1 })
        else { return nil }
        return text.split { !isDigit($0) }.compactMap { Int32(String(decoding: $0, as: UTF8.self)) }
    }
}
