internal import Filter
internal import Identities
internal import SQLite
internal import Tracking

/// A kind of search, described by its table, its SQL and its indexes.
///
/// `ReadSession.find(_:)` carries the search out.
/// Every kind needs a digest, a statement and a function that reads its entities. Most members with a default are for
/// kinds whose rows can be reached by more than one index.
protocol SearchDescription: Sendable {
    associatedtype Found: Sendable

    /// The table that is searched. The column `id` identifies a row, and the largest id is about the number of rows.
    static var table: String { get }
    var filter: [Comparison] { get }
    /// The number of sort keys that the client asked for in `order_by`; 0 for the default order.
    var requestedSortKeyCount: Int { get }
    var experimentIDs: [Int64] { get }
    /// The maximum number of entities on a page, at least 1.
    var maxResults: Int { get }
    var pageToken: String? { get }
    /// Distinguishes the page tokens of different searches. Does not depend on the page size, so clients may change the
    /// page size between pages.
    var digest: UInt64 { get }
    /// Whether MLflow's own page tokens, which contain the number of rows before the page, are accepted.
    var acceptsOffsetTokens: Bool { get }
    /// Returns the error for a page token of another search, given the digest in the token.
    func refusal(ofTokenWithDigest tokenDigest: UInt64) -> TrackingError

    /// Returns the same search, restricted to entities that the permissions allow the client to read.
    func within(_ permissions: Permissions) -> Self
    /// Returns the search as SQL, with a total order.
    func statement(by accessPath: AccessPath, in session: ReadSession) throws -> SearchStatement
    /// Returns the first of the rows: as many as have entities that may be in memory together, and at least one.
    static func rowsReadAtOnce(of rows: [Int64], in session: ReadSession) throws -> [Int64]
    /// Reads the entities of the rows, in the same order, without those that were removed since the rows were found.
    static func entities(rows: [Int64], in session: ReadSession) throws -> [Found]

    /// Whether the filter selects rows by their ids; SQLite then looks these rows up.
    var selectsRowsByID: Bool { get }
    /// Whether an index has the order of the search, so that a scan of the index can end when the page is full.
    var isInOrderOfAnIndex: Bool { get }
    /// Whether an index of the database can find the rows that meet a comparison faster than a scan can.
    func isAnsweredByIndex(_ comparison: Comparison) -> Bool
    /// Whether all rows from `indexRows` meet the comparison. An index that contains only the beginning of each text
    /// also yields rows that do not meet it.
    func isFullyAnsweredByIndex(_ comparison: Comparison) -> Bool
    /// Counts the rows of the searched experiments, but stops at the limit.
    func rowCount(upTo limit: Int64, in session: ReadSession) throws -> Int64
    /// Returns the SQL that finds the rows for a comparison in an index of the database.
    func indexRows(meeting comparison: Comparison, in session: ReadSession) throws -> SearchStatement
    /// Returns the scan of a metric's index of values if the search orders first by that metric; otherwise nil.
    func metricScan(in session: ReadSession) throws -> MetricScan?
}

/// The access path: how the rows of a search are reached.
enum AccessPath {
    case chosenBySQLite
    /// The rows are looked up by the ids of the candidates; no other rows are read.
    case candidates(CandidateRows)
    /// Only rows of one class are read, by the metric by which the search orders first: from the metric's index of values or, for
    /// the class `missing`, by the condition that a row lacks the metric.
    case metric(MetricClass)
}

/// The class of a row by its metric value.
///
/// Whether the order is ascending or descending, all rows of one class come before those of the next class.
enum MetricClass: Int64 {
    case number = 0
    case notANumber = 1
    case missing = 2
}

/// A scan of a metric's index of values, which yields rows in the order of a search.
struct MetricScan {
    /// The classes in their order.
    ///
    /// The index of a row's class in this list is the row's first sort value.
    var classes: [MetricClass]
    /// Selects all entries of the metric in the index, NaN included.
    var allEntries: SearchStatement
    /// Selects the entries that are numbers, ordered by value.
    var numbers: SearchStatement
}

extension SearchDescription {
    var filter: [Comparison] { [] }
    var requestedSortKeyCount: Int { 0 }
    var experimentIDs: [Int64] { [] }
    var acceptsOffsetTokens: Bool { true }
    func refusal(ofTokenWithDigest _: UInt64) -> TrackingError { PageToken.queryMismatch }
    static func rowsReadAtOnce(of rows: [Int64], in session: ReadSession) -> [Int64] { rows }
    var selectsRowsByID: Bool { false }
    var isInOrderOfAnIndex: Bool { true }
    func isAnsweredByIndex(_ comparison: Comparison) -> Bool { false }
    func isFullyAnsweredByIndex(_ comparison: Comparison) -> Bool { false }
    func rowCount(upTo limit: Int64, in session: ReadSession) throws -> Int64 { limit }
    func indexRows(meeting comparison: Comparison, in session: ReadSession) throws -> SearchStatement {
        throw StoreCorruption("no index answers a comparison with \(comparison.key)")
    }
    func metricScan(in session: ReadSession) throws -> MetricScan? { nil }
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
