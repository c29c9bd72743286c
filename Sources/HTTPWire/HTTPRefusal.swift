/// The reason why a message is not accepted, and the status of the answer: the message violates the protocol or exceeds a limit,
/// or the server does not carry out the request.
///
/// The parsers throw this error, with status 502 if the message is the response of another server. An
/// `HTTPBodyReceiver` may throw it to choose the answer.
package struct HTTPRefusal: Error, Sendable, Equatable {
    package let status: Int
    /// The whole message, or the part of it before `startArguments`.
    package let reason: String
    /// The arguments with which a restarted server would accept the request; nil if no setting helps.
    package let startArguments: String?

    /// - Parameters:
    ///   - reason: one line, without secrets, because the client sees it. If there are `startArguments`, the line must end
    ///     in "and" or a comma, because "start the server with" and the arguments follow.
    package init(_ status: Int, _ reason: String, startArguments: String? = nil) {
        self.status = status
        self.reason = reason
        self.startArguments = startArguments
    }

    /// The whole message, which is one line for the client.
    package var message: String {
        guard let startArguments else { return reason }
        return "\(reason) start the server with \(startArguments)"
    }
}
