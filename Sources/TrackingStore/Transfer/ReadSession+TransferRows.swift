internal import Identities
internal import SQLite
package import Tracking

// In the SQL of this file, `?1` is the JSON array of the ids of a subset, and `?4` lists what the client may or may not read.

extension ReadSession {
    package func rows(_ rows: TransferRows, after last: TransferRow?, limit: Int) throws -> [TransferRow] {
        let (condition, bound) = visibleCondition(rows)
        return try connection.query(
            "SELECT id FROM \(rows.table.rawValue) WHERE \(condition) AND id > ?2 ORDER BY id LIMIT ?3",
            values: [rows.subset.list, last?.number ?? .min, limit, bound]
        ).map { TransferRow($0.int64(0)) }
    }

    package func rows(_ rows: TransferRows, among found: [TransferRow]) throws -> [TransferRow] {
        let (condition, bound) = visibleCondition(rows)
        // The statement has no use for `?3`, but SQLite must know the parameter, because `?4` follows.
        return try connection.query(
            """
            SELECT id FROM \(rows.table.rawValue)
            WHERE \(condition) AND id IN (SELECT value FROM json_each(?2)) AND ?3 IS NULL
            ORDER BY id
            """,
            values: [rows.subset.list, jsonArray(found.map(\.number)), nil as Int64?, bound]
        ).map { TransferRow($0.int64(0)) }
    }

    /// Returns the condition for those rows of the subset that the client may read, and the text to bind as `?4`.
    private func visibleCondition(_ rows: TransferRows) -> (sql: String, bound: String?) {
        guard let permissions else { return ("(\(rows.condition)) AND ?4 IS NULL", nil) }
        let (condition, bound) =
            switch rows.table {
            case .experiments: permissions.visibleExperiments(for: .experiment).condition("id", boundAs: "?4")
            case .runs: permissions.visibleExperiments(for: .run).condition("experiment_id", boundAs: "?4")
            case .loggedModels:
                permissions.visibleExperiments(for: .loggedModel).condition("experiment_id", boundAs: "?4")
            case .registeredModels: permissions.visibleRegistryCondition(boundAs: "?4")
            }
        return ("(\(rows.condition)) AND \(condition)", bound)
    }
}

extension TransferSubset {
    /// The ids of the subset as a JSON array; nil for everything.
    fileprivate var list: String? {
        switch self {
        case .everything: nil
        case .experiments(let ids): jsonArray(ids)
        case .runs(let ids): jsonTexts(ids)
        }
    }
}

extension TransferRows {
    /// The condition for the rows of the subset.
    fileprivate var condition: String {
        let isNamed = "IN (SELECT value FROM json_each(?1))"
        let condition =
            switch (subset, table) {
            case (.everything, _): "?1 IS NULL"
            case (.experiments, .experiments): "id \(isNamed)"
            case (.experiments, .runs), (.experiments, .loggedModels): "experiment_id \(isNamed)"
            case (.runs, .runs): "run_id \(isNamed)"
            case (.runs, .loggedModels): "source_run_id \(isNamed)"
            case (.runs, .experiments):
                """
                id IN (SELECT experiment_id FROM runs WHERE run_id \(isNamed)
                    UNION
                    SELECT experiment_id FROM logged_models WHERE source_run_id \(isNamed))
                """
            case (_, .registeredModels): "false"
            }
        return areActiveOnly ? condition + " AND lifecycle_stage = \(LifecycleStage.active.storedValue)" : condition
    }
}

/// Formats texts as a JSON array for SQLite's `json_each`.
func jsonTexts(_ texts: [String]) -> String {
    let quoted = texts.map { text in
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case ..<" ": "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "\"" + escaped.joined() + "\""
    }
    return "[" + quoted.joined(separator: ",") + "]"
}
