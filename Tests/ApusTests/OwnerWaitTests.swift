import Glibc
import Testing

@testable import SQLite
@testable import apus

@Suite struct OwnerWaitTests {
    private func failure(lockFile: String) throws -> StartFailure {
        StartFailure("the data has an owner", owner: .known(try #require(OwnerLock.Owner(lockFile: lockFile))))
    }

    @Test func `an owner without an address is waited for as long as its process lives`() throws {
        var wait = OwnerWait(acceptsOwner: true, longestWait: .zero)
        let starting = try failure(lockFile: "\(getpid())\n")
        for _ in 0..<3 { #expect(try wait.reachableOwner(after: starting) == nil) }
    }

    @Test func `an owner that has ended, or is not known, is waited for no longer than the time`() throws {
        var wait = OwnerWait(acceptsOwner: true, longestWait: .zero)
        // No process has the highest number that a 32-bit kernel could give.
        let ended = try failure(lockFile: "\(Int32.max)\n")
        #expect(throws: StartFailure.self) { try wait.reachableOwner(after: ended) }
        #expect(throws: StartFailure.self) {
            try wait.reachableOwner(after: StartFailure("locked", owner: .unknown))
        }
    }

    @Test func `the address of an owner on this machine is the result, where one is asked for`() throws {
        let address = "http://127.0.0.1:5000"
        let running = try failure(lockFile: "1\n\(address)\n\(OwnerLock.Owner.machine)\nstore\n")
        var asked = OwnerWait(acceptsOwner: true, longestWait: .zero)
        #expect(try asked.reachableOwner(after: running)?.address == address)
        var unasked = OwnerWait(acceptsOwner: false, longestWait: .zero)
        #expect(throws: StartFailure.self) { try unasked.reachableOwner(after: running) }
    }
}
