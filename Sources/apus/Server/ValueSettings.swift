internal import MLflowAPI
internal import Tracking

/// What the person who starts the server says of how requests and their values are taken.
struct ValueSettings: Sendable {
    /// By MLFLOW_TRUNCATE_LONG_VALUES.
    let longValues: LongValuePolicy
    /// By MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX.
    let sourcePattern: SourcePattern?

    /// By --recognize-retries or APUS_RECOGNIZE_RETRIES.
    let recognizesRetries: Bool

    init(_ options: AnsweringOptions, _ environment: Environment) throws(StartFailure) {
        let recognizing = try environment.bool("APUS_RECOGNIZE_RETRIES")
        recognizesRetries = options.recognizeRetries ?? recognizing ?? true
        longValues = try environment.bool("MLFLOW_TRUNCATE_LONG_VALUES") ?? true ? .truncate : .refuse
        let name = "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX"
        do {
            sourcePattern = try environment[name].map { try SourcePattern($0) }
        } catch {
            throw StartFailure("\(name)=\(environment[name] ?? "") is no regular expression: \(error)")
        }
    }
}
