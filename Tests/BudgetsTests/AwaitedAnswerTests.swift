import Budgets
import Testing

@Suite struct AwaitedAnswerTests {
    private let caller = Caller(peer: Peer(address: "192.0.2.1"))

    @Test func `an answer is lost when the connection ends before it`() {
        let awaited = AwaitedAnswer(of: caller)
        #expect(!awaited.hasArrived && !awaited.isLost)
        caller.leave()
        #expect(awaited.isLost)
    }

    @Test func `an answer that has arrived is not lost when the connection ends`() {
        let awaited = AwaitedAnswer(of: caller)
        caller.didReceiveAnswer()
        caller.leave()
        #expect(awaited.hasArrived && !awaited.isLost)
    }

    @Test func `each request of a connection has an answer of its own`() {
        let first = AwaitedAnswer(of: caller)
        caller.didReceiveAnswer()
        let second = AwaitedAnswer(of: caller)
        caller.leave()
        #expect(first.hasArrived && second.isLost)
    }

    @Test func `an answer that was dropped unread is lost`() {
        let awaited = AwaitedAnswer(of: caller)
        caller.didReceiveAnswer()
        caller.didLoseAnswer()
        caller.leave()
        #expect(awaited.isLost)
        caller.didLoseAnswer()
        #expect(caller.answerCount == 0)
    }
}
