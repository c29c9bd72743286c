extension LoggedModelInfo {
    /// Throws "not found" if the model is deleted and the caller does not allow deleted models.
    package func requireVisible(allowsDeleted: Bool) throws(TrackingError) {
        guard allowsDeleted || lifecycleStage == .active else { throw .loggedModelNotFound(modelID) }
    }
}

extension TrackingError {
    /// The error for a param that the model already has, even with the same value.
    package static func loggedModelParamExists(_ key: String, modelID: String) -> TrackingError {
        TrackingError(
            .badRequest,
            "Logged model '\(shortened(modelID))' already has the param '\(shortened(key))', and params cannot be "
                + "changed: leave it out, or use another key."
        )
    }

    /// The error for a tag that the model does not have.
    package static func loggedModelTagNotFound(_ key: String, modelID: String) -> TrackingError {
        doesNotExist(
            "No tag with key \(pythonLiteral(shortened(key))) found for model with ID '\(shortened(modelID))'."
        )
    }

    /// The error for a metric that names a logged model that does not exist.
    package static func modelOfMetricNotFound(_ metric: ModelMetric) -> TrackingError {
        TrackingError(
            .badRequest,
            "Logged model with ID '\(shortened(metric.modelID))' not found: the metric "
                + "'\(shortened(metric.metric.key))' cannot be logged against it. Create the model first, or leave "
                + "'model_id' out."
        )
    }
}

/// A metric point of a logged model, with the rule that decides which point is the latest.
///
/// Unlike for runs, the timestamp is compared before the step, as in MLflow. Several runs can log points for one model,
/// so the run id breaks ties.
package struct ModelMetricPoint: Sendable, Equatable {
    package let point: MetricPoint
    package let runID: String

    package init(point: MetricPoint, runID: String) {
        self.point = point
        self.runID = runID
    }

    /// Whether this point is later than the other, by (timestamp, step), then lower run id, then higher value.
    package func supersedes(_ other: ModelMetricPoint) -> Bool {
        let (mine, others) = (point, other.point)
        guard (mine.timestamp, mine.step) == (others.timestamp, others.step) else {
            return (mine.timestamp, mine.step) > (others.timestamp, others.step)
        }
        guard runID.isExactly(other.runID) else { return runID.utf8.lexicographicallyPrecedes(other.runID.utf8) }
        return mine.value > others.value
    }
}
