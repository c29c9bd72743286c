package import HTTPClient

/// Why a call did not do what was asked.
public struct MLflowError: Error, Sendable {
    /// What went wrong: the server's error code, or one of the client's own.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// As the server sends it.
        public let rawValue: String

        /// A code of the server.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// There is no such experiment, run, model or file.
        public static let resourceDoesNotExist = Code(rawValue: "RESOURCE_DOES_NOT_EXIST")
        /// The name is taken, also by something that is deleted.
        public static let resourceAlreadyExists = Code(rawValue: "RESOURCE_ALREADY_EXISTS")
        /// The server refuses a value.
        public static let invalidParameterValue = Code(rawValue: "INVALID_PARAMETER_VALUE")
        /// The run or experiment is not in a state that allows this.
        public static let invalidState = Code(rawValue: "INVALID_STATE")
        /// The server does not know who asks.
        public static let unauthenticated = Code(rawValue: "UNAUTHENTICATED")
        /// Who asks may not do this.
        public static let permissionDenied = Code(rawValue: "PERMISSION_DENIED")
        /// The server asks for fewer calls.
        public static let requestLimitExceeded = Code(rawValue: "REQUEST_LIMIT_EXCEEDED")
        /// The server is busy or about to stop.
        public static let temporarilyUnavailable = Code(rawValue: "TEMPORARILY_UNAVAILABLE")
        /// The server failed.
        public static let internalError = Code(rawValue: "INTERNAL_ERROR")
        /// The server does not have this call.
        public static let endpointNotFound = Code(rawValue: "ENDPOINT_NOT_FOUND")
        /// The server knows the call but does not offer it.
        public static let notImplemented = Code(rawValue: "NOT_IMPLEMENTED")

        /// The client's own: there was no answer.
        public static let noAnswer = Code(rawValue: "CLIENT_NO_ANSWER")
        /// The client's own: the task or the caller cancelled the call.
        public static let cancelled = Code(rawValue: "CLIENT_CANCELLED")
        /// The client's own: the answer is not one of MLflow's.
        public static let malformedAnswer = Code(rawValue: "CLIENT_MALFORMED_ANSWER")
        /// The client's own: the address or a setting cannot be used.
        public static let invalidConfiguration = Code(rawValue: "CLIENT_INVALID_CONFIGURATION")
        /// The client's own: a file of this machine cannot be read or written.
        public static let localFile = Code(rawValue: "CLIENT_LOCAL_FILE")
        /// The client's own: the files of this run are at a place that only other clients reach.
        public static let unreachableArtifacts = Code(rawValue: "CLIENT_UNREACHABLE_ARTIFACTS")
        /// The client's own: the provider of tokens failed.
        public static let noToken = Code(rawValue: "CLIENT_NO_TOKEN")
    }

    /// Whether the server may have carried the call out.
    public enum Outcome: Sendable, Hashable {
        /// The call has changed nothing.
        case notCarriedOut
        /// The call may have changed what it was to change: look before it is made again.
        case unclear
    }

    /// What went wrong.
    public let code: Code
    /// The status of the answer; nil where there was none.
    public let httpStatus: Int?
    /// What the server or the client says, in one line, without secrets.
    public let message: String
    /// Whether the server may have carried the call out.
    public let outcome: Outcome
    /// What the error was made of.
    package let cause: Cause

    /// What happened to the call, for who explains it to a person.
    package enum Cause: Sendable {
        /// The server answered.
        case answer(HTTPReply)
        /// There was no answer.
        case call(CallFailure)
        /// The client found it out by itself.
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
    /// The same error of a call of which an earlier attempt may have been carried out.
    var unclear: MLflowError { MLflowError(code, message, outcome: .unclear, cause: cause) }
}

extension MLflowError: CustomStringConvertible {
    /// The code, the status and the message.
    public var description: String {
        httpStatus.map { "\(code.rawValue) (status \($0)): \(message)" } ?? "\(code.rawValue): \(message)"
    }
}
