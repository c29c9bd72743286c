internal import ArgumentParser
internal import Coding
internal import Glibc
internal import JSON
internal import MLflowAPI
internal import MLflowClient
internal import Tracking

struct GarbageCollection: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Remove deleted runs, logged models and experiments permanently, with their artifacts.",
        discussion: """
            Only runs, models and experiments that are deleted already are removed. Without ids, all of these are \
            removed, and also expired uploads in parts. With ids, only the named ones are removed, and none if one of \
            them must be kept. With an experiment, all of its runs, models and datasets are removed, and its name can be \
            used again. A run or model is kept, with its artifacts, if a version of a registered model, or another run \
            or model that is kept, needs these artifacts.

            If a server has the folder open, the command works through that server. If the command is interrupted, the \
            next call, or the next server on the folder, continues the removal.

            --backend-store-uri may also name a database in PostgreSQL, which servers may be using; then say where these \
            servers keep artifacts with --artifacts-destination.
            """
    )

    @OptionGroup var data: DataOptions

    @Option(help: ArgumentHelp("Only what was deleted at least this long ago: 30d, 1d2h3m4s, 1.5h.", valueName: "age"))
    var olderThan: Age?

    @Option(help: ArgumentHelp("Deleted runs, separated by commas.", valueName: "ids")) var runIds: String?
    @Option(help: ArgumentHelp("Deleted experiments, separated by commas.", valueName: "ids"))
    var experimentIds: String?
    @Option(help: ArgumentHelp("Deleted logged models, separated by commas.", valueName: "ids"))
    var loggedModelIds: String?

    @Option(
        help: ArgumentHelp("Also remove entries of the artifact journal that are at least this old.", valueName: "age")
    )
    var journalOlderThan: Age?

    @Flag(help: "Print what would be removed, and remove nothing.") var dryRun = false
    @Flag(help: "Print one line of JSON.") var json = false

    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        try CommandFailure.reporting {
            let progress: RemovalProgress
            if data.trackingUri == nil, let database = try OpenedDatabase(data.storage) {
                defer { database.close() }
                progress = try collect(in: database)
            } else {
                progress = try collectElsewhere()
            }
            report(progress)
            if !progress.failures.isEmpty { throw ExitCode.failure }
        }
    }

    /// Collects in the data folder, or through the server that has it open or that --tracking-uri names.
    private func collectElsewhere() throws -> RemovalProgress {
        switch try OpenedData.open(data.storage, uri: data.trackingUri, needsArtifacts: true, allowsPostgres: true) {
        case .server(let server): return try collect(through: server)
        case .folder(let folder):
            defer { folder.close() }
            return try collect(in: folder)
        }
    }

    /// The removal that the flags ask for.
    private func requestedRemoval() throws -> (request: RemovalRequest, extras: RemovalExtras) {
        let now = unixMilliseconds()
        var request = RemovalRequest(deletedBefore: olderThan.map { now - $0.milliseconds })
        request.runIDs = Self.ids(runIds)
        request.loggedModelIDs = Self.ids(loggedModelIds)
        request.experimentIDs = try Self.ids(experimentIds)?.map { text in
            guard let id = Int64(text) else { throw StartFailure("'\(text)' is not the id of an experiment.") }
            return id
        }
        var extras = RemovalExtras()
        extras.journalBefore = journalOlderThan.map { now - $0.milliseconds }
        extras.removesExpiredUploads = request.isForAllDeleted
        return (request, extras)
    }

    private func collect(in database: OpenedDatabase) throws -> RemovalProgress {
        let (request, extras) = try requestedRemoval()
        var total = RemovalProgress()
        if dryRun {
            total.count = try database.api.previewRemoval(request, extras)
            return total
        }
        repeat {
            total.add(try database.api.removeOneByOne(request, from: total.next, for: .seconds(60), extras))
        } while !total.isDone
        return total
    }

    private func collect(in folder: OpenedFolder) throws -> RemovalProgress {
        let (request, extras) = try requestedRemoval()
        var total = RemovalProgress()
        if dryRun {
            total.count = try folder.api.previewRemoval(request, extras)
            return total
        }
        total.count = try folder.api.beginRemoval(request)
        while !total.isDone { total.add(try folder.api.continueRemoval(for: .seconds(60), extras)) }
        return total
    }

    private func collect(through server: ServerConnection) throws -> RemovalProgress {
        var total = RemovalProgress(try server.json("gc", body(isFirst: true)))
        while !total.isDone {
            total.add(RemovalProgress(try server.json("gc", body(isFirst: false, from: total.next))))
        }
        return total
    }

    /// - Parameter next: where the removal continues; nil if the server has stored that itself.
    private func body(isFirst: Bool, from next: RemovalProgressMark? = nil) -> [UInt8] {
        JSONWriter.object { writer in
            if isFirst || next != nil {
                writer.member("older_than", ifPresent: olderThan?.milliseconds)
                writer.member("run_ids", strings: Self.ids(runIds))
                writer.member("experiment_ids", strings: Self.ids(experimentIds))
                writer.member("logged_model_ids", strings: Self.ids(loggedModelIds))
                writer.member("dry_run", dryRun)
                writer.member("next", ifPresent: next?.text)
            } else {
                writer.member("continue", true)
                writer.member("uploads", runIds == nil && experimentIds == nil && loggedModelIds == nil)
            }
            writer.member("journal_older_than", ifPresent: journalOlderThan?.milliseconds)
        }
    }

    /// The ids in a list that is separated by commas or spaces; nil if the flag is not given.
    private static func ids(_ text: String?) -> [String]? { text?.split { $0 == "," || $0 == " " }.map { String($0) } }

    private func report(_ progress: RemovalProgress) {
        let count = progress.count
        if json {
            let object = JSONWriter.objectText { writer in
                writer.member("dry_run", dryRun)
                for (name, number) in count.members { writer.member(name, number) }
                writer.member("kept_because", strings: count.reasons)
                writer.member("failures", strings: progress.failures)
            }
            return StandardStream.output.write(object)
        }
        let counts = [
            (count.runs, "run"), (count.loggedModels, "logged model"), (count.experiments, "experiment"),
            (count.points, "metric point"), (count.files, "artifact file"),
        ].map { Amount.text($0.0, $0.1) }
        let verb = dryRun ? "would remove" : "removed"
        StandardStream.output.write("\(verb) \(counts.joined(separator: ", ")) (\(Amount.bytes(count.bytes)))")
        if count.expiredUploads > 0 {
            StandardStream.output.write("\(verb) \(Amount.text(count.expiredUploads, "expired upload"))")
        }
        if count.artifactJournalEntries > 0 {
            let entries = Amount.text(count.artifactJournalEntries, "entry", "entries")
            StandardStream.output.write("\(verb) \(entries) of the artifact journal")
        }
        if count.kept > 0 {
            StandardStream.output.write(
                "\(Amount.text(count.kept, "deleted item")) stayed, because something else needs the artifacts:"
            )
            for reason in count.reasons { StandardStream.output.write("  \(reason)") }
        }
        if count.undated > 0 {
            let stay = count.undated == 1 ? "stays: it is unknown when it was" : "stay: it is unknown when they were"
            StandardStream.output.write("\(Amount.text(count.undated, "deleted item")) \(stay) deleted")
        }
        if count.unservedFolders > 0 {
            StandardStream.output.write(
                "\(Amount.text(count.unservedFolders, "folder")) of artifacts stayed: the server opens no files there, or the path "
                    + "does not contain the id of the run or model, so it may belong to another one"
            )
        }
        for failure in progress.failures { StandardStream.error.write("apus: not removed: \(failure)") }
    }
}

