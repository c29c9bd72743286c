/// Why a request could not be carried out, in the terms of the tracking domain.
///
/// Every layer below the wire throws this type for what a client can cause. Nothing of the request is stored
/// when it is thrown. `MLflowAPI` turns the code into an HTTP status and an MLflow `error_code` in one place.
package struct TrackingError: Error, Sendable, Equatable {
    /// The classes of failure that a client can tell apart.
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
        /// 400 INVALID_STATE; the reference answers 500, on which its client retries for minutes
        case invalidState
        /// 501 NOT_IMPLEMENTED
        case notImplemented
        /// 429 REQUEST_LIMIT_EXCEEDED: nothing was done, and the client should come again.
        case temporarilyUnavailable
        /// 429 REQUEST_LIMIT_EXCEEDED: another program holds the lock of the database.
        case databaseLocked
        /// 507: no space left; outside the set of statuses that the MLflow client retries.
        case insufficientStorage
        /// 500 INTERNAL_ERROR: the message is for the log and never leaves the process.
        case internalError
    }

    package var code: Code
    /// One line for a person: the parameter, the value, and what to change.
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

    /// No experiment has that id.
    package static func experimentNotFound(_ id: Int64) -> TrackingError {
        doesNotExist("No Experiment with id=\(id) exists")
    }

    /// No experiment has that name.
    package static func experimentNotFound(named name: String) -> TrackingError {
        doesNotExist("Could not find experiment with name '\(shortened(name))'")
    }

    /// The experiment or run has no tag of that key.
    ///
    /// - Parameter owner: as in "experiment with id 1".
    package static func tagNotFound(_ key: String, in owner: String) -> TrackingError {
        doesNotExist("No tag with name: \(shortened(key)) in \(owner)")
    }

    /// No run has that id.
    package static func runNotFound(_ runID: String) -> TrackingError {
        doesNotExist("Run with id=\(shortened(runID)) not found")
    }

    /// No logged model has that id, or it is deleted.
    package static func loggedModelNotFound(_ modelID: String) -> TrackingError {
        doesNotExist("Logged model with ID '\(shortened(modelID))' not found.")
    }
}
