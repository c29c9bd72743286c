internal import Filter
internal import HTTPWire
internal import JSON
internal import Tracking

extension MLflowAPI {
    /// Finds the same runs as `runs/search`, and returns only the requested columns.
    func searchRunTable(_ message: RequestMessage) throws -> Operation {
        let columns = try RunTableColumns(message)
        let size = try message.pageSize()
        var search = try message.runSearch(maxResults: try message.checkedPageSize(size))
        search.orderings = try columns.orderings(message)
        search.pageToken = try message.string("page_token")
        let types = RunTableTypes(columns.columns)
        return page("runs", closing: { columns.write(types.areNumbers, to: &$0) }) { [search] session in
            try session.findRunTable(search, columns: columns.columns)
        } write: { row, writer in
            types.add(row.values)
            writer.write(row)
        }
    }

    /// Returns the metrics, params and tags of the newest runs that a search finds.
    func describeRunColumns(_ message: RequestMessage) throws -> Operation {
        let search = try message.runSearch(maxResults: 1_000)
        return .read({ try $0.describeRunColumns(search, valueLimit: 200_000) }) { columns in
            .json(capacity: 16_384) { $0.write(columns) }
        }
    }
}

extension RunTableRow: SizedEntity {
    var textBytes: Int {
        values.reduce(260 + name.utf8.count) { bytes, value in
            if case .text(let text) = value { bytes + 4 + text.utf8.count } else { bytes + 24 }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func write(_ row: RunTableRow) {
        beginObject()
        member("run_id", row.runID)
        member("run_name", row.name)
        member("experiment_id", String(row.experimentID))
        member("status", row.status.wireName)
        member("lifecycle_stage", row.lifecycleStage.wireName)
        member("start_time", row.startTime)
        if let endTime = row.endTime, endTime != 0 { member("end_time", endTime) }
        member("user_id", row.userID)
        member("parent_run_id", ifPresent: row.parentRunID)
        member("last_logged", ifPresent: row.lastLogged)
        memberArray("values") { writer in for value in row.values { writer.write(value) } }
        endObject()
    }

    private mutating func write(_ value: RunTableValue) {
        switch value {
        case .missing: null()
        case .number(let number): metricNumber(number)
        case .text(let text): string(text)
        case .extreme(let extreme):
            beginObject()
            key("value")
            metricNumber(extreme.value)
            member("step", extreme.step)
            endObject()
        }
    }

    /// The maximum number of keys of one kind in an answer; if there are more, the answer lists those that the most runs have.
    private static var listedKeys: Int { 2_000 }

    fileprivate mutating func write(_ columns: RunColumns) {
        beginObject()
        member("runs", columns.runCount)
        member("more_runs", columns.hasMoreRuns)
        let metrics = Self.listed(columns.metrics, runs: \.runCount, key: \.key)
        memberArray("metrics") { writer in
            for metric in metrics {
                writer.beginObject()
                writer.member("key", metric.key)
                writer.member("runs", metric.runCount)
                writer.endObject()
            }
        }
        if metrics.count < columns.metrics.count { member("more_metrics", true) }
        write(columns.params, as: "params", more: "more_params")
        write(columns.tags, as: "tags", more: "more_tags")
        endObject()
    }

    private mutating func write(_ texts: [RunColumns.Text], as name: StaticString, more: StaticString) {
        let listed = Self.listed(texts, runs: \.runCount, key: \.key)
        memberArray(name) { writer in
            for text in listed {
                writer.beginObject()
                writer.member("key", text.key)
                writer.member("runs", text.runCount)
                writer.member("distinct", text.distinctValueCount)
                writer.member("type", text.isNumber ? "number" : "string")
                writer.memberArray("values") { writer in
                    for value in text.samples { writer.string(value) }
                }
                writer.endObject()
            }
        }
        if listed.count < texts.count { member(more, true) }
    }

    /// Returns the columns, sorted by key; if there are more than `listedKeys`, only those that the most runs have.
    private static func listed<Column>(
        _ columns: [Column],
        runs: KeyPath<Column, Int>,
        key: KeyPath<Column, String>
    ) -> [Column] {
        func precedes(_ left: Column, _ right: Column) -> Bool {
            left[keyPath: key].utf8.lexicographicallyPrecedes(right[keyPath: key].utf8)
        }
        guard columns.count > listedKeys else { return columns.sorted(by: precedes) }
        let most = columns.sorted { left, right in
            (left[keyPath: runs], precedes(left, right) ? 1 : 0) > (right[keyPath: runs], precedes(right, left) ? 1 : 0)
        }
        return most.prefix(listedKeys).sorted(by: precedes)
    }
}
