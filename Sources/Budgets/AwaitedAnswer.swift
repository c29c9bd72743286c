/// Tracks whether the answer to one request has reached its caller.
///
/// A connection answers its requests in order, so this object counts the answers sent before it was created.
package struct AwaitedAnswer: Sendable {
    private let caller: Caller
    private let answersBefore: Int

    /// Call it when the request arrives.
    package init(of caller: Caller) {
        self.caller = caller
        answersBefore = caller.answerCount
    }

    /// Whether the whole answer was sent while the caller was still connected.
    package var hasArrived: Bool { caller.answerCount > answersBefore }

    /// Whether the connection ended before the answer was sent: the caller cannot know the result of its request.
    package var isLost: Bool { caller.hasLeft && !hasArrived }
}
