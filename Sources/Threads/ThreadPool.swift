package import Dispatch
internal import Synchronization

/// A limited number of threads that share one queue of work.
///
/// A thread that waits for another server can lend its place (`wait(for:)`), so that one more thread works meanwhile.
///
/// A thread is started when work arrives and no thread is free. The threads end when the pool is released and its queue is empty.
package final class ThreadPool: Sendable {
    private let core: PoolCore

    /// - Parameters:
    ///   - width: the maximum number of threads, at least 1; threads that have lent their places do not count.
    ///   - lending: the maximum number of threads that have lent their places.
    ///   - contendedShare: the maximum number of threads that work for one sender while `isContended` returns true, at least 1.
    ///   - isContended: whether several senders send work now.
    package init(
        name: String,
        width: Int,
        pace: SystemThread.Pace = .usual,
        lending: Int = 128,
        contendedShare: Int = 1,
        isContended: @escaping @Sendable () -> Bool = { false }
    ) {
        precondition(width > 0, "a pool needs at least 1 thread, got \(width)")
        precondition(contendedShare > 0, "a sender needs at least 1 thread, got \(contendedShare)")
        core = PoolCore(
            name: name,
            width: width,
            pace: pace,
            lending: lending,
            contendedShare: contendedShare,
            isContended: isContended
        )
    }

    deinit { core.end() }

    /// Blocks until the semaphore is signalled, which may take long, because it depends on another server.
    ///
    /// If the calling thread belongs to a pool and waits for longer than `lendingDelay`, it lends its place to another thread,
    /// which runs other work of the pool.
    package static func wait(for semaphore: DispatchSemaphore) {
        guard let place = PoolPlace.current else { return semaphore.wait() }
        guard semaphore.wait(timeout: .now() + lendingDelay) == .timedOut else { return }
        let sender = place.sender.load(ordering: .relaxed)
        let isLent = place.core.lend(sender)
        semaphore.wait()
        if isLent { place.core.takeBack(sender) }
    }

    /// How long a thread waits before another one takes its place.
    private static let lendingDelay = DispatchTimeInterval.milliseconds(100)

    /// Runs the work on a thread of the pool as soon as one is free; returns at once.
    ///
    /// Senders take turns, and the work of one sender gets at most three quarters of the threads at once, or fewer while several
    /// senders send work. If the system cannot create even the first thread, the work runs on the calling thread before the
    /// function returns.
    /// - Parameter sender: a number for the sender of the work. All work with the number 0 counts as one sender, which
    ///   may use all threads.
    package func run(for sender: Int = 0, _ work: @escaping @Sendable () -> Void) {
        _ = core.run(work, for: sender, waitingAtMost: .max)
    }

    /// Runs the work as `run` does, unless `limit` pieces of work are waiting already.
    ///
    /// - Returns: false if the work was not accepted and will not run.
    package func run(ifFewerWaitThan limit: Int, for sender: Int = 0, _ work: @escaping @Sendable () -> Void) -> Bool {
        core.run(work, for: sender, waitingAtMost: limit - 1)
    }
}

/// The place of a thread in its pool.
private final class PoolPlace: Sendable {
    /// The place of the calling thread; nil if it belongs to no pool.
    @TaskLocal static var current: PoolPlace?

    let core: PoolCore
    /// The sender of the work that the thread does.
    let sender = Atomic<Int>(0)

    init(_ core: PoolCore) { self.core = core }
}

/// The part of a pool to which its threads refer, so that they do not keep the pool itself alive.
private final class PoolCore: Sendable {
    private struct State {
        var queue = TurnQueue()
        var threads = 0
        var idle = 0
        /// The number of threads that have lent their places.
        var lent = 0
        var isEnding = false

        /// Decides whether an idle thread must be woken or a new one started for waiting work, and counts the thread as working.
        mutating func nextStep(_ width: Int) -> Step {
            if idle > 0 {
                idle -= 1
                return .wake
            }
            guard threads - lent < width else { return .none }
            threads += 1
            return .start
        }
    }

