internal import ArtifactStore
internal import Dispatch
internal import Logging
internal import Synchronization

/// A named task in the background, which runs on demand or at an interval, and is ended before the store is closed.
final class BackgroundTask: Sendable {
    /// The results so far, for `/metrics`.
    struct Report: Sendable {
        var runs = 0
        var failures = 0
        var lastFailed = false
        var lastDuration = Duration.zero
    }

    private struct State {
        var report = Report()
        var isEnded = false
        /// The reason of the last run's failure, so that each reason is logged once and not at every interval.
        var failure: String?
    }

    let name: String
    private let interval: DispatchTimeInterval?
    private let queue: DispatchQueue
    private let logger: Logger
    private let body: @Sendable (BackgroundTask) throws -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - interval: the time from the end of a run to the next one; nil for a task that runs only when it is asked for.
    ///   - body: does one run. An error that it throws is logged and counted, and does not prevent later runs. A `body`
    ///     that may take long reads `isEnded` now and then, and returns early if it is true.
    init(
        _ name: String,
        every interval: DispatchTimeInterval? = nil,
        qos: DispatchQoS = .utility,
        _ logger: Logger,
        body: @escaping @Sendable (BackgroundTask) throws -> Void
    ) {
        self.name = name
        self.interval = interval
        self.logger = logger
        self.body = body
        queue = DispatchQueue(label: "apus.\(name)", qos: qos)
    }

    var report: Report { state.withLock(\.report) }

    /// Whether the server is stopping, so that a run should end early.
    var isEnded: Bool { state.withLock(\.isEnded) }

    /// Asks for a run on the queue of this task; returns at once.
    func run(after delay: DispatchTimeInterval? = nil) {
        guard let delay else { return queue.async { self.runOnce() } }
        queue.asyncAfter(deadline: .now() + delay) { self.runOnce() }
    }

    /// Waits until the runs that were asked for without a delay have ended, but no longer than the limit.
    func wait(atMost limit: DispatchTimeInterval) { wait(until: .now() + limit) }

    private func wait(until deadline: DispatchTime) {
        let end = DispatchSemaphore(value: 0)
        queue.async { end.signal() }
        _ = end.wait(timeout: deadline)
    }

    /// Prevents further runs of all tasks, and waits for the running ones, no longer than the limit in total.
    static func end(_ tasks: [BackgroundTask], atMost limit: DispatchTimeInterval) {
        for task in tasks { task.state.withLock { $0.isEnded = true } }
        let deadline = DispatchTime.now() + limit
        for task in tasks { task.wait(until: deadline) }
    }

    private func runOnce() {
        guard !isEnded else { return }
        var failure: String?
        let duration = ContinuousClock().measure {
            do {
                try body(self)
            } catch {
                failure = (error as? ArtifactError)?.message(for: "") ?? "\(error)"
            }
        }
        let before = state.withLock { state in
            defer { state.failure = failure }
            state.report.runs += 1
            state.report.failures += failure == nil ? 0 : 1
            state.report.lastFailed = failure != nil
            state.report.lastDuration = duration
            return state.failure
        }
        if let failure, failure != before { logger.warning("\(name) failed", metadata: ["error": "\(failure)"]) }
        if failure == nil, before != nil { logger.notice("\(name) works again") }
        if let interval { run(after: interval) }
    }
}
