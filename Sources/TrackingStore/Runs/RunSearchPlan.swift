internal import Filter
internal import SQLite
internal import Tracking

/// By what the runs of a search are reached.
enum RunSearchReach {
    /// By the index of runs in their default order.
    case runs
    /// By the index that answers one comparison of the filter, which few runs meet.
    case comparison(Int)
    /// By the index of the values of the metric that the search orders by first.
    case metric(MetricClass)
}

/// Where a run stands in an order by a metric, in both directions.
enum MetricClass: Int64, CaseIterable {
    case number = 0
    case notANumber = 1
    case missing = 2
}

/// Chooses how a search is carried out, by looking at how many rows each index would give.
///
/// Each look is bounded. Whatever is chosen, the rows, their order and their page tokens are the same, so that the choice
/// may differ from one page to the next.
struct RunSearchPlan {
    /// A comparison that fewer rows meet is worth going from: sorting them costs less than walking the runs.
    private static let fewRows: Int64 = 1_000
    /// Fewer runs than this in the searched experiments are sorted rather than met on a walk through a metric's values.
    private static let fewRuns: Int64 = 500
    /// How far the searched runs are counted.
    private static let countedRuns: Int64 = 5_000

    private let search: RunSearch
    private let session: ReadSession

    init(_ search: RunSearch, in session: ReadSession) {
        self.search = search
        self.session = session
    }

    /// The numbers of the runs of one page, in order.
    func page() throws -> Page<Int64> {
        let digest = search.digest
        let comparison = try reachByComparison()
        let whole = try RunSearchStatement(search, reachedBy: comparison ?? .runs, in: session).statement
        let start = try PageToken.parse(search.pageToken, digest: digest, termCount: whole.terms.count)
        switch start {
        case .beginning, .after:
            if comparison == nil, try isWalkedByMetric() {
                return try walk(from: start).page(of: search.maxResults, digest: digest)
            }
        case .offset: break
        }
        return try whole.page(of: search.maxResults, startingAt: start, digest: digest, in: session.connection)
    }

    /// The comparison that the fewest runs meet, if they are few.
    private func reachByComparison() throws -> RunSearchReach? {
        var best: (index: Int, count: Int64)?
        for (index, comparison) in search.filter.enumerated() {
            guard let count = try rowCount(of: comparison), count < best?.count ?? Self.fewRows else { continue }
            best = (index, count)
        }
        return best.map { .comparison($0.index) }
    }

    /// The number of rows that meet a comparison, counted up to `fewRows`; nil when no index tells.
    private func rowCount(of comparison: Comparison) throws -> Int64? {
        var probe = SearchStatement(rowColumn: "", source: "")
        switch (comparison.entity, comparison.comparisonOperator) {
        case (.metric, .equal), (.metric, .greater), (.metric, .greaterOrEqual), (.metric, .less),
            (.metric, .lessOrEqual):
            probe.source = "latest_metrics"
            probe.conditions = ["is_nan = 0", try probe.condition("value", comparison)]
        case (.parameter, .equal), (.tag, .equal), (.attribute, .equal):
            guard comparison.entity != .attribute || comparison.isRunName, case .text(let text) = comparison.value
            else {
                return nil
            }
            probe.source = comparison.entity == .parameter ? "params" : "run_tags"
            probe.conditions = ["substr(value, 1, 40) = substr(\(probe.bind(text)), 1, 40)"]
        default: return nil
        }
        return try count(&probe, key: comparison.keyOfPair, upTo: Self.fewRows)
    }

    /// Whether runs are met soon enough on a walk through the values of the metric that orders them.
    private func isWalkedByMetric() throws -> Bool {
        guard let first = search.orderings.first, first.entity == .metric else { return false }
        let sql = """
            SELECT count(*) FROM (
                SELECT 1 FROM runs
                WHERE experiment_id IN (SELECT value FROM json_each(?1)) AND lifecycle_stage IN (0, 1)
                LIMIT ?2)
            """
        let ids = jsonArray(search.experimentIDs)
        let runs = try session.connection.query(sql, ids, Self.countedRuns).firstRow { $0.int64(0) } ?? 0
        guard runs >= Self.fewRuns else { return false }
        var probe = SearchStatement(rowColumn: "", source: "latest_metrics")
        // With four values of other experiments between two of these, sorting is about as fast.
        let values = try count(&probe, key: first.key, upTo: 4 * runs)
        return values < 4 * runs || runs == Self.countedRuns
    }

    private func count(_ probe: inout SearchStatement, key: String, upTo limit: Int64) throws -> Int64 {
        let keyID = probe.bind(try session.connection.keyID(for: key))
        probe.conditions.append("key_id = \(keyID)")
        let sql = """
            SELECT count(*) FROM (
                SELECT 1 FROM \(probe.source) WHERE \(probe.conditions.joined(separator: " AND ")) LIMIT \(probe.bind(limit)))
            """
        return try session.connection.query(sql, values: probe.values).firstRow { $0.int64(0) } ?? 0
    }

    /// Whether no run of the store lacks the metric that orders the search.
    ///
    /// Two counts over indexes tell it ten times sooner than a look at every run.
    private func everyRunHasTheMetric() throws -> Bool {
        guard let first = search.orderings.first else { return false }
        let sql = """
            SELECT (SELECT count(*) FROM runs) = (SELECT count(*) FROM latest_metrics WHERE key_id = ?1)
            """
        let keyID = try session.connection.keyID(for: first.key)
        return try session.connection.query(sql, keyID).firstRow { $0.int64(0) == 1 } ?? false
    }

    /// Runs with a number, then with NaN, then without the metric, each by an index of its own.
    private func walk(from start: PageStart) throws -> SearchRows {
        let limit = search.maxResults
        var found = SearchRows()
        var last: [SortValue]?
        if case .after(let values) = start { last = values }
        for metricClass in MetricClass.allCases {
            if case .integer(let done) = last?.first, done > metricClass.rawValue { continue }
            if metricClass == .missing, try everyRunHasTheMetric() { break }
            let statement = try RunSearchStatement(search, reachedBy: .metric(metricClass), in: session).statement
            // Sort values as the whole search has them: the class, the value, the rest.
            let leading: [SortValue] =
                metricClass == .missing ? [.integer(metricClass.rawValue), .null] : [.integer(metricClass.rawValue)]
            let isContinued = last?.first == .integer(metricClass.rawValue)
            let part = try statement.rows(
                limit + 1 - found.rows.count,
                after: isContinued ? last.map { Array($0.dropFirst(leading.count)) } : nil,
                keepingValuesOf: limit - 1 - found.rows.count,
                in: session.connection
            )
            found.rows += part.rows
            found.keptValues = found.keptValues ?? part.keptValues.map { leading + $0 }
            if found.rows.count > limit { break }
        }
        return found
    }
}
