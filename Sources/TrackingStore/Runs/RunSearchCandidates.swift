internal import Filter
internal import SQLite

/// Runs among which are all that a search finds.
struct CandidateRuns {
    /// Ascending.
    var numbers: [Int64]
    /// What they have still to meet.
    var filter: [Comparison]
}

/// Finds the runs that may answer a search by reading the indexes of values, where that costs less than walking the runs
/// in the order of the search until the page is full.
///
/// Costs are counted in runs looked up. How many runs meet several comparisons at once is first expected as if the
/// comparisons had nothing to do with each other, then known once the indexes have been read.
struct RunSearchCandidates {
    /// Rows of an index that are read in its order in the time of looking one run up.
    private static let rowsPerLookup = 20.0
    /// Comparisons that a larger part of the runs meets are not worth reading together with others.
    private static let largestPart: Int64 = 8
    /// How far the rows of one comparison are counted at the most.
    private static let countedRows: Int64 = 50_000

    private let search: RunSearch
    private let session: ReadSession
    /// Runs of the whole store.
    private let runCount: Int64

    init(_ search: RunSearch, in session: ReadSession) throws {
        self.search = search
        self.session = session
        // Runs are never removed, so that the largest number is their count.
        let count = try session.connection.query("SELECT max(id) FROM runs").firstRow { $0.int64(0) } ?? 0
        runCount = max(count, 1)
    }

    /// nil when a walk costs less.
    func find() throws -> CandidateRuns? {
        // Runs that the filter names are found by their ids.
        guard !search.filter.contains(where: \.namesRuns) else { return nil }
        let chosen = try worthReading(search.filter.indices.filter { search.filter[$0].isAnsweredByIndex })
        guard !chosen.isEmpty else { return nil }
        var found: Set<Int64>?
        for index in chosen {
            found = try runs(meeting: search.filter[index], among: found)
        }
        guard let found, try costsLess(Double(found.count), matches: Double(found.count)) else { return nil }
        let open = search.filter.indices.filter { !chosen.contains($0) || search.filter[$0].entity != .metric }
        return CandidateRuns(numbers: found.sorted(), filter: open.map { search.filter[$0] })
    }

    /// The comparisons by which the candidates are found, met by the fewest runs first; none when a walk costs less.
    private func worthReading(_ comparisons: [Int]) throws -> [Int] {
        // From one comparison alone one only goes when fewer runs meet it than a walk would pass.
        let alone = Int64((rowsForPage * Double(runCount)).squareRoot())
        let together = max(alone, min(runCount / Self.largestPart, Self.countedRows))
        var counted: [(comparison: Int, rows: Double)] = []
        for (place, index) in comparisons.enumerated() {
            let hasOthers = !counted.isEmpty || place + 1 < comparisons.count
            let limit = hasOthers ? together : alone
            let rows = try rowCount(of: search.filter[index], upTo: limit)
            if rows < limit { counted.append((index, Double(rows))) }
        }
        var chosen: [Int] = []
        var matches = Double(runCount)
        var reading = 0.0
        for (comparison, rows) in counted.sorted(by: { $0.rows < $1.rows }) {
            guard rows / Self.rowsPerLookup < matches else { break }
            chosen.append(comparison)
            matches *= rows / Double(runCount)
            reading += rows / Self.rowsPerLookup
        }
        guard !chosen.isEmpty, try costsLess(matches + reading, matches: matches) else { return [] }
        return chosen
    }

    /// One more row than the page has tells whether there is another page.
    private var rowsForPage: Double { Double(search.maxResults + 1) }

    /// Whether looking up so many runs costs less than a walk when so many of the store's runs answer the search.
    private func costsLess(_ lookups: Double, matches: Double) throws -> Bool {
        if search.isInOrderOfAnIndex, lookups * matches > rowsForPage * Double(runCount) { return false }
        // A walk ends with the runs of the searched experiments.
        return try session.runCount(in: search.experimentIDs, upTo: Int64(lookups) + 1) > Int64(lookups)
    }

    private func rowCount(of comparison: Comparison, upTo limit: Int64) throws -> Int64 {
        var rows = try indexRows(meeting: comparison)
        let sql = "SELECT count(*) FROM (SELECT 1 \(rows.text) LIMIT \(rows.statement.bind(limit)))"
        return try session.connection.query(sql, values: rows.statement.values).firstRow { $0.int64(0) } ?? 0
    }

    private func runs(meeting comparison: Comparison, among known: Set<Int64>?) throws -> Set<Int64> {
        let rows = try indexRows(meeting: comparison)
        var found: Set<Int64> = []
        let query = try session.connection.query("SELECT run_id \(rows.text)", values: rows.statement.values)
        try query.forEachRow { row in
            let run = row.int64(0)
            if known?.contains(run) ?? true { found.insert(run) }
        }
        return found
    }

    /// The rows that meet a comparison, and those of texts that only begin like the compared one.
    ///
    /// The index holds no more than their beginning.
    private func indexRows(meeting comparison: Comparison) throws -> (statement: SearchStatement, text: String) {
        var rows = SearchStatement(rowColumn: "run_id", source: "latest_metrics")
        rows.conditions.append("key_id = \(rows.bind(try session.connection.keyID(for: comparison.keyOfPair)))")
        if comparison.entity == .metric {
            rows.conditions += ["is_nan = 0", try rows.condition("value", comparison)]
        } else if case .text(let text) = comparison.value {
            rows.source = comparison.entity == .parameter ? "params" : "run_tags"
            rows.conditions.append("substr(value, 1, 40) = substr(\(rows.bind(text)), 1, 40)")
        }
        return (rows, "FROM \(rows.source) WHERE \(rows.conditions.joined(separator: " AND "))")
    }
}

extension Comparison {
    /// Whether the rows that meet it lie side by side in an index of values.
    fileprivate var isAnsweredByIndex: Bool {
        switch (entity, comparisonOperator) {
        case (.metric, .equal), (.metric, .greater), (.metric, .greaterOrEqual), (.metric, .less),
            (.metric, .lessOrEqual), (.parameter, .equal), (.tag, .equal):
            true
        case (.attribute, .equal): isRunName
        default: false
        }
    }
}

extension RunSearch {
    /// Whether runs can be met in the order of the search, so that a walk ends when the page is full.
    fileprivate var isInOrderOfAnIndex: Bool {
        guard let first = orderings.first else { return true }
        return first.entity == .metric || first.entity == .attribute && first.key == "start_time"
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
