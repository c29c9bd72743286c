import Testing

@testable import MLflowClient

@Suite struct RetryPolicyTests {
    @Test func `pauses double up to the longest one`() {
        var policy = RetryPolicy()
        policy.firstPause = .seconds(1)
        policy.longestPause = .seconds(5)
        let pauses = (1...5).map { policy.pause(after: $0, requested: nil, random: 0) }
        #expect(pauses == [.seconds(1), .seconds(2), .seconds(4), .seconds(5), .seconds(5)])
    }

    @Test func `chance shortens a pause by at most the jitter`() {
        var policy = RetryPolicy()
        policy.firstPause = .seconds(2)
        policy.jitter = 0.5
        #expect(policy.pause(after: 1, requested: nil, random: 1) == .seconds(1))
    }

    @Test func `the pause that the server asks for is not undercut, but has an end`() {
        var policy = RetryPolicy()
        policy.firstPause = .seconds(1)
        #expect(policy.pause(after: 1, requested: .seconds(7), random: 1) == .seconds(7))
        #expect(policy.pause(after: 1, requested: .seconds(3_600), random: 1) == policy.longestPause)
    }

    @Test func `a pause stays finite after many attempts`() {
        let policy = RetryPolicy()
        #expect(policy.pause(after: 1_000, requested: nil, random: 0) == policy.longestPause)
    }
}
