/// The limits that MLflow documents or checks in `validation.py` of 3.17.2.
///
/// Lengths count Unicode scalars, like Python's `len`.
package enum TrackingLimits {
    /// For keys of metrics and params, and of tags of runs and experiments.
    package static let keyLength = 250
    package static let paramValueLength = 6_000
    package static let tagValueLength = 8_000
    package static let experimentTagValueLength = 20_000
    package static let experimentNameLength = 500
    /// For names of registered models; in MLflow the database decides, and some allow only 256 characters.
    package static let registeredModelNameLength = 1_200
    /// MLflow makes this limit configurable (MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH).
    package static let artifactLocationLength = 2_048

    /// Maximum counts in one `runs/log-batch` request.
    package static let metricsPerBatch = 1_000
    package static let paramsPerBatch = 100
    package static let tagsPerBatch = 100
    package static let entitiesPerBatch = 1_000

    package static let datasetNameLength = 500
    package static let datasetDigestLength = 36
    package static let datasetSourceLength = 65_535
    package static let datasetSchemaLength = 1_048_575
    package static let datasetProfileLength = 16_777_215
    package static let inputTagKeyLength = 255
    package static let inputTagValueLength = 500
}

/// What happens to a value of a param or a run tag that is too long (MLFLOW_TRUNCATE_LONG_VALUES).
package enum LongValuePolicy: Sendable {
    /// The value is truncated to the limit; MLflow's default.
    case truncate
    /// The request is refused.
    case refuse
}

extension String {
    /// Whether the text has more than `limit` Unicode scalars.
    ///
    /// Counts them only if the text has more bytes than that.
    func isLonger(than limit: Int) -> Bool {
        utf8.count > limit && unicodeScalars.count > limit
    }

    /// Returns the text, or throws if it has more than `limit` Unicode scalars.
    ///
    /// - Parameter name: the name of the text in the message.
    /// - Throws: `.invalidParameterValue` for a longer text.
    package func checked(_ name: @autoclosure () -> String, limit: Int) throws(TrackingError) -> String {
        guard isLonger(than: limit) else { return self }
        throw .invalidParameter("'\(name())' exceeds the maximum length of \(limit) characters")
    }

    /// Returns the text; if it has more than `limit` Unicode scalars, it is truncated or refused, as the policy says.
    func fitted(
        _ name: @autoclosure () -> String,
        limit: Int,
        _ policy: LongValuePolicy
    ) throws(TrackingError) -> String {
        switch policy {
        case .truncate: isLonger(than: limit) ? String(UnicodeScalarView(unicodeScalars.prefix(limit))) : self
        case .refuse: try checked(name(), limit: limit)
        }
    }
}
