extension LoggedModelInfo {
    /// Hides a deleted model from whoever asks for models in use, as if there were none.
    package func requireVisible(allowsDeleted: Bool) throws(TrackingError) {
        guard allowsDeleted || lifecycleStage == .active else { throw .loggedModelNotFound(modelID) }
    }
}

extension TrackingError {
    /// The model has the param already; a param is never changed, not even to the same value.
    package static func loggedModelParamExists(_ key: String, modelID: String) -> TrackingError {
        TrackingError(
            .badRequest,
            "Logged model '\(shortened(modelID))' has the param '\(shortened(key))' already, and params are "
                + "never changed: leave it out, or use another key."
        )
    }

    /// The model has no tag of that key.
    package static func loggedModelTagNotFound(_ key: String, modelID: String) -> TrackingError {
        doesNotExist(
            "No tag with key \(pythonLiteral(shortened(key))) found for model with ID '\(shortened(modelID))'."
        )
    }

    /// A metric is logged against a model that does not exist.
    package static func modelOfMetricNotFound(_ metric: ModelMetric) -> TrackingError {
        TrackingError(
            .badRequest,
            "Logged model with ID '\(shortened(metric.modelID))' not found: the metric "
                + "'\(shortened(metric.metric.key))' cannot be logged against it. Create the model first, or leave "
                + "'model_id' out."
        )
    }
}

/// A point of a logged model's metric, as one of which the latest is kept.
///
/// Another rule than for the metrics of runs: the reference orders by time before step here, and several runs may log
/// against one model.
package struct ModelMetricPoint: Sendable, Equatable {
    package let point: MetricPoint
    package let runID: String

    package init(point: MetricPoint, runID: String) {
        self.point = point
        self.runID = runID
    }

    /// Whether this point is the newer one: by (timestamp, step), ties by the lower run id, then by the higher value.
    package func supersedes(_ other: ModelMetricPoint) -> Bool {
        let (mine, others) = (point, other.point)
        guard (mine.timestamp, mine.step) == (others.timestamp, others.step) else {
            return (mine.timestamp, mine.step) > (others.timestamp, others.step)
        }
        guard runID.isExactly(other.runID) else { return runID.utf8.lexicographicallyPrecedes(other.runID.utf8) }
        return mine.value > others.value
    }
}
