internal import Identities
internal import SQLite
internal import Tracking

extension WriteSession {
    func insertMetrics(_ metrics: [Metric], runRow: Int64) throws {
        if metrics.count == 1, let metric = metrics.first {
            let series = MetricSeries(runRow: runRow, keyID: try keyID(for: metric.key))
            var change = MetricSummaryChange(try storedSummary(of: series))
            try insert(metric, into: series, change: &change)
            try store(change, of: series)
            return
        }
        // The summary of each key is written once, and not once for each point.
        var changes: [Int64: MetricSummaryChange] = [:]
        for metric in metrics {
            let series = MetricSeries(runRow: runRow, keyID: try keyID(for: metric.key))
            var change = try changes[series.keyID] ?? MetricSummaryChange(storedSummary(of: series))
            try insert(metric, into: series, change: &change)
            changes[series.keyID] = change
        }
        for (keyID, change) in changes { try store(change, of: MetricSeries(runRow: runRow, keyID: keyID)) }
    }

    /// Stores points of one metric of one run, and returns how many of them were new.
    func insert(_ points: [MetricPoint], into series: MetricSeries) throws -> Int {
        guard !points.isEmpty else { return 0 }
        let stored = try storedSummary(of: series)
        var change = MetricSummaryChange(stored)
        for point in points { try insert(point, into: series, change: &change) }
        try store(change, of: series)
        return Int((change.summary?.pointCount ?? 0) - (stored?.pointCount ?? 0))
    }

    private func insert(_ metric: Metric, into series: MetricSeries, change: inout MetricSummaryChange) throws {
        try insert(MetricPoint(metric), into: series, change: &change)
    }

    private func insert(_ point: MetricPoint, into series: MetricSeries, change: inout MetricSummaryChange) throws {
        let insert = statements.insertMetric
        try insert.bind(series.runRow, at: 1)
        try insert.bind(series.keyID, at: 2)
        try insert.bind(point.timestamp, at: 3)
        try insert.bind(point.step, at: 4)
        try insert.bind(point.value, at: 5)
        try insert.bind(point.isNaN ? 1 : 0, at: 6)
        try insert.run()
        if connection.changes > 0 { change.add(point) }
    }

    /// Returns the stored summary of a metric of a run; nil before its first point.
    private func storedSummary(of series: MetricSeries) throws -> MetricSummary? {
        if let cached = metricSummaries[series] { return cached }
        let select = statements.selectLatestMetric
        try select.bind(series.runRow, at: 1)
        try select.bind(series.keyID, at: 2)
        defer { select.reset() }
        guard try select.step() else { return nil }
        return MetricSummary(row: select)
    }

    private func store(_ change: MetricSummaryChange, of series: MetricSeries) throws {
        guard change.isChanged, let summary = change.summary else { return }
        let write =
            !change.hasNewLatest
            ? statements.updateSummaryOnly
            : change.isFirst ? statements.insertLatestMetric : statements.updateLatestMetric
        try write.bind(series.runRow, at: 1)
        try write.bind(series.keyID, at: 2)
        try write.bind(summary.pointCount, at: 3)
        try write.bind(summary.isInOrder ? 1 : 0, at: 4)
        // Without extremes, their parameters stay NULL.
        if let extremes = summary.extremes {
            try write.bind(extremes.minimum.value, at: 5)
            try write.bind(extremes.minimum.step, at: 6)
            try write.bind(extremes.maximum.value, at: 7)
            try write.bind(extremes.maximum.step, at: 8)
        }
        if change.hasNewLatest {
            try write.bind(summary.latest.value, at: 9)
            try write.bind(summary.latest.isNaN ? 1 : 0, at: 10)
            try write.bind(summary.latest.timestamp, at: 11)
            try write.bind(summary.latest.step, at: 12)
        }
        try write.run()
        metricSummaries[series] = summary
    }
}

extension MetricSummary {
    /// The columns of `latest_metrics` that `init(row:)` reads, in this order.
    static let columns =
        "value, is_nan, timestamp, step, point_count, in_order, minimum, minimum_step, maximum, maximum_step"

    init(row: Statement) {
        self.init(
            latest: MetricPoint(row: row, column: 0),
            pointCount: row.int64(4),
            isInOrder: row.int64(5) != 0,
            extremes: MetricExtremes(row: row, column: 6)
        )
    }
}

extension MetricExtremes {
    /// Reads four columns, starting with the given one: minimum, minimum_step, maximum, maximum_step.
    ///
    /// Returns nil if the columns are NULL.
    init?(row: Statement, column: Int) {
        guard !row.isNull(column) else { return nil }
        self.init(
            minimum: MetricExtreme(value: row.double(column), step: row.int64(column + 1)),
            maximum: MetricExtreme(value: row.double(column + 2), step: row.int64(column + 3))
        )
    }
}
