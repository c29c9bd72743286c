internal import Filter
internal import SQLite
internal import Tracking

extension ReadSession {
    /// Returns one page of the search, in its order.
    ///
    /// - Throws: `.invalidParameterValue` for a page token that is malformed or belongs to another search, for too many
    ///   sort keys, and for a pattern that is too long.
    func find<Search: SearchDescription>(_ search: Search) throws -> FoundRows<Search> {
        advice = {
            searchAdvice(
                filter: search.filter,
                sortKeyCount: search.requestedSortKeyCount,
                experimentCount: search.experimentIDs.count
            )
        }
        let search = permissions.map { search.within($0) } ?? search
        let digest = search.digest
        let start = try PageToken.parse(search.pageToken, digest: digest, refusal: search.refusal)
        if case .offset = start, !search.acceptsOffsetTokens { throw search.refusal(ofTokenWithDigest: ~digest) }
        let found = try SearchPlan(search, in: self).rows(from: start)
        let hasMore = found.rows.count > search.maxResults
        return FoundRows(
            rows: Array(found.rows.prefix(search.maxResults)),
            nextPageToken: hasMore ? found.keptValues.map { PageToken.make(after: $0, digest: digest) } : nil
        )
    }
}

/// Chooses the access path of a search by counting, within limits, the rows that each index would yield.
///
/// Every access path gives the same rows, order and page tokens, so the pages of one search may use different access paths.
struct SearchPlan<Search: SearchDescription> {
    /// If the searched experiments have fewer rows than this number, sorting the rows is faster than scanning the metric's index.
    private let minimumRowsToScan: Int64 = 500
    /// The maximum number of rows that are counted in the searched experiments.
    private let maximumCountedRows: Int64 = 5_000
    /// The number of metric values per row of the page that are scanned first, to see how many of the values belong to
    /// rows that meet the filter.
    private let probedValuesPerRow = 2
    /// The maximum number of metric values per row of the page that are scanned before other access paths are tried.
    private let triedValuesPerRow = 32

    private let search: Search
    private let session: ReadSession
    /// The number of rows on a page, plus one that shows whether there is another page.
    private let wantedRows: Int

    init(_ search: Search, in session: ReadSession) {
        self.search = search
        self.session = session
        wantedRows = search.maxResults + 1
    }

    /// Returns the rows of the page, and the first row of the next page if there is one.
    func rows(from start: PageStart) throws -> SearchRows {
        guard !search.selectsRowsByID else { return try rows(by: .chosenBySQLite, from: start) }
        let scan = try usefulScan(from: start)
        let candidates = try SearchCandidates(search, in: session)
        let triedValues = Int64(wantedRows * triedValuesPerRow)
        if let scan, let candidates, try candidates.everyComparisonMatches(moreThan: triedValues),
            let found = try probe(scan, from: start)
        {
            return found
        }
        if let found = try candidates?.find() { return try rows(by: .candidates(found), from: start) }
        guard let scan else { return try rows(by: .chosenBySQLite, from: start) }
        return try rows(along: scan, from: start)
    }

    private func rows(by accessPath: AccessPath, from start: PageStart) throws -> SearchRows {
        let statement = try search.statement(by: accessPath, in: session)
        var offset: Int64 = 0
        if case .offset(let count) = start { offset = count }
        return try statement.rows(
            wantedRows,
            after: start.values,
            offset: offset,
            keepingValuesOf: wantedRows - 2,
            in: session.connection
        )
    }

    // MARK: Index scans

    /// Returns the scan of the metric's index of values if it is likely to fill the page sooner than sorting would.
    private func usefulScan(from start: PageStart) throws -> MetricScan? {
        if case .offset = start { return nil }
        guard let scan = try search.metricScan(in: session) else { return nil }
        let rows = try search.rowCount(upTo: maximumCountedRows, in: session)
        guard rows < maximumCountedRows else { return scan }
        guard rows >= minimumRowsToScan else { return nil }
        // If fewer than one value in four of this metric belongs to the searched experiments, sorting their rows is
        // about as fast as scanning the index.
        return try session.count(scan.allEntries, upTo: 4 * rows) < 4 * rows ? scan : nil
    }

    /// Whether every row of the table has the metric.
    ///
    /// Counting the entries of the index is much faster than looking at every row.
    private func everyRowHasMetric(of scan: MetricScan) throws -> Bool {
        try session.count(scan.allEntries) == search.rowCount(in: session)
    }

    /// Returns rows with a number, then rows with NaN, then rows without the metric, each class by its own access path.
    private func rows(along scan: MetricScan, from start: PageStart) throws -> SearchRows {
        var found = SearchRows()
        for (classIndex, metricClass) in scan.classes.enumerated() {
            if let startClass = start.classIndex, startClass > classIndex { continue }
            if metricClass == .missing, try everyRowHasMetric(of: scan) { break }
            try append(metricClass, at: classIndex, from: start, to: &found)
            if found.rows.count == wantedRows { break }
        }
        return found
    }

    /// Appends rows of one class until the page is full.
    ///
    /// - Parameters:
    ///   - classIndex: the index of the class in `MetricScan.classes`.
    ///   - end: the metric value before which the scan ends; nil to scan all values.
    private func append(
        _ metricClass: MetricClass,
        at classIndex: Int,
        from start: PageStart,
        before end: SortValue? = nil,
        to found: inout SearchRows
    ) throws {
        var statement = try search.statement(by: .metric(metricClass), in: session)
        if let end { statement.end(before: end) }
        // A page token contains sort values that this statement does not have: first the class and then, if the metric
        // is missing, null.
        let leading: [SortValue] = [.integer(Int64(classIndex))] + (metricClass == .missing ? [.null] : [])
        let part = try statement.rows(
            wantedRows - found.rows.count,
            after: start.classIndex == classIndex ? start.values.map { Array($0.dropFirst(leading.count)) } : nil,
            keepingValuesOf: wantedRows - 2 - found.rows.count,
            in: session.connection
        )
        found.rows += part.rows
        found.keptValues = found.keptValues ?? part.keptValues.map { leading + $0 }
    }

    /// Scans the first values of the metric, `triedValuesPerRow` for each row of the page; returns nil if these do not fill the
    /// page.
    ///
    /// Gives up after `probedValuesPerRow` for each row if these show that the page will probably not be filled.
    private func probe(_ scan: MetricScan, from start: PageStart) throws -> SearchRows? {
        guard start.classIndex ?? 0 == 0 else { return nil }
        for values in [probedValuesPerRow, triedValuesPerRow] {
            var numbers = scan.numbers
            let lastValue = start.values?.dropFirst().first
            let end = try numbers.value(skipping: wantedRows * values, from: lastValue, in: session)
            guard let end else { return nil }
            var found = SearchRows()
            try append(.number, at: 0, from: start, before: end, to: &found)
            if found.rows.count == wantedRows { return found }
            if found.rows.count * triedValuesPerRow < wantedRows * values { return nil }
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

    /// The index, in `MetricScan.classes`, of the class of the row before the page.
    fileprivate var classIndex: Int? {
        guard case .integer(let index) = values?.first else { return nil }
        return Int(exactly: index)
    }
}
