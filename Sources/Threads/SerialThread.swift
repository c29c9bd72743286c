internal import Dispatch
internal import Synchronization

/// Runs one piece of work at a time, in order, on a thread of its own, which starts with the first piece.
package final class SerialThread: Sendable {
    private struct State {
        var queue = FIFOQueue<@Sendable () -> Void>()
        /// Whether a thread is running work or is about to run it.
        var isBusy = false
    }

    private let state = Mutex(State())
    private let pool: ThreadPool

    package init(name: String, pace: SystemThread.Pace = .usual) { pool = ThreadPool(name: name, width: 1, pace: pace) }

    /// Runs the work later, after all earlier work; returns at once.
    package func async(_ work: @escaping @Sendable () -> Void) {
        let mustStart = state.withLock { state in
            state.queue.append(work)
            defer { state.isBusy = true }
            return !state.isBusy
        }
        if mustStart { pool.run { [self] in runQueue() } }
    }

    /// Runs the work and returns its result.
    ///
    /// If no other work runs or waits, the work runs on the calling thread; otherwise the calling thread waits until
    /// all earlier work is done and the thread of this object has run the new work. Work of this object must not call
    /// the function, because it would wait for itself.
    package func sync<Result: Sendable>(_ work: @escaping @Sendable () -> Result) -> Result {
        let isFree = state.withLock { state in
            defer { state.isBusy = true }
            return !state.isBusy
        }
        guard isFree else {
            let outcome = Outcome<Result>()
            async { outcome.set(work()) }
            return outcome.wait()
        }
        let result = work()
        let hasMore = state.withLock { state in
            state.isBusy = !state.queue.isEmpty
            return state.isBusy
        }
        if hasMore { pool.run { [self] in runQueue() } }
        return result
    }

    private func runQueue() {
        while let work = nextWork() { work() }
    }

    private func nextWork() -> (@Sendable () -> Void)? {
        state.withLock { state in
            let work = state.queue.popFirst()
            if work == nil { state.isBusy = false }
            return work
        }
    }
}

/// A result that one thread makes and another one waits for.
private final class Outcome<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let isSet = DispatchSemaphore(value: 0)

    func set(_ value: Value) {
        self.value.withLock { $0 = value }
        isSet.signal()
    }

    func wait() -> Value {
        isSet.wait()
        guard let value = value.withLock({ $0 }) else { preconditionFailure("a result was announced but not set") }
        return value
    }
}
