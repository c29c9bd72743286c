package import Tracking

extension TrackingWriting {
    /// Logs a batch of metrics alone.
    package func logMetrics(_ metrics: [Metric], modelMetrics: [ModelMetric] = [], runID: String) throws {
        try log(LogBatch(metrics: metrics, modelMetrics: modelMetrics), runID: runID)
    }

    /// Logs a batch of one tag.
    package func setTag(_ tag: Tag, runID: String) throws {
        try log(LogBatch(tags: [tag]), runID: runID)
    }
}
