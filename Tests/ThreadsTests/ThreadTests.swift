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

    @Test func `work that waits for another server leaves its place in the pool to other work, and gets it back`() {
        let pool = ThreadPool(name: "test", width: 2)
        let (answer, done) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let running = Mutex((now: 0, most: 0))
        // More than the pool has threads, and than one sender may use.
        for _ in 0..<20 {
            pool.run(for: 1) {
                ThreadPool.wait(for: answer)
                done.signal()
            }
        }
        for sender in [1, 2] {
            pool.run(for: sender) { done.signal() }
            #expect(done.wait(timeout: .now() + .seconds(20)) == .success)
        }
        for _ in 0..<20 { answer.signal() }
        for _ in 0..<20 { #expect(done.wait(timeout: .now() + .seconds(20)) == .success) }
        // From then on the pool is as wide as before.
        let last = DispatchSemaphore(value: 0)
        for number in 0..<2_000 {
            pool.run {
                running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                running.withLock { $0.now -= 1 }
                if number == 1_999 { last.signal() }
            }
        }
        #expect(last.wait(timeout: .now() + .seconds(20)) == .success)
        #expect(running.withLock { $0.most } <= 2)
    }

    @Test func `a pool does not lend more places than it may`() {
        let pool = ThreadPool(name: "test", width: 1, lending: 3)
        let (entered, answer, done) = (
            DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)
        )
        for _ in 0..<4 {
            pool.run {
                entered.signal()
                ThreadPool.wait(for: answer)
                done.signal()
            }
        }
        for _ in 0..<4 { entered.wait() }
        pool.run { done.signal() }
        #expect(done.wait(timeout: .now() + .milliseconds(300)) == .timedOut)
        for _ in 0..<4 { answer.signal() }
        for _ in 0..<5 { #expect(done.wait(timeout: .now() + .seconds(20)) == .success) }
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
