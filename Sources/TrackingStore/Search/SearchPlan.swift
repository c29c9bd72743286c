internal import Filter
internal import SQLite
internal import Tracking

extension ReadSession {
    /// One page of what a search finds, in its order.
    ///
    /// - Throws: `.invalidParameterValue` for a page token that is none or belongs to another search, for more keys than
    ///   SQLite takes, and for a pattern that is too long.
    func find<Search: SearchDescription>(_ search: Search) throws -> SearchCursor<Search.Found> {
        advice = { Self.advice(on: search) }
        let digest = search.digest
        let start = try PageToken.parse(search.pageToken, digest: digest, refusal: search.refusal)
        if case .offset = start, !search.takesOffsets { throw search.refusal(ofTokenWith: ~digest) }
        let found = try SearchPlan(search, in: self).rows(from: start)
        let hasMore = found.rows.count > search.maxResults
        return SearchCursor(
            Search.self,
            rows: Array(found.rows.prefix(search.maxResults)),
            nextPageToken: hasMore ? found.keptValues.map { PageToken.make(after: $0, digest: digest) } : nil
        )
    }

    /// Says what makes a search dear, for the case that it takes too long.
    private static func advice<Search: SearchDescription>(on search: Search) -> String {
        let filter = search.filter
        let patterns = filter.count { $0.comparisonOperator == .like || $0.comparisonOperator == .ilike }
        var parts: [String] = []
        if patterns > 0 { parts.append("fewer patterns than its \(patterns), none of them beginning with '%'") }
        if filter.count > patterns { parts.append("fewer comparisons than its \(filter.count)") }
        if search.orderedKeys > 0 { parts.append("fewer keys to order by than its \(search.orderedKeys)") }
        if search.experimentIDs.count > 1 { parts.append("fewer experiments than its \(search.experimentIDs.count)") }
        return "Use " + (parts + ["smaller pages"]).joined(separator: ", or ") + "."
    }
}

/// Chooses how a search is carried out, by looking at how many rows each index would give.
///
/// Each look is bounded. Whatever is chosen, the rows, their order and their page tokens are the same, so that the choice
/// may differ from one page to the next.
struct SearchPlan<Search: SearchDescription> {
    /// Fewer rows than this in the searched experiments are sorted rather than met on a walk through a metric's values.
    private let fewRows: Int64 = 500
    /// How far the searched rows are counted.
    private let countedRows: Int64 = 5_000
    /// Values of a metric that are walked for each row of the page before the rows that meet the filter are collected and
    /// sorted: first a few, to see how many of them meet it, then so many that the page is probably filled.
    private let probedValues = 2
    private let triedValues = 32

    private let search: Search
    private let session: ReadSession
    /// One more row than the page has tells whether there is another page.
    private let wanted: Int

    init(_ search: Search, in session: ReadSession) {
        self.search = search
        self.session = session
        wanted = search.maxResults + 1
    }

    /// The rows of one page and one more, if there are that many.
    func rows(from start: PageStart) throws -> SearchRows {
        guard !search.namesRows else { return try rows(reachedBy: .order, from: start) }
        let walk = try usefulWalk(from: start)
        let candidates = try SearchCandidates(search, in: session)
        if let walk, let candidates, try candidates.areMany(Int64(wanted * triedValues)),
            let found = try tried(walk, from: start)
        {
            return found
        }
        if let found = try candidates?.find() { return try rows(reachedBy: .candidates(found), from: start) }
        guard let walk else { return try rows(reachedBy: .order, from: start) }
        return try rows(along: walk, from: start)
    }

    private func rows(reachedBy reach: SearchReach, from start: PageStart) throws -> SearchRows {
        let statement = try search.statement(reachedBy: reach, in: session)
        var offset: Int64 = 0
        if case .offset(let count) = start { offset = count }
        return try statement.rows(
            wanted,
            after: start.values,
            offset: offset,
            keepingValuesOf: wanted - 2,
            in: session.connection
        )
    }

    // MARK: Walks

    /// The walk through the values of the metric that orders the search, if it meets the searched rows soon enough.
    private func usefulWalk(from start: PageStart) throws -> MetricWalk? {
        if case .offset = start { return nil }
        guard let walk = try search.metricWalk(in: session) else { return nil }
        let rows = try search.rowCount(upTo: countedRows, in: session)
        guard rows >= fewRows, rows < countedRows else { return rows == countedRows ? walk : nil }
        // If fewer than one value in four of this metric belongs to the searched experiments, sorting is about as fast as
        // walking its index.
        return try session.count(walk.measured, upTo: 4 * rows) < 4 * rows ? walk : nil
    }

    /// Whether no row of the store lacks the metric.
    ///
    /// A count over an index tells it far sooner than a look at every row.
    private func isComplete(_ walk: MetricWalk) throws -> Bool {
        try session.count(walk.measured) == search.rowCount(in: session)
    }

    /// Rows with a number, then with NaN, then without the metric, each by an index of its own.
    private func rows(along walk: MetricWalk, from start: PageStart) throws -> SearchRows {
        var found = SearchRows()
        for (place, metricClass) in walk.classes.enumerated() {
            if let done = start.place, done > place { continue }
            if metricClass == .missing, try isComplete(walk) { break }
            try append(metricClass, at: place, from: start, to: &found)
            if found.rows.count == wanted { break }
        }
        return found
    }

    /// - Parameter end: a value of the metric before which the walk ends; nil for none.
    private func append(
        _ metricClass: MetricClass,
        at place: Int,
        from start: PageStart,
        before end: SortValue? = nil,
        to found: inout SearchRows
    ) throws {
        var statement = try search.statement(reachedBy: .metric(metricClass), in: session)
        if let end { statement.end(before: end) }
        // Sort values as the whole search has them: the class, the value, the rest.
        let leading: [SortValue] = [.integer(Int64(place))] + (metricClass == .missing ? [.null] : [])
        let part = try statement.rows(
            wanted - found.rows.count,
            after: start.place == place ? start.values.map { Array($0.dropFirst(leading.count)) } : nil,
            keepingValuesOf: wanted - 2 - found.rows.count,
            in: session.connection
        )
        found.rows += part.rows
        found.keptValues = found.keptValues ?? part.keptValues.map { leading + $0 }
    }

    /// The page, if a bounded number of the metric's values holds it; nil when they do not, or when a few of them tell that
    /// they will not.
    private func tried(_ walk: MetricWalk, from start: PageStart) throws -> SearchRows? {
        guard start.place ?? 0 == 0 else { return nil }
        for values in [probedValues, triedValues] {
            var numbers = walk.numbers
            guard let end = try numbers.value(wanted * values, after: start.values?.dropFirst().first, in: session)
            else { return nil }
            var found = SearchRows()
            try append(.number, at: 0, from: start, before: end, to: &found)
            if found.rows.count == wanted { return found }
            if found.rows.count * triedValues < wanted * values { return nil }
        }
        return nil
    }
}

extension PageStart {
    /// The sort values of the row before the page.
    fileprivate var values: [SortValue]? {
        guard case .after(let values) = self else { return nil }
        return values
    }

    /// The class of the row before the page, on a walk through the values of a metric.
    fileprivate var place: Int? {
        guard case .integer(let place) = values?.first else { return nil }
        return Int(exactly: place)
    }
}
