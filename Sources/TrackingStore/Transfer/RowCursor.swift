internal import Identities
internal import SQLite
internal import Tracking

/// The tables whose rows are read one after another for a transfer.
enum TransferTable: String {
    case experiments
    case runs
    case loggedModels = "logged_models"
    case registeredModels = "registered_models"
}

/// Reads the ids of the rows of a table that belong to a subset, in ascending order.
struct RowCursor {
    /// The number of row ids that are read at once, which need 80 kB.
    ///
    /// SQLite sorts the rows of a subset once for each such read, so the number is large.
    private static let rowsAtOnce = 10_000

    private let table: TransferTable
    /// The SQL condition for the rows of the subset.
    ///
    /// `list` is bound as `?1`.
    private let condition: String
    /// The ids of the subset as a JSON array.
    private let list: String?
    private var found: ArraySlice<Int64> = []
    private var after = Int64.min
    private var isLast = false

    init(_ table: TransferTable, _ subset: TransferSubset, withDeletedRuns: Bool) {
        self.table = table
        switch subset {
        case .everything: list = nil
        case .experiments(let ids): list = jsonArray(ids)
        case .runs(let ids): list = jsonTexts(ids)
        }
        let isNamed = "IN (SELECT value FROM json_each(?1))"
        var condition =
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
        if table == .runs, !withDeletedRuns, !subset.namesRuns {
            condition += " AND lifecycle_stage = \(LifecycleStage.active.storedValue)"
        }
        self.condition = condition
    }

    /// Returns the ids of the next rows, which all still exist; nil at the end.
    mutating func next(_ session: ReadSession, limit: Int) throws -> [Int64]? {
        let (condition, bound) = try visibleCondition(session)
        while true {
            if found.isEmpty {
                guard !isLast else { return nil }
                found = try session.connection.query(
                    "SELECT id FROM \(table.rawValue) WHERE \(condition) AND id > ?2 ORDER BY id LIMIT ?3",
                    list,
                    after,
                    Self.rowsAtOnce,
                    bound
                ).map { $0.int64(0) }[...]
                isLast = found.count < Self.rowsAtOnce
                after = found.last ?? after
            }
            let page = Array(found.prefix(limit))
            found = found.dropFirst(limit)
            // Since they were found, rows may have been removed, and a removed row's id may have been used again.
            let present = try session.connection.query(
                """
                SELECT id FROM \(table.rawValue)
                WHERE \(condition) AND id IN (SELECT value FROM json_each(?2)) AND ?3 IS NULL
                ORDER BY id
                """,
                list,
                jsonArray(page),
                nil as Int64?,
                bound
            ).map { $0.int64(0) }
            if !present.isEmpty { return present }
        }
    }

    /// Returns the condition for those rows of the subset that the client may read, and the text to bind as `?4`.
    private func visibleCondition(_ session: ReadSession) throws -> (sql: String, bound: String?) {
        guard let permissions = session.permissions else { return ("(\(condition)) AND ?4 IS NULL", nil) }
        let (isVisible, bound) =
            switch table {
            case .experiments: permissions.visibleExperiments(for: .experiment).condition("id", boundAs: "?4")
            case .runs: permissions.visibleExperiments(for: .run).condition("experiment_id", boundAs: "?4")
            case .loggedModels:
                permissions.visibleExperiments(for: .loggedModel).condition("experiment_id", boundAs: "?4")
            case .registeredModels: permissions.visibleRegistryCondition(boundAs: "?4")
            }
        return ("(\(condition)) AND \(isVisible)", bound)
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
