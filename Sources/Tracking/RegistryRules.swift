// The rules of `validation.py` for names, versions, aliases and tags of the registry.

/// Refuses a name of a registered model that MLflow does not allow: blank, with `/` or `:`, or one that is not its own
/// normalised path.
///
/// - Parameter parameter: what a missing name is called.
package func validateModelName(_ name: String, parameter: String = "name") throws(TrackingError) {
    guard name.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
        throw .invalidParameter("Missing value for required parameter '\(parameter)'.")
    }
    guard !name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ":") }) else {
        throw .invalidParameter("Invalid model name '\(shortened(name))'. Names cannot contain '/' or ':'.")
    }
    try validateOwnNormalisedPath(name, path: "name")
}

/// Refuses a name that a model cannot be given: one that no model can have, and one by which nobody could ask for it.
///
/// Models are asked for in a query string, which has room for `registeredModelNameLength` percent-encoded characters and
/// for no NUL. The reference stores such names.
package func validateNewModelName(_ name: String, parameter: String = "name") throws(TrackingError) {
    try validateModelName(name, parameter: parameter)
    _ = try name.checked(parameter, limit: TrackingLimits.registeredModelNameLength)
    guard !name.utf8.contains(0) else {
        throw .invalidParameter("Invalid model name '\(shortened(name))'. Names cannot contain NUL.")
    }
}

/// Reads the number of a model version: plain decimal digits, perhaps behind a minus.
///
/// The reference takes everything that Python's `int` takes (`" 1"`, `"1_0"`); here that is a 400.
/// - Returns: nil for a number that is too large for any version.
/// - Throws: `.invalidParameterValue` for a text that is no number.
package func parseModelVersion(_ text: String) throws(TrackingError) -> Int64? {
    guard isDecimal(text) else {
        throw .invalidParameter("Parameter 'version' must be an integer, got '\(shortened(text))'.")
    }
    return Int64(text)
}

/// Refuses an alias that MLflow does not allow: letters, digits, underscores and dashes only, 255 at the most.
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

/// Refuses an alias that would hide what clients read in its place: `latest`, and `v` with a number.
package func validateUnreservedAlias(_ alias: String) throws(TrackingError) {
    guard !isLatestAlias(alias) else {
        throw .invalidParameter("'latest' alias name (case insensitive) is reserved.")
    }
    let scalars = alias.unicodeScalars
    let isVersion =
        scalars.first.map { $0 == "v" || $0 == "V" } ?? false && scalars.count > 1
        && scalars.dropFirst().allSatisfy { $0.properties.generalCategory == .decimalNumber }
    guard !isVersion else { throw .invalidParameter("Version alias name '\(alias)' is reserved.") }
}

/// Whether an alias stands for the version with the highest number.
package func isLatestAlias(_ alias: String) -> Bool {
    alias.lowercased() == "latest"
}

/// Refuses a tag of a registered model that MLflow does not allow; a long value is never cut.
package func validateRegisteredModelTag(_ tag: Tag) throws(TrackingError) {
    try validateRegistryTagKey(tag.key)
    _ = try tag.key.checked("key", limit: RegistryLimits.tagKeyLength)
    _ = try tag.value.checked("value", limit: RegistryLimits.tagValueLength)
}

/// Refuses a tag of a model version that MLflow does not allow; a long value is never cut.
package func validateModelVersionTag(_ tag: Tag) throws(TrackingError) {
    try validateRegistryTagKey(tag.key)
    _ = try tag.key.checked("key", limit: RegistryLimits.tagKeyLength)
    guard !(tag.key.isExactly(Tag.promptTextKey) && tag.value.isLonger(than: RegistryLimits.tagValueLength)) else {
        throw .invalidParameter("Prompt text exceeds max length of \(RegistryLimits.tagValueLength) characters.")
    }
    _ = try tag.value.checked("value", limit: RegistryLimits.tagValueLength)
}

/// Refuses the key of a tag that MLflow does not allow; its length is another rule.
package func validateRegistryTagKey(_ key: String) throws(TrackingError) {
    try validateKey(key, path: "key")
}

/// The bounds of the registry, in Unicode scalars.
package enum RegistryLimits {
    package static let tagKeyLength = 250
    package static let tagValueLength = 100_000
    package static let aliasLength = 255
}

extension TrackingError {
    /// No registered model has that name.
    package static func registeredModelNotFound(_ name: String) -> TrackingError {
        doesNotExist("Registered Model with name=\(shortened(name)) not found")
    }

    /// The model has no such version, or there is no such model.
    package static func modelVersionNotFound(_ name: String, _ version: String) -> TrackingError {
        doesNotExist("Model Version (name=\(shortened(name)), version=\(shortened(version))) not found")
    }

    /// The new name of a registered model belongs to another one.
    package static func modelNameTaken(_ name: String) -> TrackingError {
        TrackingError(
            .resourceAlreadyExists,
            "Registered Model (name=\(shortened(name))) already exists. Choose another name."
        )
    }

    /// The alias stands for no version of the model; the reserved alias `latest` wants a model with versions.
    package static func aliasNotFound(_ alias: String, model name: String) -> TrackingError {
        isLatestAlias(alias)
            ? doesNotExist("Latest version not found for model \(shortened(name)).")
            : invalidParameter("Registered model alias \(shortened(alias)) not found.")
    }

    /// A source names the latest version of a model that has none, or none in the stage.
    package static func noVersions(ofModel name: String, in stage: ModelStage?) -> TrackingError {
        let place = stage.map { " and stage '\($0.wireName)'" } ?? ""
        return invalidParameter("No versions of model with name '\(shortened(name))'\(place) found")
    }
}
