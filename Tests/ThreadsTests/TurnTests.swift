import Dispatch
import Synchronization
import Testing
import Threads

@Suite struct TurnTests {
    @Test func `who sends one piece of work does not wait for all of another's`() {
        let pool = ThreadPool(name: "test", width: 1)
        let gate = DispatchSemaphore(value: 0)
        let log = Mutex<[Int]>([])
        let all = DispatchGroup()
        func send(_ number: Int, by sender: Int) {
            all.enter()
            pool.run(for: sender) {
                log.withLock { $0.append(number) }
                all.leave()
            }
        }
        let entered = DispatchSemaphore(value: 0)
        pool.run(for: 1) {
            entered.signal()
            gate.wait()
        }
        entered.wait()
        for number in 0..<5 { send(number, by: 1) }
        for number in 5..<7 { send(number, by: 2) }
        gate.signal()
        all.wait()
        #expect(log.withLock { $0 } == [0, 5, 1, 6, 2, 3, 4])
    }

    @Test func `one sender has three quarters of the threads, and the work of others goes on`() {
        let pool = ThreadPool(name: "test", width: 4)
        let gate = DispatchSemaphore(value: 0)
        let entered = DispatchSemaphore(value: 0)
        let begun = Atomic<Int>(0)
        let all = DispatchGroup()
        for _ in 0..<10 {
            all.enter()
            pool.run(for: 1) {
                begun.add(1, ordering: .relaxed)
                entered.signal()
                gate.wait()
                all.leave()
            }
        }
        for _ in 0..<3 { entered.wait() }
        for _ in 0..<20 {
            let done = DispatchSemaphore(value: 0)
            pool.run(for: 2) { done.signal() }
            done.wait()
        }
        #expect(begun.load(ordering: .relaxed) == 3)
        for _ in 0..<10 { gate.signal() }
        all.wait()
        #expect(begun.load(ordering: .relaxed) == 10)
    }

    @Test func `while senders contend, one of them has no more than its share of the threads`() {
        let pool = ThreadPool(name: "test", width: 4, contendedShare: 2, isContended: { true })
        let running = Atomic<Int>(0)
        let most = Atomic<Int>(0)
        let all = DispatchGroup()
        for _ in 0..<100 {
            all.enter()
            pool.run(for: 1) {
                most.max(running.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
                running.subtract(1, ordering: .relaxed)
                all.leave()
            }
        }
        all.wait()
        #expect(most.load(ordering: .relaxed) <= 2)
    }

    @Test func `who is not told apart may have every thread, and a pool that goes ends its work`() {
        let all = DispatchGroup()
        do {
            let pool = ThreadPool(name: "test", width: 4)
            let together = DispatchSemaphore(value: 0)
            let entered = DispatchSemaphore(value: 0)
            for sender in [0, 0, 0, 0, 7, 7, 7, 7, 7, 7] {
                all.enter()
                pool.run(for: sender) {
                    if sender == 0 {
                        entered.signal()
                        together.wait()
                    }
                    all.leave()
                }
            }
            for _ in 0..<4 { entered.wait() }
            for _ in 0..<4 { together.signal() }
        }
        all.wait()
    }
}
