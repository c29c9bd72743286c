/// The metrics, params and tags of one `runs/log-batch` request.
package struct LogBatch: Sendable, Equatable {
    package var metrics: [Metric]
    /// Those points of `metrics` that name a logged model, with the id of the model.
    package var modelMetrics: [ModelMetric]
    package var params: [Param]
    package var tags: [Tag]

    package init(metrics: [Metric] = [], modelMetrics: [ModelMetric] = [], params: [Param] = [], tags: [Tag] = []) {
        self.metrics = metrics
        self.modelMetrics = modelMetrics
        self.params = params
        self.tags = tags
    }

    /// Checks the batch, and returns it with long values truncated if the policy says so.
    ///
    /// Checks in MLflow's order (`SqlAlchemyStore.log_batch`): each entity, then the counts, then repeated param keys.
    /// The cost is linear in the size of the batch.
    /// - Throws: `.invalidParameterValue` for the first rule that is broken.
    package func validated(longValues: LongValuePolicy) throws(TrackingError) -> LogBatch {
        var result = LogBatch(metrics: metrics, modelMetrics: modelMetrics)
        for (index, metric) in metrics.enumerated() { try validateMetric(metric, path: "metrics[\(index)]") }
        result.params.reserveCapacity(params.count)
        for (index, param) in params.enumerated() {
            result.params.append(try validatedParam(param, path: "params[\(index)]", longValues: longValues))
        }
        result.tags.reserveCapacity(tags.count)
        for (index, tag) in tags.enumerated() {
            result.tags.append(try validatedTag(tag, path: "tags[\(index)]", longValues: longValues))
        }
        try validateCounts()
        try validateParamKeysAreUnique()
        return result
    }

    private func validateCounts() throws(TrackingError) {
        let total = metrics.count + params.count + tags.count
        let counts: [(name: String, count: Int, limit: Int)] = [
            ("metrics", metrics.count, TrackingLimits.metricsPerBatch),
            ("params", params.count, TrackingLimits.paramsPerBatch),
            ("tags", tags.count, TrackingLimits.tagsPerBatch),
            ("metrics, params, and tags", total, TrackingLimits.entitiesPerBatch),
        ]
        for (name, count, limit) in counts where count > limit {
            throw .invalidParameter(
                "A batch logging request can contain at most \(limit) \(name). Got \(count) \(name). "
                    + "Please split up \(name) across multiple requests and try again."
            )
        }
    }

    private func validateParamKeysAreUnique() throws(TrackingError) {
        var seen: Set<ExactText> = []
        let repeated = params.map(\.key).filter { !seen.insert(ExactText($0)).inserted }
        guard repeated.isEmpty else {
            let keys = repeated.map { "'\($0)'" }.joined(separator: ", ")
            throw .invalidParameter(
                "Duplicate parameter keys have been submitted: [\(keys)]. Please ensure "
                    + "the request contains only one param value per param key."
            )
        }
    }
}
