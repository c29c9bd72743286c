internal import SQLite
package import Tracking

extension WriteSession {
    /// Logs points of a run's metrics; a point that is stored already is stored once.
    ///
    /// - Parameters:
    ///   - metrics: validated; any order of steps and times.
    ///   - modelMetrics: those among them that were logged against a model too.
    ///   - runID: an active run.
    /// - Throws: `.resourceDoesNotExist` for an unknown run, `.invalidParameterValue` for a deleted one, `.badRequest`
    ///   for an unknown model.
    package func logMetrics(_ metrics: [Metric], modelMetrics: [ModelMetric] = [], runID: String) throws {
        let run = try activeRunRow(runID)
        try insertModelMetrics(modelMetrics, runRow: run.id)
        try insertMetrics(metrics, runRow: run.id)
    }

    func insertMetrics(_ metrics: [Metric], runRow: Int64) throws {
        if metrics.count == 1, let metric = metrics.first {
            let series = MetricSeries(runRow: runRow, keyID: try keyID(for: metric.key))
            var summary = MetricSummary(try latestMetric(of: series))
            try insert(metric, into: series, summary: &summary)
            try store(summary, of: series)
            return
        }
        // The winner of each key is found before its row is written: one write a key, not one a point.
        var summaries: [Int64: MetricSummary] = [:]
        for metric in metrics {
            let series = MetricSeries(runRow: runRow, keyID: try keyID(for: metric.key))
            var summary = try summaries[series.keyID] ?? MetricSummary(latestMetric(of: series))
            try insert(metric, into: series, summary: &summary)
            summaries[series.keyID] = summary
        }
        for (keyID, summary) in summaries {
            try store(summary, of: MetricSeries(runRow: runRow, keyID: keyID))
        }
    }

    private func insert(_ metric: Metric, into series: MetricSeries, summary: inout MetricSummary) throws {
        let point = MetricPoint(metric)
        let insert = statements.insertMetric
        try insert.bind(series.runRow, at: 1)
        try insert.bind(series.keyID, at: 2)
        try insert.bind(point.timestamp, at: 3)
        try insert.bind(point.step, at: 4)
        try insert.bind(point.value, at: 5)
        try insert.bind(point.isNaN ? 1 : 0, at: 6)
        try insert.run()
        if connection.changes > 0 {
            summary.add(point)
        }
    }

    /// What is stored of a series; nil before its first point.
    private func latestMetric(of series: MetricSeries) throws -> LatestMetric? {
        if let known = latestMetrics[series] { return known }
        let select = statements.selectLatestMetric
        try select.bind(series.runRow, at: 1)
        try select.bind(series.keyID, at: 2)
        defer { select.reset() }
        guard try select.step() else { return nil }
        return LatestMetric(
            point: MetricPoint(
                value: select.double(0),
                isNaN: select.int64(1) != 0,
                timestamp: select.int64(2),
                step: select.int64(3)
            ),
            pointCount: select.int64(4),
            isInOrder: select.int64(5) != 0
        )
    }

    private func store(_ summary: MetricSummary, of series: MetricSeries) throws {
        guard summary.isChanged, let latest = summary.latest else { return }
        if summary.hasNewPoint {
            let write = summary.isFirst ? statements.insertLatestMetric : statements.updateLatestMetric
            try write.bind(series.runRow, at: 1)
            try write.bind(series.keyID, at: 2)
            try write.bind(latest.point.value, at: 3)
            try write.bind(latest.point.isNaN ? 1 : 0, at: 4)
            try write.bind(latest.point.timestamp, at: 5)
            try write.bind(latest.point.step, at: 6)
            try write.bind(latest.pointCount, at: 7)
            try write.bind(latest.isInOrder ? 1 : 0, at: 8)
            try write.run()
        } else {
            let count = statements.countLatestMetric
            try count.bind(series.runRow, at: 1)
            try count.bind(series.keyID, at: 2)
            try count.bind(latest.pointCount, at: 3)
            try count.bind(latest.isInOrder ? 1 : 0, at: 4)
            try count.run()
        }
        latestMetrics[series] = latest
    }
}

/// The summary of one series while points are being added to it.
private struct MetricSummary {
    private(set) var latest: LatestMetric?
    /// Whether nothing of the series was stored before.
    let isFirst: Bool
    /// Whether another point became the latest.
    private(set) var hasNewPoint = false
    /// Whether the stored summary is out of date.
    private(set) var isChanged = false

    init(_ stored: LatestMetric?) {
        latest = stored
        isFirst = stored == nil
    }

    /// Takes account of a point that was really inserted.
    mutating func add(_ point: MetricPoint) {
        isChanged = true
        guard var summary = latest else {
            latest = LatestMetric(point: point, pointCount: 1, isInOrder: true)
            hasNewPoint = true
            return
        }
        summary.pointCount += 1
        summary.isInOrder = summary.isInOrder && point.follows(summary.point)
        if point.supersedes(summary.point) {
            summary.point = point
            hasNewPoint = true
        }
        latest = summary
    }
}
