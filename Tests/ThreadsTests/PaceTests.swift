import CLinux
import Dispatch
import Glibc
import Synchronization
import Testing
import Threads

@Suite struct PaceTests {
    /// 0 before Linux 6.12, which has no time slices of single threads.
    private static let usualSlice = apus_time_slice()

    @Test(.enabled(if: PaceTests.usualSlice > 0))
    func `a prompt thread has a short time slice, and one that it starts the usual one`() throws {
        let slices = Mutex<[UInt64]>([])
        let done = DispatchSemaphore(value: 0)
        let isStarted = SystemThread.start(name: "prompt", pace: .prompt) {
            slices.withLock { $0.append(apus_time_slice()) }
            let isStarted = SystemThread.start(name: "usual") {
                slices.withLock { $0.append(apus_time_slice()) }
                done.signal()
            }
            if !isStarted { done.signal() }
        }
        try #require(isStarted)
        done.wait()
        #expect(slices.withLock { $0 } == [100_000, Self.usualSlice])
    }

    @Test func `a thread lowers its own priority alone`() throws {
        let before = nice()
        let lowered = Mutex<Int32?>(nil)
        let done = DispatchSemaphore(value: 0)
        let isStarted = SystemThread.start(name: "low", pace: .prompt) {
            SystemThread.lowerPriority()
            lowered.withLock { $0 = nice() }
            done.signal()
        }
        try #require(isStarted)
        done.wait()
        #expect(lowered.withLock { $0 } == max(before, 10))
        #expect(nice() == before)
    }
}

/// The nice value of the calling thread.
private func nice() -> Int32 { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }
