internal import CLinux
internal import Dispatch
internal import Logging
internal import Synchronization
internal import Tracking

/// Returns memory to the system and truncates the database's write-ahead log when no request has come for a while.
///
/// Each request costs two atomic operations. The timer runs only after requests, so it never wakes an idle process.
final class IdleCleanup: Sendable {
    private let requests = Atomic<Int>(0)
    private let hasTimer = Atomic<Bool>(false)
    private let queue = DispatchQueue(label: "apus.idle", qos: .utility)
    private let rest: BackgroundWork
    private let trim: BackgroundWork

    private static let idleTime = DispatchTimeInterval.seconds(5)
    /// Fewer requests than this, such as health probes, do not start the timer.
    private static let minimumRequests = 16

    init(store: any TrackingBackend, _ logger: Logger) {
        let trim = BackgroundWork("memory-trim", logger) { _ in _ = malloc_trim(0) }
        self.trim = trim
        rest = BackgroundWork("store-rest", logger) { _ in
            store.releaseIdleResources()
            // The threads of the store free their memory within this delay.
            trim.run(after: .seconds(1))
        }
    }

    /// The two works, which `/metrics` reports.
    var works: [BackgroundWork] { [rest, trim] }

    /// Counts a request that has been answered; may be called on any thread.
    func countRequest() {
        let count = requests.wrappingAdd(1, ordering: .relaxed).newValue
        guard count >= Self.minimumRequests, !hasTimer.load(ordering: .relaxed) else { return }
        startTimer()
    }

    private func startTimer() {
        guard !hasTimer.exchange(true, ordering: .relaxed) else { return }
        let count = requests.load(ordering: .relaxed)
        queue.asyncAfter(deadline: .now() + Self.idleTime) { [self] in
            hasTimer.store(false, ordering: .relaxed)
            guard requests.load(ordering: .relaxed) == count else { return startTimer() }
            requests.store(0, ordering: .relaxed)
            rest.run()
        }
    }
}