extension RemovalProgress {
    /// Reads the answer of a server to the `gc` call.
    fileprivate init(_ answer: JSONValue) {
        self.init()
        func number(_ name: String) -> Int64 { answer[name]?.int64 ?? 0 }
        isDone = answer["done"]?.bool ?? true
        next = answer["next"]?.string.flatMap { RemovalProgressMark($0) }
        count.runs = number("runs")
        count.loggedModels = number("logged_models")
        count.experiments = number("experiments")
        count.points = number("metric_points")
        count.files = number("artifact_files")
        count.bytes = number("artifact_bytes")
        count.expiredUploads = number("uploads")
        count.artifactJournalEntries = number("journal_entries")
        count.kept = number("kept")
        count.undated = number("undated")
        count.unservedFolders = number("elsewhere")
        count.reasons = answer["kept_because"]?.elements.compactMap(\.string) ?? []
        failures = answer["failures"]?.elements.compactMap(\.string) ?? []
    }

    fileprivate mutating func add(_ part: RemovalProgress) {
        count.add(part.count)
        isDone = part.isDone
        // A server that gives no `next` stores the removal in a table, and each of its answers names all failures that are left.
        failures = next == nil ? part.failures : failures + part.failures
        next = part.next
    }
}

/// Numbers with their units, as messages show them.
enum Amount {
    static func text(_ number: Int64, _ noun: String, _ plural: String? = nil) -> String {
        "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
    }

    /// Rounded to a unit, such as `1.5 MiB`.
    static func bytes(_ number: Int64) -> String { ByteCount.text(number) }
}
