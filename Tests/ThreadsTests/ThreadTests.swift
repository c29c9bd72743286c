import Dispatch
import Synchronization
import Testing
import Threads

@Suite struct ThreadTests {
    @Test func `a serial thread does its work in order and one at a time`() {
        let thread = SerialThread(name: "test")
        let log = Mutex<[Int]>([])
        for number in 0..<10_000 {
            if number % 7 == 0 {
                thread.sync { log.withLock { $0.append(number) } }
            } else {
                thread.async { log.withLock { $0.append(number) } }
            }
        }
        thread.sync {}
        #expect(log.withLock { $0 } == Array(0..<10_000))
    }

    @Test func `a serial thread at rest leaves the work to the calling one`() {
        let thread = SerialThread(name: "test")
        #expect(thread.sync { 42 } == 42)
        let gate = DispatchSemaphore(value: 0)
        thread.async { gate.wait() }
        let answer = Mutex(0)
        let done = DispatchSemaphore(value: 0)
        thread.async {
            answer.withLock { $0 = 1 }
            done.signal()
        }
        #expect(answer.withLock { $0 } == 0)
        gate.signal()
        done.wait()
        #expect(thread.sync { answer.withLock { $0 } } == 1)
    }

    @Test func `a pool never runs more at once than it is wide, and forgets nothing`() {
        let pool = ThreadPool(name: "test", width: 3)
        let state = Mutex((running: 0, highest: 0, done: 0))
        let done = DispatchSemaphore(value: 0)
        for _ in 0..<5_000 {
            pool.run {
                state.withLock { state in
                    state.running += 1
                    state.highest = max(state.highest, state.running)
                }
                let isLast = state.withLock { state in
                    state.running -= 1
                    state.done += 1
                    return state.done == 5_000
                }
                if isLast { done.signal() }
            }
        }
        #expect(done.wait(timeout: .now() + .seconds(20)) == .success)
        #expect(state.withLock { $0.highest } <= 3)
    }

    @Test func `a pool takes no more work than may wait, and takes it again when there is room`() {
        let pool = ThreadPool(name: "test", width: 1)
        let started = DispatchSemaphore(value: 0)
        let gate = DispatchSemaphore(value: 0)
        let done = DispatchSemaphore(value: 0)
        pool.run {
            started.signal()
            gate.wait()
        }
        started.wait()
        #expect(pool.run(ifFewerWaitThan: 2) { done.signal() })
        #expect(pool.run(ifFewerWaitThan: 2) { done.signal() })
        #expect(!pool.run(ifFewerWaitThan: 2) { Issue.record("refused work ran") })
        gate.signal()
        done.wait()
        done.wait()
        #expect(pool.run(ifFewerWaitThan: 1) { done.signal() })
        done.wait()
    }

    @Test func `a pool that is released does what waits`() {
        let gone = DispatchSemaphore(value: 0)
        let count = Mutex(0)
        do {
            let pool = ThreadPool(name: "test", width: 2)
            for _ in 0..<100 {
                pool.run {
                    if count.withLock({
                        $0 += 1; return $0
                    }) == 100 {
                        gone.signal()
                    }
                }
            }
        }
        #expect(gone.wait(timeout: .now() + .seconds(20)) == .success)
    }
}
