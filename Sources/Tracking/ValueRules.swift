/// Throws `.invalidParameterValue` if MLflow does not allow the metric (`_validate_metric` in `validation.py`).
///
/// Every step and every value is allowed, including NaN and infinities. The timestamp, in Unix milliseconds, must not be
/// negative.
/// - Parameter path: the position of the metric in a batch, such as `metrics[0]`; empty for a single metric.
package func validateMetric(_ metric: Metric, path: @autoclosure () -> String = "") throws(TrackingError) {
    try validateKey(metric.key, path: joinedPath(path(), "name"))
    guard metric.timestamp >= 0 else {
        // MLflow's message ends in a space.
        throw .invalidParameter(
            "Invalid value \(metric.timestamp) for parameter '\(joinedPath(path(), "timestamp"))' supplied: "
                + "metric '\(shortened(metric.key))' (value=\(metric.value)). "
                + "Timestamp must be a nonnegative long (64-bit integer) "
        )
    }
    _ = try metric.key.checked("Metric name", limit: TrackingLimits.keyLength)
}

/// Checks the key of a param, and returns the param as it is stored (`_validate_param`).
///
/// - Parameters:
///   - path: the position of the param in a batch, such as `params[0]`; empty for a single param.
///   - longValues: whether a value that is too long is truncated or refused.
/// - Throws: `.invalidParameterValue`.
package func validatedParam(
    _ param: Param,
    path: @autoclosure () -> String = "",
    longValues: LongValuePolicy
) throws(TrackingError) -> Param {
    try validateKey(param.key, path: joinedPath(path(), "key"))
    let key = try param.key.checked("Param key", limit: TrackingLimits.keyLength)
    let value = try param.value.fitted("Param value", limit: TrackingLimits.paramValueLength, longValues)
    return Param(key: key, value: value)
}

/// Checks the key of a run's tag, and returns the tag as it is stored (`_validate_tag`).
///
/// - Parameters:
///   - path: the position of the tag in a batch, such as `tags[0]`; empty for a single tag.
///   - longValues: whether a value that is too long is truncated or refused.
/// - Throws: `.invalidParameterValue`.
package func validatedTag(
    _ tag: Tag,
    path: @autoclosure () -> String = "",
    longValues: LongValuePolicy
) throws(TrackingError) -> Tag {
    try validateKey(tag.key, path: joinedPath(path(), "key"))
    let key = try tag.key.checked(joinedPath(path(), "key"), limit: TrackingLimits.keyLength)
    let value = try tag.value.fitted(joinedPath(path(), "value"), limit: TrackingLimits.tagValueLength, longValues)
    return Tag(key: key, value: value)
}

/// Throws `.invalidParameterValue` if MLflow does not allow the experiment tag; a long value is never truncated
/// (`_validate_experiment_tag`).
package func validateExperimentTag(_ tag: Tag) throws(TrackingError) {
    try validateKey(tag.key, path: "key")
    _ = try tag.key.checked("key", limit: TrackingLimits.keyLength)
    _ = try tag.value.checked("value", limit: TrackingLimits.experimentTagValueLength)
}

private func joinedPath(_ path: String, _ name: String) -> String { path.isEmpty ? name : path + "." + name }
