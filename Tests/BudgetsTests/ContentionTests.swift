import Budgets
import Testing

@Suite struct ContentionTests {
    private static let second: UInt64 = 1_000_000_000

    @Test func `a client that is alone contends with nobody`() {
        let contention = Contention()
        for number in 0..<10 { contention.recordRequest(of: 7, at: UInt64(number) * Self.second) }
        #expect(!contention.isPresent)
    }

    @Test func `two clients contend until one has been alone for a second`() {
        let contention = Contention()
        contention.recordRequest(of: 7, at: Self.second)
        contention.recordRequest(of: 8, at: Self.second)
        #expect(contention.isPresent)
        contention.recordRequest(of: 8, at: 2 * Self.second)
        #expect(contention.isPresent)
        contention.recordRequest(of: 7, at: 2 * Self.second)
        contention.recordRequest(of: 7, at: 3 * Self.second + 1)
        #expect(!contention.isPresent)
    }
}
