/// A request or response that is not accepted, with the status that answers it: it breaks the protocol, exceeds a
/// limit, or is not carried out.
///
/// The parsers throw it; for a response of a server the status is 502. A body receiver may throw it to choose the
/// answer.
package struct HTTPRefusal: Error, Sendable, Equatable {
    package let status: Int
    /// The whole message, or the part of it before `startArguments`.
    package let reason: String
    /// The arguments with which a restarted server would accept the request; nil if no setting helps.
    package let startArguments: String?

    /// - Parameters:
    ///   - reason: One line for the client; no secrets.
    ///   - startArguments: Follow "start the server with" in the message; the reason ends in "and" or a comma.
    package init(_ status: Int, _ reason: String, startArguments: String? = nil) {
        self.status = status
        self.reason = reason
        self.startArguments = startArguments
    }

    /// One line for the client.
    package var message: String {
        guard let startArguments else { return reason }
        return "\(reason) start the server with \(startArguments)"
    }
}