    private enum Step {
        case none, wake, start, refuse
    }

    private enum Task {
        case work(@Sendable () -> Void, of: Int)
        case wait
        /// The thread ends, after it has woken another one if necessary.
        case end(wakesOther: Bool)
    }

    private let name: String
    private let width: Int
    private let pace: SystemThread.Pace
    private let lending: Int
    private let contendedShare: Int
    private let isContended: @Sendable () -> Bool
    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    init(
        name: String,
        width: Int,
        pace: SystemThread.Pace,
        lending: Int,
        contendedShare: Int,
        isContended: @escaping @Sendable () -> Bool
    ) {
        self.name = name
        self.contendedShare = contendedShare
        self.isContended = isContended
        self.width = width
        self.pace = pace
        self.lending = lending
    }

    /// The maximum number of threads that work for one sender at once: three quarters of a pool, rounded up, or `contendedShare`.
    private var share: Int { isContended() ? min(contendedShare, width) : width - width / 4 }

    func run(_ work: @escaping @Sendable () -> Void, for sender: Int, waitingAtMost limit: Int) -> Bool {
        let step: Step = state.withLock { state in
            guard state.queue.count <= limit else { return .refuse }
            state.queue.append(work, of: sender)
            return state.nextStep(width)
        }
        carryOut(step)
        return step != .refuse
    }

    private func carryOut(_ step: Step) {
        switch step {
        case .none, .refuse: break
        case .wake: wake.signal()
        case .start: startThread()
        }
    }

    /// Lends the place of a thread, which will wait, to another thread.
    ///
    /// - Parameter sender: the sender of the work that the thread does.
    /// - Returns: false if too many places are lent.
    func lend(_ sender: Int) -> Bool {
        let step: Step = state.withLock { state in
            guard state.lent < lending else { return .refuse }
            state.lent += 1
            state.queue.end(sender)
            return state.queue.count > 0 ? state.nextStep(width) : .none
        }
        carryOut(step)
        return step != .refuse
    }

    /// Records that a thread that has lent its place works again; until one of the threads ends, there may be one too many.
    func takeBack(_ sender: Int) {
        state.withLock { state in
            state.lent -= 1
            state.queue.resume(sender)
        }
    }

    private func startThread() {
        let place = PoolPlace(self)
        let isStarted = SystemThread.start(name: name, pace: pace) { [self] in
            PoolPlace.$current.withValue(place) { serve(place) }
        }
        if isStarted { return }
        let isAlone = state.withLock { state in
            state.threads -= 1
            return state.threads == 0
        }
        if isAlone { runQueue() }
    }

    private func runQueue() {
        while let (work, sender) = state.withLock({ $0.queue.popFirst(share: .max) }) {
            work()
            state.withLock { $0.queue.end(sender) }
        }
    }

    private func serve(_ place: PoolPlace) {
        var done: Int?
        while true {
            let task: Task = state.withLock { state in
                if let done { state.queue.end(done) }
                done = nil
                if state.threads - state.lent > width {
                    state.threads -= 1
                    guard state.queue.count > 0, state.idle > 0 else { return .end(wakesOther: false) }
                    state.idle -= 1
                    return .end(wakesOther: true)
                }
                // While the pool ends, no further work arrives, so one sender may use all threads.
                if let (work, sender) = state.queue.popFirst(share: state.isEnding ? .max : share) {
                    return .work(work, of: sender)
                }
                if state.isEnding { return .end(wakesOther: false) }
                state.idle += 1
                return .wait
            }
            switch task {
            case .work(let work, let sender):
                place.sender.store(sender, ordering: .relaxed)
                work()
                done = sender
            case .wait: wake.wait()
            case .end(let wakesOther):
                if wakesOther { wake.signal() }
                return
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
