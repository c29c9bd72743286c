internal import JSON
package import Tracking

/// Writes runs, or the points of their metrics, as a table, row by row, for pandas, DuckDB and spreadsheets.
///
/// A table of runs has the columns of the Python client's `search_runs`. The cell of a metric, param or tag that a run
/// does not have is empty.
package struct ExportTable: Sendable {
    package enum Format: String, CaseIterable, Sendable {
        /// RFC 4180 with a header line, in UTF-8. Numbers may be `nan`, `inf` and `-inf`; empty texts are in quotes.
        case csv
        /// One JSON object on each line. NaN and the infinities are strings; members without a value are left out.
        case jsonl
    }

    package enum Rows: String, CaseIterable, Sendable {
        case runs
        case metrics
    }

    private let rows: Rows
    private let format: Format
    /// The keys whose columns a CSV table has; each JSON line has only the keys of its own run.
    private let keys: RunKeys

    package init(_ rows: Rows, _ format: Format, keys: RunKeys) {
        self.rows = rows
        self.format = format
        self.keys = keys
    }

    /// Appends the header line of a CSV table; nothing for JSON Lines.
    package func begin(_ bytes: inout [UInt8]) {
        guard format == .csv else { return }
        CSVLine.append(to: &bytes) { line in
            switch rows {
            case .runs:
                for name in ["run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time"] {
                    line.text(name)
                }
                for key in keys.metrics { line.text("metrics." + key) }
                for key in keys.params { line.text("params." + key) }
                for key in keys.tags { line.text("tags." + key) }
            case .metrics:
                for name in ["run_id", "key", "value", "timestamp", "step"] { line.text(name) }
            }
        }
    }

    /// Appends the rows of a record: one for a run, or one for each point; other records have no rows.
    ///
    /// The metrics, params and tags of a run must be in the order of their keys' bytes.
    package func add(_ record: TransferRecord, to bytes: inout [UInt8]) {
        switch (rows, record) {
        case (.runs, .run(let run)):
            if format == .csv { addLine(run.run, &bytes) } else { addObject(run.run, &bytes) }
        case (.metrics, .points(let points)):
            if format == .csv { addLines(points, &bytes) } else { addObjects(points, &bytes) }
        default: break
        }
    }

    private func addLine(_ run: Run, _ bytes: inout [UInt8]) {
        CSVLine.append(to: &bytes) { line in
            line.text(run.info.runID)
            line.int(run.info.experimentID)
            line.text(run.info.status.wireName)
            line.text(run.info.artifactURI)
            line.text(UTCTime.text(run.info.startTime))
            if let end = run.info.endTime { line.text(UTCTime.text(end)) } else { line.emptyCell() }
            line.cells(of: run.metrics, key: \.key, in: keys.metrics) { $0.double($1.value) }
            line.cells(of: run.params, key: \.key, in: keys.params) { $0.text($1.value) }
            line.cells(of: run.tags, key: \.key, in: keys.tags) { $0.text($1.value) }
        }
    }

    private func addObject(_ run: Run, _ bytes: inout [UInt8]) {
        var writer = JSONWriter(continuing: bytes)
        bytes = []
        writer.beginObject()
        writer.member("run_id", run.info.runID)
        writer.member("experiment_id", String(run.info.experimentID))
        writer.member("status", run.info.status.wireName)
        writer.member("artifact_uri", run.info.artifactURI)
        writer.member("start_time", UTCTime.text(run.info.startTime))
        writer.member("end_time", ifPresent: run.info.endTime.map { UTCTime.text($0) })
        for metric in run.metrics {
            writer.key("metrics." + metric.key)
            writer.double(metric.value)
        }
        for param in run.params {
            writer.key("params." + param.key)
            writer.string(param.value)
        }
        for tag in run.tags {
            writer.key("tags." + tag.key)
            writer.string(tag.value)
        }
        writer.endObject()
        bytes = writer.takeBytes()
        bytes.append(UInt8(ascii: "\n"))
    }

    private func addLines(_ points: TransferredPoints, _ bytes: inout [UInt8]) {
        for point in points.points {
            CSVLine.append(to: &bytes) { line in
                line.text(points.runID)
                line.text(points.key)
                line.double(point.shownValue)
                line.int(point.timestamp)
                line.int(point.step)
            }
        }
    }

    private func addObjects(_ points: TransferredPoints, _ bytes: inout [UInt8]) {
        for point in points.points {
            var writer = JSONWriter(continuing: bytes)
            bytes = []
            writer.beginObject()
            writer.member("run_id", points.runID)
            writer.member("key", points.key)
            writer.key("value")
            writer.double(point.shownValue)
            writer.member("timestamp", point.timestamp)
            writer.member("step", point.step)
            writer.endObject()
            bytes = writer.takeBytes()
            bytes.append(UInt8(ascii: "\n"))
        }
    }
}
