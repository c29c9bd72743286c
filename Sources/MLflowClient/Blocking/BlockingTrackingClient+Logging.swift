internal import HTTPWire
internal import JSON

extension BlockingTrackingClient {
    /// The blocking form of ``TrackingClient/logMetric(runID:_:_:step:timestamp:)``.
    public func logMetric(
        runID: String,
        _ key: String,
        _ value: Double,
        step: Int64 = 0,
        timestamp: Int64? = nil
    ) throws(MLflowError) {
        let metric = Metric(key, value, step: step, timestamp: timestamp)
        try perform(.post, "runs/log-metric", .repeatable) { body in
            body.member("run_id", runID)
            metric.writeMembers(to: &body)
        }
    }

    /// The blocking form of ``TrackingClient/logParam(runID:_:_:)``.
    public func logParam(runID: String, _ key: String, _ value: String) throws(MLflowError) {
        try perform(.post, "runs/log-parameter", .repeatable) { body in
            body.member("run_id", runID)
            body.member("key", key)
            body.member("value", value)
        }
    }

    /// The blocking form of ``TrackingClient/setTag(runID:_:_:)``.
    public func setTag(runID: String, _ key: String, _ value: String) throws(MLflowError) {
        try perform(.post, "runs/set-tag", .repeatable) { body in
            body.member("run_id", runID)
            body.member("key", key)
            body.member("value", value)
        }
    }

    /// The blocking form of ``TrackingClient/deleteTag(runID:_:)``.
    public func deleteTag(runID: String, _ key: String) throws(MLflowError) {
        try perform(.post, "runs/delete-tag", .notRepeatable) { body in
            body.member("run_id", runID)
            body.member("key", key)
        }
    }

    /// The blocking form of ``TrackingClient/logBatch(runID:metrics:params:tags:)``.
    public func logBatch(
        runID: String,
        metrics: [Metric] = [],
        params: [Param] = [],
        tags: [Tag] = []
    ) throws(MLflowError) {
        var batches = LogBatches(runID: runID, metrics: metrics, params: params, tags: tags)
        while let body = batches.next() { try perform(.send(.post, "runs/log-batch", .repeatable, json: body)) }
    }

    /// The blocking form of ``TrackingClient/getMetricHistory(runID:_:)``.
    public func getMetricHistory(runID: String, _ key: String) throws(MLflowError) -> [Metric] {
        try allItems { token throws(MLflowError) in
            try getMetricHistoryPage(runID: runID, key, pageToken: token)
        }
    }

    /// The blocking form of ``TrackingClient/getMetricHistoryPage(runID:_:maxResults:pageToken:)``.
    public func getMetricHistoryPage(
        runID: String,
        _ key: String,
        maxResults: Int = 25_000,
        pageToken: String? = nil
    ) throws(MLflowError) -> Page<Metric> {
        let query = [
            ("run_id", runID), ("metric_key", key), ("max_results", String(maxResults)), ("page_token", pageToken),
        ]
        let answer = try answer(to: .get("metrics/get-history", query))
        return try Page(answer.list("metrics", Metric.init), answer)
    }
}
