/// Refuses a metric that MLflow does not allow (`_validate_metric` in `validation.py`).
///
/// Any double is a legal value, NaN and the infinities included; any step is legal; a timestamp (milliseconds since
/// 1970) is not negative. `path` is empty or, within a batch, `metrics[0]`.
package func validateMetric(_ metric: Metric, path: @autoclosure () -> String = "") throws(TrackingError) {
    try validateKey(metric.key, path: joinedPath(path(), "name"))
    guard metric.timestamp >= 0 else {
        // The reference's text ends in a space.
        throw .invalidParameter(
            "Invalid value \(metric.timestamp) for parameter '\(joinedPath(path(), "timestamp"))' supplied: "
                + "metric '\(shortened(metric.key))' (value=\(metric.value)). "
                + "Timestamp must be a nonnegative long (64-bit integer) "
        )
    }
    _ = try metric.key.checked("Metric name", limit: TrackingLimits.keyLength)
}

/// The param as it is stored: the key is checked, a long value cut or refused (`_validate_param`).
///
/// `path` is empty or, within a batch, `params[0]`.
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

/// The run tag as it is stored: the key is checked, a long value cut or refused (`_validate_tag`).
///
/// `path` is empty or, within a batch, `tags[0]`.
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

/// Refuses an experiment tag that MLflow does not allow; a long value is never cut (`_validate_experiment_tag`).
package func validateExperimentTag(_ tag: Tag) throws(TrackingError) {
    try validateKey(tag.key, path: "key")
    _ = try tag.key.checked("key", limit: TrackingLimits.keyLength)
    _ = try tag.value.checked("value", limit: TrackingLimits.experimentTagValueLength)
}

private func joinedPath(_ path: String, _ name: String) -> String {
    path.isEmpty ? name : path + "." + name
}
