extension TrackingClient {
    /// Logs one point of a metric.
    ///
    /// - Parameter timestamp: the time of the point in milliseconds since 1970; nil for now.
    public func logMetric(
        runID: String,
        _ key: String,
        _ value: Double,
        step: Int64 = 0,
        timestamp: Int64? = nil
    ) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in
            try client.logMetric(runID: runID, key, value, step: step, timestamp: timestamp)
        }
    }

    /// Sets a param of a run; to set it again to the same value is not an error.
    public func logParam(runID: String, _ key: String, _ value: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in try client.logParam(runID: runID, key, value) }
    }

    /// Sets a tag of a run.
    public func setTag(runID: String, _ key: String, _ value: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in try client.setTag(runID: runID, key, value) }
    }

    /// Removes a tag of a run.
    public func deleteTag(runID: String, _ key: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in try client.deleteTag(runID: runID, key) }
    }

    /// Logs any number of points, params and tags, divided into calls that keep the server's limits.
    ///
    /// The server stores each call completely or not at all. If a call fails, the earlier calls are stored. The whole
    /// batch may then be logged again, because that does not change what is already stored.
    public func logBatch(
        runID: String,
        metrics: [Metric] = [],
        params: [Param] = [],
        tags: [Tag] = []
    ) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in
            try client.logBatch(runID: runID, metrics: metrics, params: params, tags: tags)
        }
    }

    /// All points of a metric, in the server's order; empty if the metric was never logged.
    public func getMetricHistory(runID: String, _ key: String) async throws(MLflowError) -> [Metric] {
        try await perform { client throws(MLflowError) in try client.getMetricHistory(runID: runID, key) }
    }

    /// One page of the points of a metric.
    ///
    /// Servers before MLflow 2.10 send all points on one page.
    ///
    /// - Parameters:
    ///   - maxResults: the largest number of points on the page.
    ///   - pageToken: the token from the previous page; nil for the first page.
    public func getMetricHistoryPage(
        runID: String,
        _ key: String,
        maxResults: Int = 25_000,
        pageToken: String? = nil
    ) async throws(MLflowError) -> Page<Metric> {
        try await perform { client throws(MLflowError) in
            try client.getMetricHistoryPage(runID: runID, key, maxResults: maxResults, pageToken: pageToken)
        }
    }
}
