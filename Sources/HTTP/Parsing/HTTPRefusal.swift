/// A request that is answered with an error status instead of being carried out.
///
/// The parser throws it; a body receiver may throw it to choose the answer.
package struct HTTPRefusal: Error, Sendable, Equatable {
    package let status: Int
    /// One line for the client; no secrets.
    package let message: String

    package init(_ status: Int, _ message: String) {
        self.status = status
        self.message = message
    }
}
