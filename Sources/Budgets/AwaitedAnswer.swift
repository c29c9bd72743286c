/// The answer to one request, as far as it is known whether its caller got it.
///
/// A connection answers its requests one after the other: the answers before this one are counted when the request comes.
package struct AwaitedAnswer: Sendable {
    private let caller: Caller
    private let answersBefore: Int

    /// Of a request that its caller has just sent.
    package init(of caller: Caller) {
        self.caller = caller
        answersBefore = caller.answerCount
    }

    /// Whether the answer went out whole to a caller that was still there.
    package var hasArrived: Bool { caller.answerCount > answersBefore }

    /// Whether the connection ended before the answer had arrived: the caller cannot know what became of its request.
    package var isLost: Bool { caller.hasLeft && !hasArrived }
}
