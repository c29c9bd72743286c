import Testing

@testable import HTTPServer

@Suite struct LoopTurnsTests {
    private static let millisecond: UInt64 = 1_000_000

    @Test func `who has used much more of a loop than the average waits, and nobody else`() {
        var turns = LoopTurns()
        turns.add(20 * Self.millisecond, for: 1, at: 0)
        #expect(!turns.mustWait(1))
        turns.add(6 * Self.millisecond, for: 2, at: 0)
        #expect(turns.mustWait(1))
        #expect(!turns.mustWait(2))
        #expect(!turns.mustWait(3))
    }

    @Test func `clients that use about the same do not wait for one another`() {
        var turns = LoopTurns()
        for client in 1...2 { turns.add(UInt64(client + 9) * Self.millisecond, for: client, at: 0) }
        #expect(!turns.mustWait(1))
        #expect(!turns.mustWait(2))
    }

    @Test func `who has used little never waits`() {
        var turns = LoopTurns()
        turns.add(4 * Self.millisecond, for: 1, at: 0)
        turns.add(Self.millisecond / 10, for: 2, at: 0)
        #expect(!turns.mustWait(1))
    }

    @Test func `what was used long ago does not count`() {
        var turns = LoopTurns()
        turns.add(5 * Self.millisecond, for: 1, at: 0)
        turns.add(40 * Self.millisecond, for: 2, at: 0)
        #expect(turns.mustWait(2))
        for client in 1...2 { turns.add(Self.millisecond, for: client, at: 1_000 * Self.millisecond) }
        #expect(!turns.mustWait(2))
    }

    @Test func `connections that wait keep their order, and rest as long as they were served`() {
        var turns = LoopTurns()
        for connection in 0..<2_000 { turns.append(UInt64(connection)) }
        #expect(turns.count == 2_000)
        for connection in 0..<2_000 { #expect(turns.popFirst() == UInt64(connection)) }
        #expect(turns.isEmpty)
        #expect(turns.popFirst() == nil)
        turns.recordRun(from: 10, to: 15)
        #expect(turns.due == 20)
    }
}
