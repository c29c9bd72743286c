internal import CEmbeddedFiles
internal import Tracking

/// The files of `schemas/` that are embedded in the binary.
enum EmbeddedSchema {
    /// An empty database of MLflow 3.17 in SQLite.
    static var mlflow: MLflowSchema {
        MLflowSchema(tables: text(of: "mlflow-3.17-tables.sql"), indexes: text(of: "mlflow-3.17-indexes.sql"))
    }

    /// An empty database of MLflow 3.17 in PostgreSQL.
    static var mlflowInPostgreSQL: MLflowSchema {
        MLflowSchema(
            tables: text(of: "mlflow-3.17-postgresql-tables.sql"),
            indexes: text(of: "mlflow-3.17-postgresql-indexes.sql")
        )
    }

    private static func text(of name: String) -> String {
        let list = apus_schemas()
        let files = UnsafeBufferPointer(start: list.files, count: list.count)
        guard let file = files.first(where: { String(cString: $0.name) == name }) else {
            preconditionFailure("schemas/ has no \(name)")
        }
        return String(decoding: UnsafeRawBufferPointer(start: file.bytes, count: file.length), as: UTF8.self)
    }
}
