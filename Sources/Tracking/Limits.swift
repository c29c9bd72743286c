/// The limits that MLflow 3.17.2 documents, or checks in `validation.py`.
///
/// Lengths count Unicode scalars, like Python's `len`.
package enum TrackingLimits {
    /// The limit for keys of metrics and params, and of tags of runs and experiments.
    package static let keyLength = 250
    package static let paramValueLength = 6_000
    package static let tagValueLength = 8_000
    package static let experimentTagValueLength = 20_000
    package static let experimentNameLength = 500
    /// The limit for names of registered models; in MLflow it depends on the database, and may be 256.
    package static let registeredModelNameLength = 1_200
    /// MLflow makes this limit configurable (MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH).
    package static let artifactLocationLength = 2_048

    /// The maximum counts in one `runs/log-batch` request; `entitiesPerBatch` is for all three kinds together.
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

/// The treatment of a value of a param or run tag that is too long (MLflow's setting MLFLOW_TRUNCATE_LONG_VALUES).
package enum LongValuePolicy: Sendable {
    /// The value is truncated to the limit; MLflow's default.
    case truncate
    /// The request is refused.
    case refuse
}

extension String {
    /// Whether the text has more than `limit` Unicode scalars.
    ///
    /// Counts the scalars only if the text has more than `limit` bytes.
    func isLonger(than limit: Int) -> Bool { utf8.count > limit && unicodeScalars.count > limit }

    /// Returns the text, or throws if it has more than `limit` Unicode scalars.
    ///
    /// - Parameter name: the name of the text in the message.
    /// - Throws: `.invalidParameterValue` for a longer text.
    package func checked(_ name: @autoclosure () -> String, limit: Int) throws(TrackingError) -> String {
        guard isLonger(than: limit) else { return self }
        throw .invalidParameter("'\(name())' exceeds the maximum length of \(limit) characters")
    }

    /// Returns the text; a text with more than `limit` Unicode scalars is truncated or refused, as the policy says.
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
