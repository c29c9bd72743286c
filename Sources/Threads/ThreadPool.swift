internal import Dispatch
internal import Synchronization

/// A limited number of threads that share one queue of work.
///
/// A thread is started when work arrives and no thread is free. The threads end when the pool is released and its queue
/// is empty.
package final class ThreadPool: Sendable {
    private let core: PoolCore

    /// - Parameters:
    ///   - width: the maximum number of threads, at least 1.
    ///   - contendedShare: the maximum number of threads that work for one sender while `isContended` returns true, at least 1.
    ///   - isContended: whether several senders send work now.
    package init(
        name: String,
        width: Int,
        pace: SystemThread.Pace = .usual,
        contendedShare: Int = 1,
        isContended: @escaping @Sendable () -> Bool = { false }
    ) {
        precondition(width > 0, "a pool needs at least 1 thread, got \(width)")
        precondition(contendedShare > 0, "a sender needs at least 1 thread, got \(contendedShare)")
        core = PoolCore(name: name, width: width, pace: pace, contendedShare: contendedShare, isContended: isContended)
    }

    deinit {
        core.end()
    }

    /// Runs the work on a thread of the pool as soon as one is free; returns at once.
    ///
    /// Senders have turns, and the work of one sender gets at most three quarters of the threads at once, or fewer while
    /// several senders send work. If the system cannot create even the first thread, the work runs on the calling thread
    /// before the function returns.
    /// - Parameter sender: a number for the sender of the work. All work with the number 0 counts as one sender, which
    ///   may use all threads.
    package func run(for sender: Int = 0, _ work: @escaping @Sendable () -> Void) {
        _ = core.run(work, for: sender, waitingAtMost: .max)
    }

    /// Runs the work as `run` does, unless `limit` pieces of work are waiting already.
    ///
    /// - Returns: false if the work was not accepted and will not run.
    package func run(
        ifFewerWaitThan limit: Int,
        for sender: Int = 0,
        _ work: @escaping @Sendable () -> Void
    ) -> Bool {
        core.run(work, for: sender, waitingAtMost: limit - 1)
    }
}

/// The part of a pool that its threads hold, so that they do not keep the pool itself alive.
private final class PoolCore: Sendable {
    private struct State {
        var line = TurnLine()
        var threads = 0
        var idle = 0
        var isEnding = false
    }

    private enum Step {
        case none, wake, start, refuse
    }

    private enum Task {
        case work(@Sendable () -> Void, of: Int)
        case wait, end
    }

    private let name: String
    private let width: Int
    private let pace: SystemThread.Pace
    private let contendedShare: Int
    private let isContended: @Sendable () -> Bool
    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    init(
        name: String,
        width: Int,
        pace: SystemThread.Pace,
        contendedShare: Int,
        isContended: @escaping @Sendable () -> Bool
    ) {
        self.name = name
        self.contendedShare = contendedShare
        self.isContended = isContended
        self.width = width
        self.pace = pace
    }

    /// The maximum number of threads that work for one sender at once: three quarters of a pool, rounded up, or
    /// `contendedShare`.
    private var share: Int { isContended() ? min(contendedShare, width) : width - width / 4 }

    func run(_ work: @escaping @Sendable () -> Void, for sender: Int, waitingAtMost limit: Int) -> Bool {
        let step: Step = state.withLock { state in
            guard state.line.count <= limit else { return .refuse }
            state.line.append(work, of: sender)
            if state.idle > 0 {
                state.idle -= 1
                return .wake
            }
            guard state.threads < width else { return .none }
            state.threads += 1
            return .start
        }
        switch step {
        case .none: break
        case .wake: wake.signal()
        case .start: startThread()
        case .refuse: return false
        }
        return true
    }

    private func startThread() {
        if SystemThread.start(name: name, pace: pace, { [self] in serve() }) { return }
        let isAlone = state.withLock { state in
            state.threads -= 1
            return state.threads == 0
        }
        if isAlone { runLine() }
    }

    private func runLine() {
        while let (work, sender) = state.withLock({ $0.line.take(share: .max) }) {
            work()
            state.withLock { $0.line.end(sender) }
        }
    }

    private func serve() {
        var done: Int?
        while true {
            let task: Task = state.withLock { state in
                if let done { state.line.end(done) }
                done = nil
                // When the pool ends, no further work arrives for which threads would have to be kept free.
                if let (work, sender) = state.line.take(share: state.isEnding ? .max : share) {
                    return .work(work, of: sender)
                }
                if state.isEnding { return .end }
                state.idle += 1
                return .wait
            }
            switch task {
            case .work(let work, let sender):
                work()
                done = sender
            case .wait: wake.wait()
            case .end: return
            }
        }
    }

    func end() {
        let idle = state.withLock { state in
            state.isEnding = true
            defer { state.idle = 0 }
            return state.idle
        }
        for _ in 0..<idle { wake.signal() }
    }
}
