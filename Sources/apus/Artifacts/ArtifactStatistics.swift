internal import ArgumentParser
internal import ArtifactStore
internal import JSON

struct ArtifactStatistics: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Count files, folders and bytes, and the bytes saved because equal files share disk space.",
        discussion: "The command changes nothing. Symbolic links are neither followed nor counted.",
        helpNames: .long
    )

    @Option(help: .of(.dataDir), completion: .of(.dataDir)) var dataDir: String?
    @Option(help: .of(.artifactsDestination), completion: .of(.artifactsDestination)) var artifactsDestination: String?

    @Flag(help: "Print one line of JSON.") var json = false

    func run() throws {
        try CommandFailure.reporting {
            let path = try StorageLayout.artifactsPath(
                dataDir: dataDir,
                destination: artifactsDestination,
                Environment.process
            )
            try Self.requireArtifacts(in: path)
            let usage = try ArtifactRoot(location: path).usage()
            StandardStream.output.write(json ? Self.json(usage, path) : Self.text(usage, path))
        }
    }

    /// Throws if there is no folder of artifacts at a path, because the command would report that it is empty.
    private static func requireArtifacts(in path: String) throws(StartFailure) {
        let isBesideDatabase = isBesideDatabase(path)
        if isBesideDatabase {
            let database = path.dropLast("artifacts".count) + "apus.db"
            if let uri = ArtifactLocationFile(databasePath: String(database)).uri {
                throw StartFailure("This command counts artifacts in a folder; those of this data are in '\(uri)'.")
            }
        }
        switch FileKind(path) {
        case .folder where FileKind(path + "/apus.db") == .file:
            throw StartFailure("'\(path)' is a data folder, not the folder of its artifacts: name it with --data-dir.")
        case .folder: return
        case .absent where isBesideDatabase: return
        case .absent:
            throw StartFailure(
                "There is no folder '\(path)'. Name the folder of all data with --data-dir, or that of the artifacts with "
                    + "--artifacts-destination."
            )
        case .file, .other: throw StartFailure("'\(path)' is not a folder.")
        }
    }

    /// Whether this is the folder of artifacts beside a database, which a server creates with its first artifact.
    private static func isBesideDatabase(_ path: String) -> Bool {
        path.hasSuffix("/artifacts") && FileKind(path.dropLast("artifacts".count) + "apus.db") == .file
    }

    private static func json(_ usage: ArtifactUsage, _ path: String) -> String {
        JSONWriter.objectText { writer in
            writer.member("artifacts", path)
            writer.member("files", Int64(usage.files))
            writer.member("folders", Int64(usage.folders))
            writer.member("apparent_bytes", usage.apparentBytes)
            writer.member("disk_bytes", usage.diskBytes)
            writer.member("saved_bytes", usage.savedBytes)
            writer.member("unreadable", Int64(usage.unreadable))
        }
    }

    private static func text(_ usage: ArtifactUsage, _ path: String) -> String {
        var lines = [
            "artifacts  \(path)",
            "files      \(usage.files)",
            "folders    \(usage.folders)",
            "apparent   \(size(usage.apparentBytes))",
            "on disk    \(size(usage.diskBytes))",
            "saved      \(size(usage.savedBytes)) by sharing",
        ]
        if usage.unreadable > 0 { lines.append("unreadable \(usage.unreadable), not counted") }
        return lines.joined(separator: "\n")
    }

    /// The number of bytes, followed by a rounded figure for large numbers.
    private static func size(_ bytes: Int64) -> String {
        let units = ["KiB", "MiB", "GiB", "TiB"]
        var value = Double(bytes)
        var unit: String?
        for candidate in units where value >= 1_024 {
            value /= 1_024
            unit = candidate
        }
        guard let unit else { return "\(bytes) bytes" }
        return "\(bytes) bytes (\((value * 10).rounded() / 10) \(unit))"
    }
}
