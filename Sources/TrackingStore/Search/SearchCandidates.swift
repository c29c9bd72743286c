internal import Filter
internal import SQLite

/// Rows that include all results of a search, and the comparisons that remain to be tested on them.
struct CandidateRows {
    /// The row ids, in ascending order.
    var rowIDs: [Int64]
    /// The comparisons that still have to be tested on the rows.
    var filter: [Comparison]
}

/// Finds candidate rows of a search in the database's indexes of metrics, params, tags and names, if that costs less than
/// scanning the rows in the order that the search asks for until the page is full.
///
/// The cost is estimated as a number of row look-ups. Before the indexes are read, the number of rows that meet several
/// comparisons is estimated as if the comparisons were independent; afterwards the exact number is used.
struct SearchCandidates<Search: SearchDescription> {
    /// The number of index entries that can be read in order in the time of one row look-up.
    private let indexEntriesPerLookup = 20.0
    /// The index for one of several comparisons is not read if more than 1 / `rowsPerMatch` of all rows meet the comparison,
    /// unless the index would be read even if the filter had no other comparison.
    private let rowsPerMatch: Int64 = 8
    /// The most rows that `find` counts for one of several comparisons, unless the limit for a single comparison is higher.
    private let maximumCountedRows: Int64 = 50_000

    private let search: Search
    private let session: ReadSession
    /// The number of rows in the whole table.
    private let rowCount: Int64

    /// The positions in the filter of the comparisons that an index of the database can answer; never empty.
    private let answerablePositions: [Int]

    /// Returns nil if no index of the database can answer a comparison of the filter.
    init?(_ search: Search, in session: ReadSession) throws {
        answerablePositions = search.filter.indices.filter { search.isAnsweredByIndex(search.filter[$0]) }
        guard !answerablePositions.isEmpty else { return nil }
        self.search = search
        self.session = session
        rowCount = try search.rowCount(in: session)
    }

    /// Whether each of the comparisons that an index can answer is met by more than this number of rows.
    func everyComparisonMatches(moreThan rows: Int64) throws -> Bool {
        try answerablePositions.allSatisfy { try countRows(meeting: search.filter[$0], upTo: rows + 1) > rows }
    }

    /// Returns the candidate rows, or nil if a scan in the order of the search costs less.
    func find() throws -> CandidateRows? {
        let chosen = try comparisonsWorthReading()
        guard !chosen.isEmpty else { return nil }
        var found: Set<Int64>?
        for position in chosen { found = try rows(meeting: search.filter[position], keepingOnly: found) }
        guard let found, try costsLess(Double(found.count), matches: Double(found.count)) else { return nil }
        let untested = search.filter.indices.filter { position in
            !chosen.contains(position) || !search.isFullyAnsweredByIndex(search.filter[position])
        }
        return CandidateRows(rowIDs: found.sorted(), filter: untested.map { search.filter[$0] })
    }

    /// Chooses the comparisons whose indexes are read, the most selective first; returns no comparison if a scan costs less.
    private func comparisonsWorthReading() throws -> [Int] {
        // A single index is used only if it yields fewer rows than a scan would read. To fill the page, a scan reads about
        // rowsForPage × rowCount / matches rows.
        let limitForOne = Int64((rowsForPage * Double(rowCount)).squareRoot())
        let limitForSeveral = max(limitForOne, min(rowCount / rowsPerMatch, maximumCountedRows))
        var counted: [(position: Int, rows: Double)] = []
        for (order, position) in answerablePositions.enumerated() {
            let hasOthers = !counted.isEmpty || order + 1 < answerablePositions.count
            let limit = hasOthers ? limitForSeveral : limitForOne
            let rows = try countRows(meeting: search.filter[position], upTo: limit)
            if rows < limit { counted.append((position, Double(rows))) }
        }
        var chosen: [Int] = []
        var matches = Double(rowCount)
        var readingCost = 0.0
        for (position, rows) in counted.sorted(by: { $0.rows < $1.rows }) {
            guard rows / indexEntriesPerLookup < matches else { break }
            chosen.append(position)
            matches *= rows / Double(rowCount)
            readingCost += rows / indexEntriesPerLookup
        }
        guard !chosen.isEmpty, try costsLess(matches + readingCost, matches: matches) else { return [] }
        return chosen
    }

    /// The number of rows on a page, plus one that shows whether there is another page.
    private var rowsForPage: Double { Double(search.maxResults + 1) }

    /// Whether this number of look-ups costs less than a scan, if `matches` rows of the table meet the filter.
    private func costsLess(_ lookups: Double, matches: Double) throws -> Bool {
        if search.isInOrderOfAnIndex, lookups * matches > rowsForPage * Double(rowCount) { return false }
        // A scan reads at most the rows of the searched experiments.
        return try search.rowCount(upTo: Int64(lookups) + 1, in: session) > Int64(lookups)
    }

    private func countRows(meeting comparison: Comparison, upTo limit: Int64) throws -> Int64 {
        try session.count(search.indexRows(meeting: comparison, in: session), upTo: limit)
    }

    private func rows(meeting comparison: Comparison, keepingOnly earlier: Set<Int64>?) throws -> Set<Int64> {
        let rows = try search.indexRows(meeting: comparison, in: session)
        var found: Set<Int64> = []
        let query = try session.connection.query("SELECT \(rows.rowColumn) \(rows.text)", values: rows.values)
        try query.forEachRow { row in
            let number = row.int64(0)
            if earlier?.contains(number) ?? true { found.insert(number) }
        }
        return found
    }
}
