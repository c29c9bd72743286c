internal import Dispatch
internal import Forwarding
internal import Logging
internal import Synchronization

/// Runs a forwarder in the background: one task sends runs and another one sends files, so that a large file delays no run.
final class ForwardingTasks: Sendable {
    /// The two tasks, which `/metrics` reports, and which must be ended before the store is closed.
    let tasks: [BackgroundTask]

    private let forwarder: Forwarder
    private let queuedTasks: [QueuedTask]
    private let queue = DispatchQueue(label: "apus.forward.timer", qos: .utility)
    private let interval: DispatchTimeInterval
    private let isEnded = Atomic<Bool>(false)

    init(_ forwarder: Forwarder, _ delay: Duration, _ logger: Logger) {
        self.forwarder = forwarder
        interval = .milliseconds(max(25, Int(delay / .milliseconds(1)) / 4))
        let queuedTasks = [
            QueuedTask("forward", logger) { try forwarder.sendRuns() },
            QueuedTask("forward-artifacts", logger) { try forwarder.sendFiles() },
        ]
        tasks = queuedTasks.map(\.task)
        self.queuedTasks = queuedTasks
        forwarder.setWakeUp { for task in queuedTasks { task.request() } }
    }

    /// Starts both tasks now, and again after each interval.
    func begin() {
        guard !isEnded.load(ordering: .relaxed) else { return }
        for task in queuedTasks { task.request() }
        queue.asyncAfter(deadline: .now() + interval) { self.begin() }
    }

    /// Stops the forwarder, so that the tasks end soon; `BackgroundTask.end` waits for them.
    func end() {
        isEnded.store(true, ordering: .relaxed)
        forwarder.stop()
    }

    /// A task that is not queued again while it is in the queue.
    private final class QueuedTask: Sendable {
        let task: BackgroundTask
        private let isQueued: Flag

        private final class Flag: Sendable {
            let value = Atomic<Bool>(false)
        }

        init(_ name: String, _ logger: Logger, _ body: @escaping @Sendable () throws -> Void) {
            let flag = Flag()
            isQueued = flag
            task = BackgroundTask(name, logger) { _ in
                flag.value.store(false, ordering: .releasing)
                try body()
            }
        }

        func request() {
            guard !isQueued.value.exchange(true, ordering: .acquiringAndReleasing) else { return }
            task.run()
        }
    }
}
