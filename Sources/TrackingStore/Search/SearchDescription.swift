internal import Filter
internal import SQLite
internal import Tracking

/// What can be searched: its tables, keys and indexes; `ReadSession.find(_:)` does the rest.
///
/// A subject needs a digest, a statement and a way to read its entities; what has a default serves those subjects whose
/// rows can be reached by more than one index.
protocol SearchDescription: Sendable {
    associatedtype Found: Sendable

    /// Whose integer key names a row; its rows are never removed, or so few that the largest number is about their count.
    static var table: String { get }
    var filter: [Comparison] { get }
    /// How many keys it orders by; 0 for the default order.
    var orderedKeys: Int { get }
    var experimentIDs: [Int64] { get }
    /// At least 1.
    var maxResults: Int { get }
    var pageToken: String? { get }
    /// Tells the page tokens of different searches apart; the page size may change between pages.
    var digest: UInt64 { get }
    /// Whether a token of the reference, which counts rows, is accepted.
    var takesOffsets: Bool { get }
    /// The refusal of a token that a search with another digest made.
    func refusal(ofTokenWith made: UInt64) -> TrackingError

    /// The search as SQL, with an order that is total.
    func statement(reachedBy reach: SearchReach, in session: ReadSession) throws -> SearchStatement
    /// As many of a page's first rows as may be held as values at once, at least one.
    static func portion(of rows: [Int64], in session: ReadSession) throws -> [Int64]
    /// What the rows stand for, in their order, without those that have been removed since they were found.
    static func entities(rows: [Int64], in session: ReadSession) throws -> [Found]

    /// Whether the filter names the rows by their ids, which are then looked up.
    var namesRows: Bool { get }
    /// Whether rows can be met in the order of the search, so that a walk ends when the page is full.
    var isInOrderOfAnIndex: Bool { get }
    /// Whether an index of values tells which rows meet a comparison, sooner than a look at each row.
    func isAnsweredByIndex(_ comparison: Comparison) -> Bool
    /// Whether that index tells the whole truth and not only how a long text begins.
    func isSettledByIndex(_ comparison: Comparison) -> Bool
    /// Rows among which the search is made, counted up to a limit.
    func rowCount(upTo limit: Int64, in session: ReadSession) throws -> Int64
    /// The rows of an index that meet a comparison; `rowColumn` names what is searched.
    func indexRows(meeting comparison: Comparison, in session: ReadSession) throws -> SearchStatement
    /// The index of the metric that orders the search first; nil where none does.
    func metricWalk(in session: ReadSession) throws -> MetricWalk?
}

/// By what the rows of a search are reached.
enum SearchReach {
    /// By the index of the order, or by whatever SQLite finds best.
    case order
    /// By their numbers; the search looks at no other rows.
    case candidates(CandidateRows)
    /// By the index of the values of the metric that the search orders by first.
    case metric(MetricClass)
}

/// Where a row stands in an order by a metric, in both directions.
enum MetricClass: Int64 {
    case number = 0
    case notANumber = 1
    case missing = 2
}

/// The index of a metric's values, by which rows can be met in the order of a search.
struct MetricWalk {
    /// In the order of the search: their places are the first sort values of their rows.
    var classes: [MetricClass]
    /// All entries of the metric in the index.
    var measured: SearchStatement
    /// Those that are numbers, ordered by value.
    var numbers: SearchStatement
}

extension SearchDescription {
    var filter: [Comparison] { [] }
    var orderedKeys: Int { 0 }
    var experimentIDs: [Int64] { [] }
    var takesOffsets: Bool { true }
    func refusal(ofTokenWith made: UInt64) -> TrackingError { PageToken.otherQuery }
    static func portion(of rows: [Int64], in session: ReadSession) -> [Int64] { rows }
    var namesRows: Bool { false }
    var isInOrderOfAnIndex: Bool { true }
    func isAnsweredByIndex(_ comparison: Comparison) -> Bool { false }
    func isSettledByIndex(_ comparison: Comparison) -> Bool { false }
    func rowCount(upTo limit: Int64, in session: ReadSession) throws -> Int64 { limit }
    func indexRows(meeting comparison: Comparison, in session: ReadSession) throws -> SearchStatement {
        throw StoreCorruption("no index answers a comparison with \(comparison.key)")
    }
    func metricWalk(in session: ReadSession) throws -> MetricWalk? { nil }
}

extension SearchDescription {
    /// Rows of the whole store, at least 1.
    func rowCount(in session: ReadSession) throws -> Int64 {
        let count = try session.connection.query("SELECT max(id) FROM \(Self.table)").firstRow { $0.int64(0) } ?? 0
        return max(count, 1)
    }

    /// The rows of the searched experiments, deleted ones included, counted up to a limit.
    func rowsOfExperiments(upTo limit: Int64, in session: ReadSession) throws -> Int64 {
        var rows = SearchStatement(rowColumn: "id", source: Self.table)
        rows.restrict(Self.table, to: experimentIDs)
        rows.conditions.append("lifecycle_stage IN (0, 1)")
        return try session.count(rows, upTo: limit)
    }
}
