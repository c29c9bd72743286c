import Testing

@testable import apus

@Suite struct IdleTimeTests {
    private let start = ContinuousClock.now

    private func counts(open: Int = 0, accepted: Int = 0, requests: Int = 0) -> IdleTime.Counts {
        IdleTime.Counts(openConnections: open, acceptedConnections: accepted, requests: requests)
    }

    @Test func `a server that nobody has used is idle since its start`() {
        var idle = IdleTime(counts(), at: start)
        #expect(idle.update(counts(), at: start + .seconds(4)) == .seconds(4))
        #expect(idle.update(counts(), at: start + .seconds(9)) == .seconds(9))
    }

    @Test func `an open connection is a use, however long it is silent`() {
        var idle = IdleTime(counts(), at: start)
        for second in 1...5 {
            #expect(idle.update(counts(open: 1, accepted: 1), at: start + .seconds(second)) == .zero)
        }
        #expect(idle.update(counts(accepted: 1), at: start + .seconds(6)) == .zero)
        #expect(idle.update(counts(accepted: 1), at: start + .seconds(8)) == .seconds(2))
    }

    @Test func `a connection or a request between two looks begins the time anew`() {
        var idle = IdleTime(counts(), at: start)
        #expect(idle.update(counts(accepted: 1), at: start + .seconds(2)) == .zero)
        #expect(idle.update(counts(accepted: 1), at: start + .seconds(3)) == .seconds(1))
        #expect(idle.update(counts(accepted: 1, requests: 1), at: start + .seconds(4)) == .zero)
        #expect(idle.update(counts(accepted: 1, requests: 1), at: start + .seconds(9)) == .seconds(5))
    }
}
