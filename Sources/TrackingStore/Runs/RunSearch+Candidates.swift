internal import Filter
internal import SQLite

extension RunSearch: CandidateSearch {
    var isInOrderOfAnIndex: Bool {
        guard let first = orderings.first else { return true }
        return first.entity == .metric || first.entity == .attribute && first.key == "start_time"
    }

    func isAnsweredByIndex(_ comparison: Comparison) -> Bool {
        switch (comparison.entity, comparison.comparisonOperator) {
        case (.metric, .equal), (.metric, .greater), (.metric, .greaterOrEqual), (.metric, .less),
            (.metric, .lessOrEqual), (.parameter, .equal), (.tag, .equal):
            true
        case (.attribute, .equal): comparison.isRunName
        default: false
        }
    }

    func isSettledByIndex(_ comparison: Comparison) -> Bool { comparison.entity == .metric }

    func rowCount(in session: ReadSession) throws -> Int64 {
        // Runs are never removed, so that the largest number is their count.
        let count = try session.connection.query("SELECT max(id) FROM runs").firstRow { $0.int64(0) } ?? 0
        return max(count, 1)
    }

    func rowCount(upTo limit: Int64, in session: ReadSession) throws -> Int64 {
        try session.runCount(in: experimentIDs, upTo: limit)
    }

    /// The rows that meet a comparison, and those of texts that only begin like the compared one.
    ///
    /// The index holds no more than their beginning.
    func indexRows(meeting comparison: Comparison, in session: ReadSession) throws -> SearchStatement {
        var rows = SearchStatement(rowColumn: "run_id", source: "latest_metrics")
        rows.conditions.append("key_id = \(rows.bind(try session.connection.keyID(for: comparison.keyOfPair)))")
        if comparison.entity == .metric {
            rows.conditions += ["is_nan = 0", try rows.condition("value", comparison)]
        } else if case .text(let text) = comparison.value {
            rows.source = comparison.entity == .parameter ? "params" : "run_tags"
            rows.conditions.append("substr(value, 1, 40) = substr(\(rows.bind(text)), 1, 40)")
        }
        return rows
    }
}

extension ReadSession {
    /// The number of runs of some experiments, deleted ones included, counted up to a limit.
    func runCount(in experimentIDs: [Int64], upTo limit: Int64) throws -> Int64 {
        let sql = """
            SELECT count(*) FROM (
                SELECT 1 FROM runs
                WHERE experiment_id IN (SELECT value FROM json_each(?1)) AND lifecycle_stage IN (0, 1)
                LIMIT ?2)
            """
        return try connection.query(sql, jsonArray(experimentIDs), limit).firstRow { $0.int64(0) } ?? 0
    }
}
