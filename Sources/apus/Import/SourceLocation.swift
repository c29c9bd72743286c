internal import PostgreSQL
internal import Tracking

/// Reads the arguments that name the source of an import and the folder of its artifacts, in every form of MLflow's flags.
enum SourceLocation {
    /// The source, with a path in place of a `sqlite:` or `file:` URI.
    ///
    /// - Throws: `ImportFailure` for an address that no import can read.
    static func source(_ text: String, _ workingDirectory: String) throws(ImportFailure) -> String {
        guard !PostgresAddress.hasScheme(text), text != "-" else { return text }
        // The name of a file may look like a URI, so a text is a path if there is such a file.
        guard let scheme = ArtifactLocation(text).scheme, FileKind(text) == .absent else { return text }
        switch scheme.prefix(while: { $0 != "+" }) {
        case "sqlite":
            guard let uri = try? StoreURI(Setting(source: "the source", text: text), workingDirectory) else {
                throw ImportFailure(
                    "The source is not the URI of a SQLite file: write sqlite:///relative/mlflow.db or "
                        + "sqlite:////absolute/mlflow.db, or only the path."
                )
            }
            return uri.path
        case "file":
            guard let path = try? ArtifactLocation(text).localPath else {
                throw ImportFailure("The source is not the URI of a local file: write file:///PATH, or only the path.")
            }
            return path
        case "mysql", "mariadb", "mssql", "oracle":
            throw ImportFailure(
                "Databases of SQLite and of PostgreSQL can be read, and not those of \(scheme). Import from an MLflow server of this "
                    + "database: apus import http://HOST:PORT."
            )
        case "s3", "gs", "gcs", "abfss", "wasbs", "hdfs", "dbfs", "r2", "b2":
            guard text.dropFirst(scheme.count).hasPrefix("://") else { return text }
            throw ImportFailure(
                "A bucket of artifacts cannot be imported alone, because the runs are in a database. Import from an MLflow server "
                    + "that has both: apus import http://HOST:PORT."
            )
        default: return text
        }
    }

    /// The absolute path of the folder with the source's artifacts.
    ///
    /// - Throws: `ImportFailure` if it is not a folder of this machine.
    static func artifacts(_ text: String, _ workingDirectory: String) throws(ImportFailure) -> String {
        let path: String
        switch ArtifactLocation(text).scheme {
        case "file": path = (try? ArtifactLocation(text).localPath) ?? ""
        case _? where text.contains("://"):
            throw ImportFailure(
                "--artifacts-from is for a folder of this machine. Import from the address of a server that has the artifacts, apus "
                    + "import http://HOST:PORT, or copy them into a folder first, such as with aws s3 sync."
            )
        default: path = StorageLayout.absolute(text, workingDirectory)
        }
        guard FileKind(path) == .folder else {
            throw ImportFailure("--artifacts-from: there is no folder at '\(text)'.")
        }
        return path
    }
}
