internal import JSON
internal import Tracking
internal import TrackingStore

extension MLflowAPI {
    var metricEndpoints: [Endpoint] {
        endpoint("GET", "metrics/get-history", getMetricHistory)
            + endpoint("GET", "metrics/get-history-bulk-interval", getMetricHistoryBulkInterval)
            + [
                Endpoint(
                    method: "GET",
                    path: "/ajax-api/2.0/mlflow/metrics/get-history-bulk",
                    handling: messageHandling(getMetricHistoryBulk)
                )
            ]
    }

    /// Answers with all points, or with a page of them; a long answer is made piece by piece.
    private func getMetricHistory(_ message: RequestMessage) throws -> Operation {
        let history = MetricHistory(
            runID: try message.requiredRunID(),
            key: try message.requiredString("metric_key")
        )
        let pageToken = try message.string("page_token")
        let maxResults = try message.integer("max_results")
        if let maxResults, maxResults <= 0 {
            throw TrackingError.invalidParameter(
                "Invalid value \(maxResults) for parameter 'max_results' supplied. It must be a positive integer."
            )
        }
        let store = store
        return .read { session in
            let writer = MetricHistoryWriter(history, pageToken: pageToken, limit: maxResults ?? .max)
            var first: [UInt8] = []
            let hasMore = try writer.next(into: &first) { try session.metricHistory($0, pageToken: $1, limit: $2) }
            guard hasMore else { return .json(bytes: first) }
            let body = BegunBody(
                first,
                MetricHistoryBody(writer, store: store, after: session),
                reportFailure: reportFailure
            )
            return APIResponse(headers: [("Content-Type", "application/json")], body: .stream(body))
        }
    }

    private func getMetricHistoryBulk(_ message: RequestMessage) throws -> Operation {
        let runIDs = try message.strings("run_id") ?? []
        try requireRunCount(runIDs.count, request: "GetMetricHistoryBulk", verb: "cannot specify more than")
        guard let key = try message.string("metric_key") else {
            throw TrackingError.invalidParameter("GetMetricHistoryBulk request must specify a metric_key.")
        }
        let limit = min(try message.integer("max_results") ?? 25_000, 25_000)
        guard limit >= 0 else {
            throw TrackingError.invalidParameter(
                "Invalid value \(limit) for parameter 'max_results' supplied. It must be a positive integer."
            )
        }
        return .read { session in
            let points = try session.metricHistories(key: key, runIDs: runIDs, limit: Int(limit))
            return .json(capacity: 160 * points.count + 64) { writer in
                writer.beginObject()
                writer.memberArray("metrics") { writer in
                    for point in points {
                        // This route alone writes NaN as a bare token.
                        writer.write(point.point, key: key, runID: point.runID) { $0.bareDouble($1) }
                    }
                }
                writer.endObject()
            }
        }
    }

    private func requireRunCount(_ count: Int, request: String, verb: String) throws(TrackingError) {
        guard count > 0 else {
            throw .invalidParameter("\(request) request must specify at least one run_id.")
        }
        guard count <= 100 else {
            throw .invalidParameter("\(request) request \(verb) 100 run_ids. Received \(count) run_ids.")
        }
    }

    private func getMetricHistoryBulkInterval(_ message: RequestMessage) throws -> Operation {
        let sample = try MetricSample(message)
        return .read { session in
            try .json(capacity: 4_096) { writer in
                writer.beginObject()
                var isEmpty = true
                try sample.read(in: session) { runID, point in
                    if isEmpty {
                        writer.key("metrics")
                        writer.beginArray()
                        isEmpty = false
                    }
                    writer.write(point, key: sample.key, runID: runID) { $0.double($1) }
                }
                if !isEmpty { writer.endArray() }
                writer.endObject()
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
