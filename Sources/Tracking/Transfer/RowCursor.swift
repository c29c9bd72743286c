/// Finds the rows of a table that are transferred, in the order of `TransferRow`.
struct RowCursor {
    /// The number of rows that are found at once; they need at most 1 MB of memory.
    ///
    /// The number is large, because a store may have to sort all rows of a subset each time.
    private static let rowsAtOnce = 10_000

    private let rows: TransferRows
    /// The rows that were found and not yet returned.
    private var found: ArraySlice<TransferRow> = []
    private var lastFound: TransferRow?
    private var hasFoundAll = false

    init(_ table: TransferTable, _ subset: TransferSubset, includesDeletedRuns: Bool) {
        rows = TransferRows(table, subset, includesDeletedRuns: includesDeletedRuns)
    }

    /// Returns the next rows, which all still exist; nil at the end.
    mutating func next(_ session: any RecordReading, limit: Int) throws -> [TransferRow]? {
        while true {
            if found.isEmpty {
                guard !hasFoundAll else { return nil }
                found = try session.rows(rows, after: lastFound, limit: Self.rowsAtOnce)[...]
                hasFoundAll = found.count < Self.rowsAtOnce
                lastFound = found.last ?? lastFound
            }
            let page = Array(found.prefix(limit))
            found = found.dropFirst(limit)
            // Rows may have been removed since they were found, and a new row may have got the number of a removed one.
            let existing = try session.rows(rows, among: page)
            if !existing.isEmpty { return existing }
        }
    }
}

/// The position in the points of a run or logged model up to which they have been read.
package struct PointPosition {
    private static let maximumPointsPerRecord = 5_000

    private let owner: PointOwner
    /// The keys whose points have not been read yet, in reverse order; nil before the keys are read.
    private var keys: [TransferKey]?
    /// The sort values of the last point that was read of the current key; nil if no point of it has been read.
    private var last: [SortValue]?

    package var isAtEnd: Bool { keys?.isEmpty ?? false }

    package init(ofRun id: String) { owner = .run(id) }

    package init(ofModel id: String, inRunsOf subset: TransferSubset) {
        owner = if case .runs(let ids) = subset { .loggedModel(id, runs: ids) } else { .loggedModel(id, runs: nil) }
    }

    /// Reads the next points, metric by metric in the order of the keys' bytes, and by time within a metric.
    ///
    /// - Returns: records, and the number of their points, which is at most `limit`.
    package mutating func next(
        _ session: any RecordReading,
        limit: Int
    ) throws -> (records: [TransferRecord], count: Int) {
        var (records, count) = ([TransferRecord](), 0)
        var keys = try self.keys ?? session.metricKeys(of: owner).sorted { $1.name.precedes($0.name) }
        while count < limit, let key = keys.last {
            let pageLimit = min(limit - count, Self.maximumPointsPerRecord)
            let page = try session.points(of: owner, key, after: last, limit: pageLimit)
            if let page {
                records.append(page.record)
                count += page.count
                last = page.last
            }
            if (page?.count ?? 0) < pageLimit {
                keys.removeLast()
                last = nil
            }
        }
        self.keys = keys
        return (records, count)
    }
}

/// The position in a registered model's versions up to which they have been read.
package struct ModelVersionPosition {
    private let model: TransferRow
    package private(set) var isAtEnd = false
    private var last: Int64 = 0

    package init(model: TransferRow) { self.model = model }

    /// Reads the next versions, at most 100, in ascending order.
    package mutating func next(_ session: any RecordReading) throws -> [TransferredModelVersion] {
        let limit = 100
        let versions = try session.transferredVersions(ofModel: model, after: last, limit: limit)
        last = versions.last?.version.version ?? last
        isAtEnd = versions.count < limit
        return versions
    }
}
