internal import Filter
internal import Identities
internal import SQLite
internal import Tracking

/// A kind of search, described by its table, its SQL and its indexes; `ReadSession.find(_:)` carries it out.
///
/// Every kind needs a digest, a statement and a function that reads its entities. The members with a default are for
/// kinds whose rows can be reached by more than one index.
protocol SearchDescription: Sendable {
    associatedtype Found: Sendable

    /// The table that is searched. Its integer `id` identifies a row, and the largest id is about the number of rows.
    static var table: String { get }
    var filter: [Comparison] { get }
    /// The number of keys in the requested order; 0 for the default order.
    var sortKeyCount: Int { get }
    var experimentIDs: [Int64] { get }
    /// The maximum number of entities on a page, at least 1.
    var maxResults: Int { get }
    var pageToken: String? { get }
    /// Distinguishes the page tokens of different searches. The page size is not part of it, so it may change between
    /// pages.
    var digest: UInt64 { get }
    /// Whether MLflow's own page tokens, which contain a number of rows, are accepted.
    var acceptsOffsetTokens: Bool { get }
    /// The error for a page token of a search with another digest.
    func refusal(ofTokenWithDigest made: UInt64) -> TrackingError

    /// Returns the same search without what a client may not read.
    func within(_ permissions: Permissions) -> Self
    /// Returns the search as SQL, with a total order.
    func statement(by accessPath: AccessPath, in session: ReadSession) throws -> SearchStatement
    /// Returns the first rows of the page, as many as may be in memory at once, at least one.
    static func portion(of rows: [Int64], in session: ReadSession) throws -> [Int64]
    /// Reads the entities of the rows, in their order, without those that were deleted since the rows were found.
    static func entities(rows: [Int64], in session: ReadSession) throws -> [Found]

    /// Whether the filter selects rows by their ids; SQLite then looks these rows up.
    var selectsRowsByID: Bool { get }
    /// Whether an index has the order of the search, so that a scan of it can end when the page is full.
    var isInOrderOfAnIndex: Bool { get }
    /// Whether a value index can find the rows that meet a comparison faster than a scan.
    func isAnsweredByIndex(_ comparison: Comparison) -> Bool
    /// Whether all rows from `indexRows` meet the comparison. An index that holds only the beginning of texts also
    /// yields rows that do not.
    func isFullyAnsweredByIndex(_ comparison: Comparison) -> Bool
    /// Counts the rows of the searched experiments, but stops at the limit.
    func rowCount(upTo limit: Int64, in session: ReadSession) throws -> Int64
    /// Returns the SQL that finds rows for a comparison in a value index; `rowColumn` is the column with the row id.
    func indexRows(meeting comparison: Comparison, in session: ReadSession) throws -> SearchStatement
    /// Returns the value index of the metric by which the search orders first; nil if it orders first by something
    /// else.
    func metricWalk(in session: ReadSession) throws -> MetricWalk?
}

/// The access path: how the rows of a search are reached.
enum AccessPath {
    /// By the path that SQLite chooses.
    case order
    /// By their ids; no other rows are looked at.
    case candidates(CandidateRows)
    /// By the value index of the metric by which the search orders first; only rows of this class.
    case metric(MetricClass)
}

/// The class of a row's metric value.
///
/// In both directions of an order, all rows of one class come before the next class.
enum MetricClass: Int64 {
    case number = 0
    case notANumber = 1
    case missing = 2
}

/// A scan of the value index of a metric, which yields rows in the order of a search.
struct MetricWalk {
    /// The classes in their order; the position of a row's class in this list is the row's first sort value.
    var classes: [MetricClass]
    /// Selects all entries of the metric in the index, NaN included.
    var allEntries: SearchStatement
    /// Selects the entries that are numbers, ordered by value.
    var numbers: SearchStatement
}

extension SearchDescription {
    var filter: [Comparison] { [] }
    var sortKeyCount: Int { 0 }
    var experimentIDs: [Int64] { [] }
    var acceptsOffsetTokens: Bool { true }
    func refusal(ofTokenWithDigest made: UInt64) -> TrackingError { PageToken.otherQuery }
    static func portion(of rows: [Int64], in session: ReadSession) -> [Int64] { rows }
    var selectsRowsByID: Bool { false }
    var isInOrderOfAnIndex: Bool { true }
    func isAnsweredByIndex(_ comparison: Comparison) -> Bool { false }
    func isFullyAnsweredByIndex(_ comparison: Comparison) -> Bool { false }
    func rowCount(upTo limit: Int64, in session: ReadSession) throws -> Int64 { limit }
    func indexRows(meeting comparison: Comparison, in session: ReadSession) throws -> SearchStatement {
        throw StoreCorruption("no index answers a comparison with \(comparison.key)")
    }
    func metricWalk(in session: ReadSession) throws -> MetricWalk? { nil }
}

extension SearchDescription {
    /// The approximate number of rows in the whole table, at least 1.
    func rowCount(in session: ReadSession) throws -> Int64 {
        let count = try session.connection.query("SELECT max(id) FROM \(Self.table)").firstRow { $0.int64(0) } ?? 0
        return max(count, 1)
    }

    /// Counts the rows of the searched experiments, deleted ones included, but stops at the limit.
    func rowsOfExperiments(upTo limit: Int64, in session: ReadSession) throws -> Int64 {
        var rows = SearchStatement(rowColumn: "id", source: Self.table)
        rows.restrict(Self.table, to: experimentIDs)
        rows.conditions.append("lifecycle_stage IN (0, 1)")
        return try session.count(rows, upTo: limit)
    }
}
