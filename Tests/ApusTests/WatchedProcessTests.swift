import Dispatch
import Glibc
import Testing

@testable import apus

@Suite struct WatchedProcessTests {
    /// A process that ends when the descriptor is closed; nobody asks for its status before `reap`.
    private struct Child {
        let pid: Int32
        let input: Int32

        init() throws {
            var ends = [Int32](repeating: 0, count: 2)
            // Marked at once, unlike those of a pipe: a process that another test starts now must not hold the other end.
            let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
            try #require(socketpair(AF_UNIX, type, 0, &ends) == 0)
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            defer { posix_spawn_file_actions_destroy(&actions) }
            posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
            var pid = Int32(0)
            let arguments = [strdup("cat"), nil]
            defer { free(arguments[0]) }
            try #require(posix_spawnp(&pid, "cat", &actions, nil, arguments, environ) == 0)
            close(ends[0])
            self.pid = pid
            input = ends[1]
        }

        func end() { close(input) }
        func reap() { waitpid(pid, nil, 0) }
    }

    @Test(arguments: [true, false])
    func `the end of a process is noticed, also before its parent asks for its status`(usesDescriptor: Bool) throws {
        let child = try Child()
        let process = try #require(WatchedProcess(child.pid, usesDescriptor: usesDescriptor))
        let hasEnded = DispatchSemaphore(value: 0)
        process.whenEnded { hasEnded.signal() }
        #expect(hasEnded.wait(timeout: .now() + .milliseconds(50)) == .timedOut)
        child.end()
        #expect(hasEnded.wait(timeout: .now() + .seconds(10)) == .success)
        child.reap()
        #expect(WatchedProcess(child.pid, usesDescriptor: usesDescriptor) == nil)
    }

    @Test(arguments: [true, false])
    func `a process that has ended meanwhile is reported at once`(usesDescriptor: Bool) throws {
        let child = try Child()
        let process = try #require(WatchedProcess(child.pid, usesDescriptor: usesDescriptor))
        child.end()
        child.reap()
        let hasEnded = DispatchSemaphore(value: 0)
        process.whenEnded { hasEnded.signal() }
        #expect(hasEnded.wait(timeout: .now() + .seconds(10)) == .success)
    }

    @Test func `the start time is found behind any name of a program`() {
        let rest = " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 424242 20 21"
        #expect(WatchedProcess.startTime(inStatus: "7 (a) b (c) S" + rest) == 424_242)
        #expect(WatchedProcess.startTime(inStatus: "7 (cat) R" + rest) == 424_242)
        #expect(WatchedProcess.startTime(inStatus: "7 (cat) Z" + rest) == nil)
        #expect(WatchedProcess.startTime(inStatus: "7 (cat) R 1 2") == nil)
        #expect(WatchedProcess.startTime(inStatus: "") == nil)
    }
}
