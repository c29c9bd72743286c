internal import Filter
internal import SQLite

extension LoggedModelSearch: CandidateSearch {
    var isInOrderOfAnIndex: Bool {
        guard let first = orderings.first?.ordering else { return true }
        return first.entity == .metric || first.key == "creation_time" || first.key == "name"
    }

    func isAnsweredByIndex(_ comparison: Comparison) -> Bool {
        switch (comparison.entity, comparison.comparisonOperator) {
        case (.metric, .equal), (.metric, .greater), (.metric, .greaterOrEqual), (.metric, .less),
            (.metric, .lessOrEqual), (.parameter, .equal), (.tag, .equal):
            true
        case (.attribute, .equal): comparison.key == "name" || comparison.key == "source_run_id"
        // The default order walks an index that holds the names; in another one each name would be looked up.
        case (.attribute, _): comparison.key == "name" && orderings.first?.ordering.entity == .metric
        default: false
        }
    }

    /// Datasets are not in the index of values.
    func isSettledByIndex(_ comparison: Comparison) -> Bool {
        comparison.entity == .attribute || comparison.entity == .metric && datasets.isEmpty
    }

    func rowCount(in session: ReadSession) throws -> Int64 {
        // Models are never removed, so that the largest number is their count.
        let count = try session.connection.query("SELECT max(id) FROM logged_models").firstRow { $0.int64(0) } ?? 0
        return max(count, 1)
    }

    func rowCount(upTo limit: Int64, in session: ReadSession) throws -> Int64 {
        try session.loggedModelCount(in: experimentIDs, upTo: limit)
    }

    func indexRows(meeting comparison: Comparison, in session: ReadSession) throws -> SearchStatement {
        guard comparison.entity != .attribute else { return try indexRows(meetingAttribute: comparison) }
        var rows = SearchStatement(rowColumn: "model_id", source: "model_metrics")
        rows.conditions.append("key_id = \(rows.bind(try session.connection.keyID(for: comparison.key)))")
        if comparison.entity == .metric {
            rows.conditions.append(try rows.condition("value", comparison))
        } else if case .text(let text) = comparison.value {
            rows.source = comparison.entity == .parameter ? "logged_model_params" : "logged_model_tags"
            rows.conditions.append("substr(value, 1, 40) = substr(\(rows.bind(text)), 1, 40)")
        }
        return rows
    }

    private func indexRows(meetingAttribute comparison: Comparison) throws -> SearchStatement {
        guard comparison.key == "name" else {
            var rows = SearchStatement(rowColumn: "id", source: "logged_models INDEXED BY logged_models_by_source_run")
            rows.conditions.append(try rows.condition("source_run_id", comparison))
            return rows
        }
        var rows = SearchStatement(rowColumn: "id", source: "logged_models INDEXED BY logged_models_by_name")
        let ids = rows.bind(jsonArray(experimentIDs))
        rows.conditions = ["experiment_id IN (SELECT value FROM json_each(\(ids)))", "lifecycle_stage = 0"]
        rows.conditions.append(try rows.condition(("name", .text), comparison))
        return rows
    }
}

extension ReadSession {
    /// The number of models of some experiments, deleted ones included, counted up to a limit.
    func loggedModelCount(in experimentIDs: [Int64], upTo limit: Int64) throws -> Int64 {
        let sql = """
            SELECT count(*) FROM (
                SELECT 1 FROM logged_models
                WHERE experiment_id IN (SELECT value FROM json_each(?1)) AND lifecycle_stage IN (0, 1)
                LIMIT ?2)
            """
        return try connection.query(sql, jsonArray(experimentIDs), limit).firstRow { $0.int64(0) } ?? 0
    }
}
