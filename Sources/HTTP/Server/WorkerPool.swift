import Dispatch
import Synchronization

/// A fixed number of serial queues for work that may block, fed from one line.
///
/// Never the global concurrent queue: it answers blocked threads with more threads. One line for all, so that work
/// never waits behind a slow piece while another queue is free.
final class WorkerPool: Sendable {
    private struct State {
        var idle: [Int]
        var waiting: [@Sendable () -> Void] = []
        /// Where in `waiting` the next piece is; those before it are taken.
        var next = 0

        mutating func takeWaiting() -> (@Sendable () -> Void)? {
            guard next < waiting.count else { return nil }
            let work = waiting[next]
            next += 1
            if next == waiting.count {
                waiting.removeAll(keepingCapacity: true)
                next = 0
            } else if next >= 1_024 {
                waiting.removeFirst(next)
                next = 0
            }
            return work
        }
    }

    private let queues: [DispatchQueue]
    private let state: Mutex<State>

    init(width: Int) {
        precondition(width > 0, "a worker pool needs at least one queue, got \(width)")
        queues = (0..<width).map { DispatchQueue(label: "http.worker.\($0)") }
        state = Mutex(State(idle: Array((0..<width).reversed())))
    }

    /// Runs the work on a free queue, else when one becomes free, in order of arrival.
    func run(_ work: @escaping @Sendable () -> Void) {
        let free = state.withLock { state -> Int? in
            if let index = state.idle.popLast() { return index }
            state.waiting.append(work)
            return nil
        }
        guard let free else { return }
        queues[free].async { [self] in
            work()
            runWaiting(on: free)
        }
    }

    /// Runs what waits in the line, until there is nothing left for this queue.
    private func runWaiting(on index: Int) {
        while let work = next(for: index) { work() }
    }

    /// The next piece of work for a queue; marks the queue free when there is none.
    private func next(for index: Int) -> (@Sendable () -> Void)? {
        state.withLock { state in
            if let work = state.takeWaiting() { return work }
            state.idle.append(index)
            return nil
        }
    }
}
