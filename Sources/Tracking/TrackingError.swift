/// The reason why a request failed, in the terms of experiment tracking.
///
/// All modules on which MLflowAPI is built throw this type for failures that a client can cause. If a write throws it,
/// nothing of the request is stored. MLflowAPI turns the code into an HTTP status and an `error_code` of MLflow.
package struct TrackingError: Error, Sendable, Equatable {
    /// The kinds of failure that clients distinguish.
    package enum Code: Sendable, Equatable {
        /// 400 INVALID_PARAMETER_VALUE
        case invalidParameterValue
        /// 400 BAD_REQUEST
        case badRequest
        /// 400 RESOURCE_ALREADY_EXISTS
        case resourceAlreadyExists
        /// 404 RESOURCE_DOES_NOT_EXIST
        case resourceDoesNotExist
        /// 403 PERMISSION_DENIED
        case permissionDenied
        /// 400 INVALID_STATE. MLflow answers 500, after which its client retries for minutes.
        case invalidState
        /// 403 RESOURCE_LIMIT_EXCEEDED: a quota is spent; the MLflow client does not retry after this status.
        case quotaExceeded
        /// 413 RESOURCE_LIMIT_EXCEEDED: the upload would exceed a quota of bytes; the MLflow client does not retry
        /// after this status.
        case tooManyBytes
        /// 501 NOT_IMPLEMENTED
        case notImplemented
        /// 429 REQUEST_LIMIT_EXCEEDED: nothing was done, and the client should try again.
        case temporarilyUnavailable
        /// 429 REQUEST_LIMIT_EXCEEDED: another program has locked the database.
        case databaseLocked
        /// 503 TEMPORARILY_UNAVAILABLE: it is unknown whether the change was stored.
        case outcomeUnknown
        /// 507: the disk is full, or the database cannot be used. The MLflow client does not retry after this status.
        case insufficientStorage
        /// 500 INTERNAL_ERROR: the message is only logged, and the client does not see it.
        case internalError
    }

    package var code: Code
    /// One line that names the parameter and its value, and says what to change.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package static func invalidParameter(_ message: String) -> TrackingError {
        TrackingError(.invalidParameterValue, message)
    }

    package static func doesNotExist(_ message: String) -> TrackingError {
        TrackingError(.resourceDoesNotExist, message)
    }

    package static func experimentNotFound(_ id: Int64) -> TrackingError {
        doesNotExist("No Experiment with id=\(id) exists")
    }

    package static func experimentNotFound(named name: String) -> TrackingError {
        doesNotExist("Could not find experiment with name '\(shortened(name))'")
    }

    /// The error for a tag that an experiment or run does not have.
    ///
    /// - Parameter owner: the experiment or run, for the message, such as "experiment with id 1".
    package static func tagNotFound(_ key: String, in owner: String) -> TrackingError {
        doesNotExist("No tag with name: \(shortened(key)) in \(owner)")
    }

    package static func runNotFound(_ runID: String) -> TrackingError {
        doesNotExist("Run with id=\(shortened(runID)) not found")
    }

    /// The error for a logged model that does not exist or is deleted.
    package static func loggedModelNotFound(_ modelID: String) -> TrackingError {
        doesNotExist("Logged model with ID '\(shortened(modelID))' not found.")
    }
}
