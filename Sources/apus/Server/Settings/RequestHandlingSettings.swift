internal import MLflowAPI
internal import Tracking

/// The settings that say which values in requests are accepted, and whether repeated requests are recognized.
struct RequestHandlingSettings: Sendable {
    /// Set by MLFLOW_TRUNCATE_LONG_VALUES.
    let longValues: LongValuePolicy
    /// Set by MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX.
    let sourcePattern: SourcePattern?

    /// Set by --recognize-retries or APUS_RECOGNIZE_RETRIES.
    let recognizesRetries: Bool

    init(_ options: RequestHandlingOptions, _ environment: Environment) throws(StartFailure) {
        recognizesRetries = try environment.isOn(.recognizeRetries, options.recognizeRetries) ?? true
        longValues = try environment.isOn(.truncateLongValues) ?? true ? .truncate : .refuse
        let setting = environment.setting(.sourceValidation)
        do {
            sourcePattern = try setting.map { try SourcePattern($0.text) }
        } catch {
            throw StartFailure("\(setting?.source ?? "")=\(setting?.text ?? "") is not a regular expression: \(error)")
        }
    }
}
