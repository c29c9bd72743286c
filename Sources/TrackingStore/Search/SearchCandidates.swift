internal import Filter
internal import SQLite

/// Rows among which are all that a search finds.
struct CandidateRows {
    /// Ascending.
    var numbers: [Int64]
    /// What they have still to meet.
    var filter: [Comparison]
}

/// Finds the rows that may answer a search by reading the indexes of values, where that costs less than walking in the
/// order of the search until the page is full.
///
/// Costs are counted in rows looked up. How many rows meet several comparisons at once is first expected as if the
/// comparisons had nothing to do with each other, then known once the indexes have been read.
struct SearchCandidates<Search: SearchDescription> {
    /// Rows of an index that are read in its order in the time of looking one up.
    private let rowsPerLookup = 20.0
    /// Comparisons that a larger part of the rows meets are not worth reading together with others.
    private let largestPart: Int64 = 8
    /// How far the rows of one comparison are counted at the most.
    private let countedRows: Int64 = 50_000

    private let search: Search
    private let session: ReadSession
    /// Rows of the whole store.
    private let rowCount: Int64

    /// The comparisons that an index answers, by their places in the filter; at least one.
    private let answered: [Int]

    /// nil when no index answers a part of the filter.
    init?(_ search: Search, in session: ReadSession) throws {
        answered = search.filter.indices.filter { search.isAnsweredByIndex(search.filter[$0]) }
        guard !answered.isEmpty else { return nil }
        self.search = search
        self.session = session
        rowCount = try search.rowCount(in: session)
    }

    /// Whether each comparison that an index answers is met by more rows than these.
    func areMany(_ rows: Int64) throws -> Bool {
        try answered.allSatisfy { try countRows(meeting: search.filter[$0], upTo: rows + 1) > rows }
    }

    /// nil when a walk costs less.
    func find() throws -> CandidateRows? {
        let chosen = try worthReading()
        guard !chosen.isEmpty else { return nil }
        var found: Set<Int64>?
        for index in chosen {
            found = try rows(meeting: search.filter[index], among: found)
        }
        guard let found, try costsLess(Double(found.count), matches: Double(found.count)) else { return nil }
        let open = search.filter.indices.filter { index in
            !chosen.contains(index) || !search.isSettledByIndex(search.filter[index])
        }
        return CandidateRows(numbers: found.sorted(), filter: open.map { search.filter[$0] })
    }

    /// The comparisons by which the candidates are found, met by the fewest rows first; none when a walk costs less.
    private func worthReading() throws -> [Int] {
        // From one comparison alone one only goes when fewer rows meet it than a walk would pass.
        let alone = Int64((rowsForPage * Double(rowCount)).squareRoot())
        let together = max(alone, min(rowCount / largestPart, countedRows))
        var counted: [(comparison: Int, rows: Double)] = []
        for (place, index) in answered.enumerated() {
            let hasOthers = !counted.isEmpty || place + 1 < answered.count
            let limit = hasOthers ? together : alone
            let rows = try countRows(meeting: search.filter[index], upTo: limit)
            if rows < limit { counted.append((index, Double(rows))) }
        }
        var chosen: [Int] = []
        var matches = Double(rowCount)
        var reading = 0.0
        for (comparison, rows) in counted.sorted(by: { $0.rows < $1.rows }) {
            guard rows / rowsPerLookup < matches else { break }
            chosen.append(comparison)
            matches *= rows / Double(rowCount)
            reading += rows / rowsPerLookup
        }
        guard !chosen.isEmpty, try costsLess(matches + reading, matches: matches) else { return [] }
        return chosen
    }

    /// One more row than the page has tells whether there is another page.
    private var rowsForPage: Double { Double(search.maxResults + 1) }

    /// Whether looking up so many rows costs less than a walk when so many of the store's rows answer the search.
    private func costsLess(_ lookups: Double, matches: Double) throws -> Bool {
        if search.isInOrderOfAnIndex, lookups * matches > rowsForPage * Double(rowCount) { return false }
        // A walk ends with the rows among which the search is made.
        return try search.rowCount(upTo: Int64(lookups) + 1, in: session) > Int64(lookups)
    }

    private func countRows(meeting comparison: Comparison, upTo limit: Int64) throws -> Int64 {
        try session.count(search.indexRows(meeting: comparison, in: session), upTo: limit)
    }

    private func rows(meeting comparison: Comparison, among known: Set<Int64>?) throws -> Set<Int64> {
        let rows = try search.indexRows(meeting: comparison, in: session)
        var found: Set<Int64> = []
        let query = try session.connection.query("SELECT \(rows.rowColumn) \(rows.text)", values: rows.values)
        try query.forEachRow { row in
            let number = row.int64(0)
            if known?.contains(number) ?? true { found.insert(number) }
        }
        return found
    }
}
