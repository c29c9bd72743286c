internal import MLflowAPI
internal import Tracking

/// What the environment says of the values that clients send.
struct ValueSettings: Sendable {
    /// By MLFLOW_TRUNCATE_LONG_VALUES.
    let longValues: LongValuePolicy
    /// By MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX.
    let sourcePattern: SourcePattern?

    init(_ environment: Environment) throws(StartFailure) {
        longValues = try environment.bool("MLFLOW_TRUNCATE_LONG_VALUES") ?? true ? .truncate : .refuse
        let name = "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX"
        do {
            sourcePattern = try environment[name].map { try SourcePattern($0) }
        } catch {
            throw StartFailure("\(name)=\(environment[name] ?? "") is no regular expression: \(error)")
        }
    }
}
