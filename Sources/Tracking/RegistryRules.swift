// The rules for names, versions, aliases and tags in the model registry, from MLflow's `validation.py`.

/// Throws if no registered model can have the name.
///
/// A name must not be blank, must not contain `/` or `:`, and must not be `.` or begin with `..`.
/// - Parameter parameter: the name of the request's parameter, for the message about a blank name.
/// - Throws: `.invalidParameterValue`.
package func validateModelName(_ name: String, parameter: String = "name") throws(TrackingError) {
    guard name.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
        throw .invalidParameter("Missing value for required parameter '\(parameter)'.")
    }
    guard !name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ":") }) else {
        throw .invalidParameter("Invalid model name '\(shortened(name))'. Names cannot contain '/' or ':'.")
    }
    try validateIsNormalisedPath(name, path: "name")
}

/// Throws if a model cannot be given the name.
///
/// In addition to the rules of `validateModelName`, a client must be able to send the name in a query string: a name
/// has at most `registeredModelNameLength` Unicode scalars and no NUL. MLflow accepts other names too.
/// - Throws: `.invalidParameterValue`.
package func validateNewModelName(_ name: String, parameter: String = "name") throws(TrackingError) {
    try validateModelName(name, parameter: parameter)
    _ = try name.checked(parameter, limit: TrackingLimits.registeredModelNameLength)
    guard !name.utf8.contains(0) else {
        throw .invalidParameter("Invalid model name '\(shortened(name))'. Names cannot contain NUL.")
    }
}

/// Parses the number of a model version: decimal digits, optionally after a minus sign.
///
/// MLflow also accepts other texts that Python's `int` accepts, such as `" 1"` and `"1_0"`, which Apus refuses.
/// - Returns: nil if the number does not fit into 64 bits; no version has such a number.
/// - Throws: `.invalidParameterValue` for a text that is not a number.
package func parseModelVersion(_ text: String) throws(TrackingError) -> Int64? {
    guard isDecimal(text) else {
        throw .invalidParameter("Parameter 'version' must be an integer, got '\(shortened(text))'.")
    }
    return Int64(text)
}

/// Throws `.invalidParameterValue` unless the alias has 1 to 255 letters, digits, underscores and dashes.
package func validateModelAlias(_ alias: String) throws(TrackingError) {
    guard !alias.isEmpty else { throw .invalidParameter("Registered model alias name cannot be empty.") }
    guard alias.unicodeScalars.allSatisfy({ $0 == "-" || isWordScalar($0) }) else {
        throw .invalidParameter(
            "Invalid alias name: '\(shortened(alias))'. Names may only contain alphanumerics, underscores (_), and "
                + "dashes (-)."
        )
    }
    _ = try alias.checked("Registered model alias name", limit: RegistryLimits.aliasLength)
}

/// Throws `.invalidParameterValue` for an alias that clients would read as something else: `latest`, or `v` and a number.
package func validateUnreservedAlias(_ alias: String) throws(TrackingError) {
    guard !isLatestAlias(alias) else { throw .invalidParameter("'latest' alias name (case insensitive) is reserved.") }
    let scalars = alias.unicodeScalars
    let isVersion =
        scalars.first.map { $0 == "v" || $0 == "V" } ?? false && scalars.count > 1
        && scalars.dropFirst().allSatisfy { $0.properties.generalCategory == .decimalNumber }
    guard !isVersion else { throw .invalidParameter("Version alias name '\(alias)' is reserved.") }
}

/// Whether the alias is `latest` in upper or lower case, which names the version with the highest number.
package func isLatestAlias(_ alias: String) -> Bool { alias.lowercased() == "latest" }

/// Throws `.invalidParameterValue` if MLflow does not allow the tag of a registered model; long values are not truncated.
package func validateRegisteredModelTag(_ tag: Tag) throws(TrackingError) {
    try validateRegistryTagKey(tag.key)
    _ = try tag.key.checked("key", limit: RegistryLimits.tagKeyLength)
    _ = try tag.value.checked("value", limit: RegistryLimits.tagValueLength)
}

/// Throws `.invalidParameterValue` if MLflow does not allow the tag of a model version; long values are not truncated.
package func validateModelVersionTag(_ tag: Tag) throws(TrackingError) {
    try validateRegistryTagKey(tag.key)
    _ = try tag.key.checked("key", limit: RegistryLimits.tagKeyLength)
    guard !(tag.key.isExactly(Tag.promptTextKey) && tag.value.isLonger(than: RegistryLimits.tagValueLength)) else {
        throw .invalidParameter("Prompt text exceeds max length of \(RegistryLimits.tagValueLength) characters.")
    }
    _ = try tag.value.checked("value", limit: RegistryLimits.tagValueLength)
}

/// Throws `.invalidParameterValue` if MLflow does not allow the key of a tag in the registry; does not check its length.
package func validateRegistryTagKey(_ key: String) throws(TrackingError) { try validateKey(key, path: "key") }

/// The limits for tags and aliases in the registry, in Unicode scalars.
package enum RegistryLimits {
    package static let tagKeyLength = 250
    package static let tagValueLength = 100_000
    package static let aliasLength = 255
}

extension TrackingError {
    package static func registeredModelNotFound(_ name: String) -> TrackingError {
        doesNotExist("Registered Model with name=\(shortened(name)) not found")
    }

    /// The error for a new version of a model that already has the highest possible version number (`TransferLimits.versions`).
    package static func noFurtherVersion(ofModel name: String) -> TrackingError {
        .invalidParameter(
            "The model '\(shortened(name))' has had the version \(TransferLimits.versions.upperBound), the highest number that MLflow's "
                + "databases hold. Register further versions under another name."
        )
    }

    /// The error if the model, or its version with this number, does not exist.
    package static func modelVersionNotFound(_ name: String, _ version: String) -> TrackingError {
        doesNotExist("Model Version (name=\(shortened(name)), version=\(shortened(version))) not found")
    }

    package static func modelNameTaken(_ name: String) -> TrackingError {
        TrackingError(
            .resourceAlreadyExists,
            "Registered Model (name=\(shortened(name))) already exists. Choose another name."
        )
    }

    /// The error if the model does not have the alias or, for `latest`, has no versions.
    package static func aliasNotFound(_ alias: String, model name: String) -> TrackingError {
        isLatestAlias(alias)
            ? doesNotExist("Latest version not found for model \(shortened(name)).")
            : invalidParameter("Registered model alias \(shortened(alias)) not found.")
    }

    /// The error for a source that refers to the latest version of a model, or to the latest one in a stage, if there is none.
    package static func noVersions(ofModel name: String, in stage: ModelStage?) -> TrackingError {
        let stageText = stage.map { " and stage '\($0.wireName)'" } ?? ""
        return invalidParameter("No versions of model with name '\(shortened(name))'\(stageText) found")
    }
}
