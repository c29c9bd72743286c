/// Tells whether the answer to one request has reached its caller.
///
/// A connection answers its requests in order: the answer has arrived if the caller has received more answers than when the
/// request arrived. Read `hasArrived` as late as possible: the server may learn of the arrival after the client has left.
package struct AwaitedAnswer: Sendable {
    private let caller: Caller
    private let answersBefore: Int

    /// Must be called when the request arrives.
    package init(of caller: Caller) {
        self.caller = caller
        answersBefore = caller.answerCount
    }

    /// Whether the caller has received the whole answer.
    package var hasArrived: Bool { caller.answerCount > answersBefore }

    /// Whether the caller has, or seems to have, disconnected without the whole answer, so that it may not know the result.
    package var isLost: Bool { caller.hasLeft && !hasArrived }
}
