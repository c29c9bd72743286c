internal import Dispatch
internal import Synchronization

/// A limited number of threads that share one queue of work; one is started when work arrives and none is free.
///
/// They end when the pool is released and its queue is empty.
package final class ThreadPool: Sendable {
    private let core: PoolCore

    /// - Parameter width: the maximum number of threads, at least 1.
    package init(name: String, width: Int) {
        precondition(width > 0, "a pool needs at least 1 thread, got \(width)")
        core = PoolCore(name: name, width: width)
    }

    deinit {
        core.end()
    }

    /// Runs the work on a free thread, else when one becomes free, in order of arrival; returns at once.
    ///
    /// If the system cannot create even the first thread, the work runs on the calling thread, which is slow but does
    /// not hang.
    package func run(_ work: @escaping @Sendable () -> Void) { _ = core.run(work, waitingAtMost: .max) }

    /// Runs the work as `run` does, unless `limit` pieces of work are waiting already.
    ///
    /// - Returns: false if the work was not accepted; the caller then does it itself, or does without.
    package func run(ifFewerWaitThan limit: Int, _ work: @escaping @Sendable () -> Void) -> Bool {
        core.run(work, waitingAtMost: limit - 1)
    }
}

/// The part of a pool that its threads hold, so that they do not keep the pool itself alive.
private final class PoolCore: Sendable {
    private struct State {
        var line = WorkLine()
        var threads = 0
        var idle = 0
        var isEnding = false
    }

    private enum Step {
        case none, wake, start, refuse
    }

    private let name: String
    private let width: Int
    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    init(name: String, width: Int) {
        self.name = name
        self.width = width
    }

    func run(_ work: @escaping @Sendable () -> Void, waitingAtMost limit: Int) -> Bool {
        let step: Step = state.withLock { state in
            guard state.line.count <= limit else { return .refuse }
            state.line.append(work)
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
        if SystemThread.start(name: name, { [self] in serve() }) { return }
        let isAlone = state.withLock { state in
            state.threads -= 1
            return state.threads == 0
        }
        if isAlone { runLine() }
    }

    private func runLine() {
        while let work = state.withLock({ $0.line.take() }) { work() }
    }

    private func serve() {
        while true {
            runLine()
            let hasEnded: Bool? = state.withLock { state in
                if state.line.count > 0 { return nil }
                if state.isEnding { return true }
                state.idle += 1
                return false
            }
            if hasEnded == true { return }
            if hasEnded == false { wake.wait() }
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
