internal import HTTPWire
internal import JSON
internal import Tracking

extension MLflowAPI {
    var metricEndpoints: [[Endpoint]] {
        let interval = "metrics/get-history-bulk-interval"
        let bulk = "2.0/mlflow/metrics/get-history-bulk"
        return [
            endpoint(.get, .tracking, "metrics/get-history", .search(.run), pages: .history, getMetricHistory),
            endpoint(.get, .tracking, interval, .search(.runs("run_ids")), pages: .samples, getMetricSamples),
            endpoint(.get, .pages, bulk, .search(.runs("run_id")), pages: .bulkHistory, getMetricHistoryBulk),
        ]
    }

    /// Answers with all points of a metric, or with a page of them; the answer is read and written in parts.
    private func getMetricHistory(_ message: RequestMessage) throws -> Operation {
        let history = MetricHistory(runID: try message.requiredRunID(), key: try message.requiredString("metric_key"))
        let pageToken = try message.string("page_token")
        let limit = Int64(try message.checkedPageSize(message.pageSize()))
        return inParts { _ in MetricHistoryInParts(history, pageToken: pageToken, limit: limit) }
    }

    private func getMetricHistoryBulk(_ message: RequestMessage) throws -> Operation {
        let runIDs = try message.strings("run_id") ?? []
        guard !runIDs.isEmpty else {
            throw TrackingError.invalidParameter("GetMetricHistoryBulk request must specify at least one run_id.")
        }
        guard runIDs.count <= 100 else {
            throw TrackingError.invalidParameter(
                "GetMetricHistoryBulk request cannot specify more than 100 run_ids. Received \(runIDs.count) run_ids."
            )
        }
        guard let key = try message.string("metric_key") else {
            throw TrackingError.invalidParameter("GetMetricHistoryBulk request must specify a metric_key.")
        }
        let limit = try message.checkedPageSize(message.pageSize())
        return .read({ try $0.metricHistories(key: key, runIDs: runIDs, limit: limit) }) { points in
            .jsonObject(capacity: 160 * points.count + 64) { writer in
                writer.memberArray("metrics") { writer in
                    for point in points {
                        // As in MLflow, this is the only route that writes NaN as a bare token and not as a string.
                        writer.write(point.point, key: key, runID: point.runID) { $0.bareDouble($1) }
                    }
                }
            }
        }
    }

    private func getMetricSamples(_ message: RequestMessage) throws -> Operation {
        let sample = try MetricSample(message)
        return .read({ try sample.read(in: $0) }) { samples in
            .jsonObject(capacity: 4_096) { writer in
                if samples.contains(where: { !$0.points.isEmpty }) {
                    writer.memberArray("metrics") { writer in
                        for (runID, points) in samples {
                            for point in points { writer.write(point, key: sample.key, runID: runID) { $0.double($1) } }
                        }
                    }
                }
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func write(
        _ point: MetricPoint,
        key: String,
        runID: String,
        value write: (inout JSONWriter, Double) -> Void
    ) {
        beginObject()
        member("key", key)
        self.key("value")
        write(&self, point.shownValue)
        member("timestamp", point.timestamp)
        member("step", point.step)
        member("run_id", runID)
        endObject()
    }
}
