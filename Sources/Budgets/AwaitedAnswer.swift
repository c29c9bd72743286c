/// Tells whether the answer to one request has reached its caller.
///
/// A connection answers its requests in order: the answer was sent if the caller has got more answers than it had when
/// the request arrived.
package struct AwaitedAnswer: Sendable {
    private let caller: Caller
    private let answersBefore: Int

    /// Must be called when the request arrives.
    package init(of caller: Caller) {
        self.caller = caller
        answersBefore = caller.answerCount
    }

    /// Whether the whole answer was sent while the caller was still connected.
    package var hasArrived: Bool { caller.answerCount > answersBefore }

    /// Whether the connection ended before the whole answer was sent, so that the caller may not know the result.
    package var isLost: Bool { caller.hasLeft && !hasArrived }
}
