internal import CLinux
internal import Dispatch
internal import Logging
internal import Synchronization
internal import Tracking

/// Returns memory to the system and truncates the database's write-ahead log after five seconds without a request.
///
/// Each request costs two atomic operations. The timer runs only after requests, so it never wakes an idle process.
final class IdleCleanup: Sendable {
    private let requests = Atomic<Int>(0)
    private let hasTimer = Atomic<Bool>(false)
    private let queue = DispatchQueue(label: "apus.idle", qos: .utility)
    private let storeCleanup: BackgroundTask
    private let memoryTrim: BackgroundTask

    private static let idleTime = DispatchTimeInterval.seconds(5)
    /// Fewer requests than this, such as health probes, do not start the timer.
    private static let minimumRequests = 16

    init(store: any TrackingBackend, _ logger: Logger) {
        let memoryTrim = BackgroundTask("memory-trim", logger) { _ in _ = malloc_trim(0) }
        self.memoryTrim = memoryTrim
        storeCleanup = BackgroundTask("store-rest", logger) { _ in
            store.releaseIdleResources()
            // The threads of the store free their memory within this delay.
            memoryTrim.run(after: .seconds(1))
        }
    }

    /// The two tasks, which `/metrics` reports.
    var tasks: [BackgroundTask] { [storeCleanup, memoryTrim] }

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
            storeCleanup.run()
        }
    }
}
