internal import Filter
internal import SQLite
internal import Tracking

/// By what the runs of a search are reached.
enum RunSearchReach {
    /// By the index of runs in their default order.
    case runs
    /// By their numbers; the search looks at no other runs.
    case candidates(CandidateRows)
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
        // Runs that the filter names are found by their ids.
        let namesRuns = search.filter.contains(where: \.namesRuns)
        let candidates = namesRuns ? nil : try SearchCandidates(search, in: session).find()
        let reach = candidates.map { RunSearchReach.candidates($0) } ?? .runs
        let whole = try RunSearchStatement(search, reachedBy: reach, in: session).statement
        let start = try PageToken.parse(search.pageToken, digest: digest, termCount: whole.terms.count)
        switch start {
        case .beginning, .after:
            if candidates == nil, try isWalkedByMetric() {
                return try walk(from: start).page(of: search.maxResults, digest: digest)
            }
        case .offset: break
        }
        return try whole.page(of: search.maxResults, startingAt: start, digest: digest, in: session.connection)
    }

    /// Whether runs are met soon enough on a walk through the values of the metric that orders them.
    private func isWalkedByMetric() throws -> Bool {
        guard let first = search.orderings.first, first.entity == .metric,
            !search.filter.contains(where: \.namesRuns)
        else { return false }
        let runs = try session.runCount(in: search.experimentIDs, upTo: Self.countedRuns)
        guard runs >= Self.fewRuns, runs < Self.countedRuns else { return runs == Self.countedRuns }
        // With four values of other experiments between two of these, sorting is about as fast.
        let sql = "SELECT count(*) FROM (SELECT 1 FROM latest_metrics WHERE key_id = ?1 LIMIT ?2)"
        let keyID = try session.connection.keyID(for: first.key)
        return try session.connection.query(sql, keyID, 4 * runs).firstRow { $0.int64(0) < 4 * runs } ?? false
    }

    /// Whether no run of the store lacks the metric that orders the search.
    ///
    /// A count over an index tells it far sooner than a look at every run. Runs are never removed, so that the largest
    /// number is their count.
    private func everyRunHasTheMetric() throws -> Bool {
        guard let first = search.orderings.first else { return false }
        let sql = """
            SELECT (SELECT max(id) FROM runs) = (SELECT count(*) FROM latest_metrics WHERE key_id = ?1)
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
