internal import MLflowClient
internal import PostgreSQL
internal import Transfer

/// Recognizes the kind of a source from its path and content.
enum ImportSource {
    /// Recognizes a source and opens it.
    ///
    /// - Parameters:
    ///   - text: a path, the address of a server or of a database, or `-` for an archive that is read from the standard
    ///     input.
    ///   - workingDirectory: the folder that a relative path starts from.
    ///   - artifacts: the folder with the source's artifacts; nil if they are at their recorded locations.
    ///   - experimentName: the name of the experiment of the runs, for a source without experiments.
    /// - Throws: `ImportFailure`, `SourceFailure` or `TrackingURIFault`.
    static func open(
        _ text: String,
        _ workingDirectory: String,
        artifacts: String?,
        experimentName: String?
    ) throws -> any RecordSource {
        let source =
            if text == "-" {
                ArchiveOpening.standardInput() as any RecordSource
            } else if PostgresAddress.hasScheme(text) {
                try MLflowDatabase(PostgresAddress(text), folder: workingDirectory, artifacts: artifacts)
            } else if text.contains("://") {
                try server(text, artifacts)
            } else {
                try files(StorageLayout.absolute(text, workingDirectory), artifacts, experimentName)
            }
        guard experimentName == nil || source is TensorBoardLogs else {
            throw ImportFailure(
                "--experiment-name is only for event files of TensorBoard; \(source.title) already has names of experiments."
            )
        }
        return source
    }

    private static func server(_ address: String, _ artifacts: String?) throws -> any RecordSource {
        guard artifacts == nil else {
            throw ImportFailure("--artifacts-from is for files of MLflow; a server sends its artifacts itself.")
        }
        return try MLflowServer(SourceServer(TrackingConnection(address, agent: "apus-import")))
    }

    private static func files(
        _ path: String,
        _ artifacts: String?,
        _ experimentName: String?
    ) throws -> any RecordSource {
        switch FileKind(path) {
        case .file where path.split(separator: "/").last?.contains("tfevents") == true:
            throw ImportFailure("'\(path)' is one event file of TensorBoard: name its folder, which becomes a run.")
        case .file:
            let beginning = try ArchiveOpening.beginning(of: path)
            if ArchiveSource.recognizes(beginning) { return try ArchiveOpening.file(path) }
            if let unpacker = ArchiveSource.unpackCommand(beginning) {
                throw ImportFailure(
                    "'\(path)' is compressed. For an archive of Apus: \(unpacker) '\(path)' | apus import -"
                )
            }
            // The file of a new database is empty while all of its content is still in the write-ahead log.
            if beginning.isEmpty, FileKind(path + "-wal") != .file { throw ImportFailure("'\(path)' is empty.") }
            guard beginning.isEmpty || beginning.starts(with: databaseMagic) else { throw unrecognised(path) }
            return try MLflowDatabase(path: path, artifacts: artifacts)
        case .folder where FileKind(path + "/apus.db") == .file: return try ArchiveOpening.dataFolder(path)
        case .folder where FileKind(path + "/mlflow.db") == .file:
            return try MLflowDatabase(path: path + "/mlflow.db", artifacts: artifacts)
        case .folder where FileStore.recognizes(path): return FileStore(path: path, artifacts: artifacts)
        case .folder where FileStore.recognizes(path + "/mlruns"):
            return FileStore(path: path + "/mlruns", artifacts: artifacts)
        case .folder where ExportFolder.recognizes(path): return ExportFolder(path: path)
        case .folder where TensorBoardLogs.recognizes(path):
            return TensorBoardLogs(path: path, experimentName: experimentName)
        // The bytes of a pipe can be read only once, so its kind cannot be checked first.
        case .other: return try ArchiveOpening.file(path)
        case .folder: throw unrecognised(path)
        case .absent: throw ImportFailure("There is nothing at '\(path)'.")
        }
    }

    private static let databaseMagic = Array("SQLite format 3\0".utf8)

    private static func unrecognised(_ path: String) -> ImportFailure {
        ImportFailure(
            "'\(path)' is not recognised: give a database (mlflow.db) or a file store (mlruns) of MLflow, the folder with "
                + "one, the address of a server, a data folder or an archive of Apus, a folder of mlflow-export-import, or "
                + "one with event files of TensorBoard."
        )
    }
}
