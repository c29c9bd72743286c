/// A request or response that is not accepted, with the status that answers it: it breaks the protocol, exceeds a
/// limit, or is not carried out.
///
/// The parsers throw it; for a response of a server the status is 502. A body receiver may throw it to choose the
/// answer.
package struct HTTPRefusal: Error, Sendable, Equatable {
    package let status: Int
    /// One line for the client; no secrets.
    package let message: String

    package init(_ status: Int, _ message: String) {
        self.status = status
        self.message = message
    }
}
