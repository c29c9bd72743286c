internal import Identities
internal import SQLite
internal import Tracking

/// The tables whose rows are passed on one after another.
enum TransferTable: String {
    case experiments
    case runs
    case loggedModels = "logged_models"
    case registeredModels = "registered_models"
}

/// The rows of a table that belong to a subset, in ascending order.
struct RowCursor {
    /// Rows that are looked for at once: 80 KB, and a subset of many runs is sorted once for so many of them.
    private static let rowsAtOnce = 10_000

    private let table: TransferTable
    /// What holds for the rows of the subset, which is bound as `?1`.
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

    /// The next rows, which are all there; nil at the end.
    mutating func next(_ session: ReadSession, limit: Int) throws -> [Int64]? {
        let (condition, seen) = try seenCondition(session)
        while true {
            if found.isEmpty {
                guard !isLast else { return nil }
                found = try session.connection.query(
                    "SELECT id FROM \(table.rawValue) WHERE \(condition) AND id > ?2 ORDER BY id LIMIT ?3",
                    list,
                    after,
                    Self.rowsAtOnce,
                    seen
                ).map { $0.int64(0) }[...]
                isLast = found.count < Self.rowsAtOnce
                after = found.last ?? after
            }
            let page = Array(found.prefix(limit))
            found = found.dropFirst(limit)
            // Some may have been removed, or be another thing, since they were found.
            let present = try session.connection.query(
                """
                SELECT id FROM \(table.rawValue)
                WHERE \(condition) AND id IN (SELECT value FROM json_each(?2)) AND ?3 IS NULL
                ORDER BY id
                """,
                list,
                jsonArray(page),
                nil as Int64?,
                seen
            ).map { $0.int64(0) }
            if !present.isEmpty { return present }
        }
    }

    /// The condition without what the client may not read, and the ids of the exceptions, which are bound as `?4`.
    private func seenCondition(_ session: ReadSession) throws -> (sql: String, seen: String?) {
        guard let permissions = session.permissions else { return ("(\(condition)) AND ?4 IS NULL", nil) }
        let (isSeen, seen) =
            switch table {
            case .experiments: permissions.visibleExperiments(for: .experiment).condition("id", boundAs: "?4")
            case .runs: permissions.visibleExperiments(for: .run).condition("experiment_id", boundAs: "?4")
            case .loggedModels:
                permissions.visibleExperiments(for: .loggedModel).condition("experiment_id", boundAs: "?4")
            case .registeredModels: permissions.visibleRegistryCondition(boundAs: "?4")
            }
        return ("(\(condition)) AND \(isSeen)", seen)
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
