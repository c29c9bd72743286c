/// The limits for the data of a transfer record.
///
/// These limits are wider than those for requests that create entities, because data that older versions of MLflow
/// accepted must be imported unchanged.
package enum TransferLimits {
    /// The limit for values of params, and of tags of runs.
    package static let valueLength = 16_000
    package static let keyLength = OpenFieldLimits.keyLength
    package static let textLength = OpenFieldLimits.textLength
    package static let descriptionLength = OpenFieldLimits.descriptionLength
    /// The ids of experiments.
    ///
    /// A new experiment gets the highest id plus one, so the limit is half of the largest number. It allows ids of 18 digits, as
    /// MLflow's file stores have.
    package static let experimentIDs = 0...Int64(1) << 62
    /// The largest id that is kept in MLflow's tables in PostgreSQL: their sequence ends at 2^31 - 1, and each new
    /// experiment gets the number after the highest.
    package static let experimentIDInPostgreSQL: Int64 = 2_000_000_000
    /// The version numbers that fit into the column of MLflow's database.
    package static let versions = 1...Int64(Int32.max)
}

extension TransferRecord {
    /// The kind and the id or name of the entity, for a report.
    package var subject: (kind: TransferKind, id: String) {
        switch self {
        case .experiment(let experiment): (.experiment, experiment.name)
        case .run(let run): (.run, run.run.info.runID)
        case .points(let points): (.points, points.runID)
        case .loggedModel(let model): (.loggedModel, model.model.info.modelID)
        case .modelPoints(let points): (.modelPoints, points.modelID)
        case .registeredModel(let model): (.registeredModel, model.model.name)
        case .modelVersion(let version): (.modelVersion, Self.id(ofVersion: version.version))
        }
    }

    /// The id of a version in a report.
    package static func id(ofVersion version: ModelVersion) -> String { "\(version.name)/\(version.version)" }

    /// Throws `.invalidParameterValue` if the record exceeds a limit, or has an id or name that is not legal.
    package func validate() throws(TrackingError) {
        switch self {
        case .experiment(let experiment):
            try validateExperimentName(experiment.name)
            if experiment.id != Experiment.noID {
                try validateNumber("id", experiment.id, in: TransferLimits.experimentIDs)
            }
            try validateLocation(experiment.artifactLocation)
            try validateTags(experiment.tags, limit: TransferLimits.descriptionLength)
        case .run(let run): try run.validate()
        case .points(let points):
            try validateRunID(points.runID)
            try validateText("key", points.key, limit: TransferLimits.keyLength, mayBeEmpty: false)
        case .loggedModel(let model): try model.validate()
        case .modelPoints(let points):
            for point in points.points {
                try validateText("key", point.metric.key, limit: TransferLimits.keyLength, mayBeEmpty: false)
            }
        case .registeredModel(let model): try model.validate()
        case .modelVersion(let version): try version.validate()
        }
    }
}

extension TransferredRun {
    fileprivate func validate() throws(TrackingError) {
        let info = run.info
        try validateRunID(info.runID)
        try validateText("name", info.name)
        try validateText("user", info.userID)
        try validateLocation(info.artifactURI)
        for param in run.params {
            try validateText("key", param.key, limit: TransferLimits.keyLength, mayBeEmpty: false)
            try validateText("value of \(shortened(param.key))", param.value, limit: TransferLimits.valueLength)
        }
        try validateTags(run.tags, limit: TransferLimits.valueLength)
        for input in run.datasetInputs { try validateDatasetInput(input) }
        for input in run.modelInputs { try validateText("model id", input.modelID, mayBeEmpty: false) }
        for output in run.modelOutputs { try validateText("model id", output.modelID, mayBeEmpty: false) }
    }
}

extension TransferredLoggedModel {
    fileprivate func validate() throws(TrackingError) {
        let info = model.info
        let isLegal =
            info.modelID.utf8.first != UInt8(ascii: ".") && !info.modelID.utf8.contains(UInt8(ascii: "/"))
        guard isLegal else { throw .invalidParameter("the model id '\(shortened(info.modelID))' is not legal") }
        try validateText("model id", info.modelID, mayBeEmpty: false)
        try validateText("name", info.name)
        try validateText("type", info.modelType)
        try validateText("source run", info.sourceRunID)
        try validateLocation(info.artifactURI)
        try validateTags(
            model.params.map { Tag(key: $0.key, value: $0.value) },
            limit: TransferLimits.descriptionLength
        )
        try validateTags(model.tags, limit: TransferLimits.descriptionLength)
    }
}

extension TransferredRegisteredModel {
    fileprivate func validate() throws(TrackingError) {
        try validateModelName(model.name)
        if lastVersion != 0 { try validateNumber("last version", lastVersion, in: TransferLimits.versions) }
        try validateText("description", model.description, limit: TransferLimits.descriptionLength)
        try validateTags(model.tags, limit: TransferLimits.descriptionLength)
        for alias in model.aliases { try validateText("alias", alias.alias, mayBeEmpty: false) }
    }
}

extension TransferredModelVersion {
    fileprivate func validate() throws(TrackingError) {
        try validateModelName(version.name)
        try validateNumber("version", version.version, in: TransferLimits.versions)
        try validateText("description", version.description ?? "", limit: TransferLimits.descriptionLength)
        try validateText("source", version.source)
        try validateText("location", storageLocation ?? "")
        try validateText("run", version.runID)
        try validateText("link", version.runLink)
        try validateTags(version.tags, limit: TransferLimits.descriptionLength)
    }
}

private func validateLocation(_ location: String) throws(TrackingError) { try validateArtifactLocation(location) }

private func validateTags(_ tags: [Tag], limit: Int) throws(TrackingError) {
    for tag in tags {
        try validateText("key", tag.key, limit: TransferLimits.keyLength, mayBeEmpty: false)
        try validateText("value of \(shortened(tag.key))", tag.value, limit: limit)
    }
}

private func validateText(
    _ name: String,
    _ text: String,
    limit: Int = TransferLimits.textLength,
    mayBeEmpty: Bool = true
) throws(TrackingError) {
    guard mayBeEmpty || !text.isEmpty else { throw .invalidParameter("the \(name) is empty") }
    guard !text.isLonger(than: limit) else { throw .invalidParameter("the \(name) has more than \(limit) characters") }
    // A text that must not be empty is an id, a name or a key, and a client could not search for one with NUL.
    guard mayBeEmpty || !text.utf8.contains(0) else { throw .invalidParameter("the \(name) contains NUL") }
}

private func validateNumber(_ name: String, _ number: Int64, in range: ClosedRange<Int64>) throws(TrackingError) {
    guard !range.contains(number) else { return }
    throw .invalidParameter("the \(name) \(number) is not between \(range.lowerBound) and \(range.upperBound)")
}
