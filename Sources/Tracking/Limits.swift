/// The bounds that MLflow clients know, from `validation.py` of 3.17.2.
///
/// Lengths count Unicode scalars, as Python's `len` does.
package enum TrackingLimits {
    /// A metric, param or tag key of a run or an experiment.
    package static let keyLength = 250
    package static let paramValueLength = 6_000
    package static let tagValueLength = 8_000
    package static let experimentTagValueLength = 20_000
    package static let experimentNameLength = 500
    /// Of a registered model; the reference's databases allow 256 or any number.
    package static let registeredModelNameLength = 1_200
    /// The reference makes this one configurable (MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH).
    package static let artifactLocationLength = 2_048

    /// Counts within one `runs/log-batch`.
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

/// What happens to a param or run tag value that is too long (MLFLOW_TRUNCATE_LONG_VALUES).
package enum LongValuePolicy: Sendable {
    /// Keep its beginning; the reference's default.
    case truncate
    /// Refuse the request.
    case refuse
}

extension String {
    /// Whether the text has more Unicode scalars than `limit`; counts only when its bytes leave it open.
    func isLonger(than limit: Int) -> Bool {
        utf8.count > limit && unicodeScalars.count > limit
    }

    /// The text unless it is longer than `limit` scalars.
    ///
    /// - Parameter name: what a refusal calls it.
    /// - Throws: `.invalidParameterValue` for a longer one.
    package func checked(_ name: @autoclosure () -> String, limit: Int) throws(TrackingError) -> String {
        guard isLonger(than: limit) else { return self }
        throw .invalidParameter("'\(name())' exceeds the maximum length of \(limit) characters")
    }

    /// The text, cut or refused when it is longer than `limit` scalars.
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
