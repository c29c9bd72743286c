internal import Transfer

/// Recognises a source by looking at it.
enum ImportSource {
    /// - Parameters:
    ///   - path: absolute.
    ///   - artifacts: the folder with its artifacts, where its locations do not lead to them.
    /// - Throws: `ImportFailure` or `SourceFailure`.
    static func open(_ path: String, artifacts: String?) throws -> any RecordSource {
        switch FileKind(path) {
        case .file: return try StockDatabase(path: path, artifacts: artifacts)
        case .folder where FileKind(path + "/mlflow.db") == .file:
            return try StockDatabase(path: path + "/mlflow.db", artifacts: artifacts)
        case .folder where FileStore.isOne(path): return FileStore(path: path, artifacts: artifacts)
        case .folder where FileStore.isOne(path + "/mlruns"):
            return FileStore(path: path + "/mlruns", artifacts: artifacts)
        case .folder, .other:
            throw ImportFailure(
                "'\(path)' is not recognised: give a database (mlflow.db) or a file store (mlruns) of MLflow, or the "
                    + "folder with one."
            )
        case .absent: throw ImportFailure("There is nothing at '\(path)'.")
        }
    }
}
