import Glibc
import Testing

@testable import apus

@Suite struct CaughtSignalTests {
    @Test func `a signal is told with its sender`() throws {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGUSR2)
        try #require(pthread_sigmask(SIG_BLOCK, &set, nil) == 0)
        defer { pthread_sigmask(SIG_UNBLOCK, &set, nil) }
        #expect(CaughtSignal.next(of: [SIGUSR2], within: .zero) == nil)
        try #require(pthread_kill(pthread_self(), SIGUSR2) == 0)
        let caught = try #require(CaughtSignal.next(of: [SIGUSR2], within: .seconds(10)))
        #expect(caught.number == SIGUSR2)
        #expect(caught.sender.hasSuffix("(pid \(getpid()))"))
    }
}
