package import Tracking

extension WriteSession {
    /// Logs a batch of metrics, params and tags of one run: all of it or nothing.
    ///
    /// - Parameter batch: validated; each param key at most once.
    /// - Throws: `.resourceDoesNotExist` for an unknown run, `.invalidParameterValue` for a deleted one and for a param
    ///   that holds another value, `.badRequest` for a metric of an unknown model.
    package func log(_ batch: LogBatch, runID: String) throws {
        let run = try activeRunRow(runID)
        try insertParams(batch.params, runRow: run.id, runID: runID)
        try insertModelMetrics(batch.modelMetrics, runRow: run.id)
        try insertMetrics(batch.metrics, runRow: run.id)
        for tag in batch.tags {
            try setTag(tag, runRow: run.id)
        }
    }
}
