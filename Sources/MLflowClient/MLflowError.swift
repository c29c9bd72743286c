package import HTTPClient

/// Why a call failed.
public struct MLflowError: Error, Sendable {
    /// The server's error code, or one of the client's own codes.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The text of the code, as the server sends it.
        public let rawValue: String

        /// Makes a code from the text that the server sends.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The experiment, run, model or file does not exist.
        public static let resourceDoesNotExist = Code(rawValue: "RESOURCE_DOES_NOT_EXIST")
        /// The name is in use already, perhaps by a deleted item.
        public static let resourceAlreadyExists = Code(rawValue: "RESOURCE_ALREADY_EXISTS")
        /// The server refuses a value.
        public static let invalidParameterValue = Code(rawValue: "INVALID_PARAMETER_VALUE")
        /// The state of the run or experiment does not allow the call.
        public static let invalidState = Code(rawValue: "INVALID_STATE")
        /// The credentials are missing or wrong.
        public static let unauthenticated = Code(rawValue: "UNAUTHENTICATED")
        /// The user has no permission for the call.
        public static let permissionDenied = Code(rawValue: "PERMISSION_DENIED")
        /// The client makes more calls than the server allows.
        public static let requestLimitExceeded = Code(rawValue: "REQUEST_LIMIT_EXCEEDED")
        /// The server is busy or about to stop.
        public static let temporarilyUnavailable = Code(rawValue: "TEMPORARILY_UNAVAILABLE")
        /// The server failed because of a fault of its own.
        public static let internalError = Code(rawValue: "INTERNAL_ERROR")
        /// The server does not have this call.
        public static let endpointNotFound = Code(rawValue: "ENDPOINT_NOT_FOUND")
        /// The server knows the call but does not support it.
        public static let notImplemented = Code(rawValue: "NOT_IMPLEMENTED")

        /// A code of the client: no answer came.
        public static let noAnswer = Code(rawValue: "CLIENT_NO_ANSWER")
        /// A code of the client: the task or the caller cancelled the call.
        public static let cancelled = Code(rawValue: "CLIENT_CANCELLED")
        /// A code of the client: the answer is not one that an MLflow server gives.
        public static let malformedAnswer = Code(rawValue: "CLIENT_MALFORMED_ANSWER")
        /// A code of the client: the address or a setting cannot be used.
        public static let invalidConfiguration = Code(rawValue: "CLIENT_INVALID_CONFIGURATION")
        /// A code of the client: a file of this machine cannot be read or written.
        public static let localFile = Code(rawValue: "CLIENT_LOCAL_FILE")
        /// A code of the client: the artifacts are in a storage that this client cannot read or write.
        public static let unreachableArtifacts = Code(rawValue: "CLIENT_UNREACHABLE_ARTIFACTS")
        /// A code of the client: the provider of tokens failed.
        public static let noToken = Code(rawValue: "CLIENT_NO_TOKEN")
    }

    /// Whether the server may have carried the call out.
    public enum Outcome: Sendable, Hashable {
        /// The server has certainly not carried out the call.
        case notCarriedOut
        /// The server may have carried out the call; check its state before you repeat the call.
        case unclear
    }

    /// The error code of the server or the client.
    public let code: Code
    /// The HTTP status of the answer; nil if no answer came.
    public let httpStatus: Int?
    /// The message of the server or the client, in one line, without secrets.
    public let message: String
    /// Whether the server may have carried the call out.
    public let outcome: Outcome
    /// The answer or the failed call behind the error.
    package let cause: Cause

    /// The answer or the failed call that caused an error, for code that explains the error to a person.
    package enum Cause: Sendable {
        /// The server answered.
        case answer(HTTPReply)
        /// No answer came.
        case call(CallFailure)
        /// The client found the error by itself.
        case client
    }

    init(_ code: Code, _ message: String, outcome: Outcome, cause: Cause = .client) {
        self.code = code
        self.message = message
        self.outcome = outcome
        self.cause = cause
        httpStatus = if case .answer(let reply) = cause { reply.status } else { nil }
    }
}

extension MLflowError {
    /// The same error with the outcome `.unclear`, because an earlier attempt of the call may have been carried out.
    var unclear: MLflowError { MLflowError(code, message, outcome: .unclear, cause: cause) }
}

extension MLflowError: CustomStringConvertible {
    /// The code, the status and the message.
    public var description: String {
        httpStatus.map { "\(code.rawValue) (status \($0)): \(message)" } ?? "\(code.rawValue): \(message)"
    }
}
