/// A message that breaks the protocol or a bound, or a request that is not carried out, and the status that says so.
///
/// The parsers throw it, with 502 for what a server has sent; a body receiver may throw it to choose the answer.
package struct HTTPRefusal: Error, Sendable, Equatable {
    package let status: Int
    /// One line for the client; no secrets.
    package let message: String

    package init(_ status: Int, _ message: String) {
        self.status = status
        self.message = message
    }
}
