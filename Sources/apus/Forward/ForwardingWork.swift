internal import Dispatch
internal import Forwarding
internal import Logging
internal import Synchronization

/// Runs a forwarder in the background: one work sends runs and another one sends files, so that a large file delays no run.
final class ForwardingWork: Sendable {
    /// The two works, which `/metrics` reports.
    ///
    /// They must be ended before the store is closed.
    let works: [BackgroundWork]

    private let forwarder: Forwarder
    private let queuedWorks: [QueuedWork]
    private let queue = DispatchQueue(label: "apus.forward.timer", qos: .utility)
    private let interval: DispatchTimeInterval
    private let isEnded = Atomic<Bool>(false)

    init(_ forwarder: Forwarder, _ delay: Duration, _ logger: Logger) {
        self.forwarder = forwarder
        interval = .milliseconds(max(25, Int(delay / .milliseconds(1)) / 4))
        let queuedWorks = [
            QueuedWork("forward", logger) { try forwarder.sendRuns() },
            QueuedWork("forward-artifacts", logger) { try forwarder.sendFiles() },
        ]
        works = queuedWorks.map(\.work)
        self.queuedWorks = queuedWorks
        forwarder.whenNeeded { for work in queuedWorks { work.request() } }
    }

    /// Starts both works now, and again after each interval.
    func begin() {
        guard !isEnded.load(ordering: .relaxed) else { return }
        for work in queuedWorks { work.request() }
        queue.asyncAfter(deadline: .now() + interval) { self.begin() }
    }

    /// Stops the forwarder, so that the works end soon; `BackgroundWork.end` waits for them.
    func end() {
        isEnded.store(true, ordering: .relaxed)
        forwarder.stop()
    }

    /// A work that is not queued again while it is in the queue.
    private final class QueuedWork: Sendable {
        let work: BackgroundWork
        private let isQueued: Flag

        private final class Flag: Sendable {
            let value = Atomic<Bool>(false)
        }

        init(_ name: String, _ logger: Logger, _ body: @escaping @Sendable () throws -> Void) {
            let flag = Flag()
            isQueued = flag
            work = BackgroundWork(name, logger) { _ in
                flag.value.store(false, ordering: .releasing)
                try body()
            }
        }

        func request() {
            guard !isQueued.value.exchange(true, ordering: .acquiringAndReleasing) else { return }
            work.run()
        }
    }
}
