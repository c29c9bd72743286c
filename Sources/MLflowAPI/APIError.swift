internal import Filter
package import HTTPWire
internal import JSON
package import Tracking

extension TrackingError {
    static func permissionDenied(_ message: String) -> TrackingError { TrackingError(.permissionDenied, message) }
}

/// An error as it is sent to the client: an HTTP status, MLflow's error code and a message for people.
package struct APIError: Error, Sendable {
    package var status: Int
    package var code: String
    package var message: String

    package init(status: Int, code: String, message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    /// Converts an error of the store; no other function chooses the HTTP status and the code of such an error.
    package init(_ error: TrackingError) {
        let (status, code): (Int, String) =
            switch error.code {
            case .invalidParameterValue: (400, "INVALID_PARAMETER_VALUE")
            case .badRequest: (400, "BAD_REQUEST")
            case .resourceAlreadyExists: (400, "RESOURCE_ALREADY_EXISTS")
            case .invalidState: (400, "INVALID_STATE")
            case .permissionDenied: (403, "PERMISSION_DENIED")
            case .resourceDoesNotExist: (404, "RESOURCE_DOES_NOT_EXIST")
            case .internalError: (500, "INTERNAL_ERROR")
            case .quotaExceeded: (403, "RESOURCE_LIMIT_EXCEEDED")
            case .tooManyBytes: (413, "RESOURCE_LIMIT_EXCEEDED")
            case .notImplemented: (501, "NOT_IMPLEMENTED")
            // Nothing has taken effect, so the client may repeat the request. After a 503, clients do not repeat a
            // creation, because it may have taken effect.
            case .temporarilyUnavailable, .databaseLocked: (429, "REQUEST_LIMIT_EXCEEDED")
            case .outcomeUnknown: (503, "TEMPORARILY_UNAVAILABLE")
            case .insufficientStorage: (507, "RESOURCE_LIMIT_EXCEEDED")
            }
        self.init(status: status, code: code, message: error.message)
    }

    /// Creates an error that the HTTP server found before it called an endpoint.
    package init(httpStatus status: Int, message: String) {
        let code =
            switch status {
            case 401: "UNAUTHENTICATED"
            case 403: "PERMISSION_DENIED"
            case 404: "ENDPOINT_NOT_FOUND"
            case 429: "REQUEST_LIMIT_EXCEEDED"
            case 501: "NOT_IMPLEMENTED"
            case 503: "TEMPORARILY_UNAVAILABLE"
            case 500...: "INTERNAL_ERROR"
            default: "BAD_REQUEST"
            }
        self.init(status: status, code: code, message: message)
    }

    /// The HTTP response with the error.
    ///
    /// The HTTP server adds `Retry-After` to a 429 and a 503.
    package var response: HTTPResponse {
        HTTPResponse.jsonObject(status: status) { writer in
            writer.member("error_code", code)
            writer.member("message", message)
        }
    }

    /// Converts an error that an endpoint threw; nil for any other error, which is a fault of the server itself.
    init?(_ error: any Error) {
        switch error {
        case let error as TrackingError: self.init(error)
        case let error as APIError: self = error
        case let error as FilterError: self.init(.invalidParameter(error.message))
        default: return nil
        }
    }
}
