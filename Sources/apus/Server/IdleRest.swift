internal import CLinux
internal import Dispatch
internal import Logging
internal import Synchronization
internal import Tracking

/// Returns memory to the system and truncates the database's write-ahead log when no request has come for a while.
///
/// Counting costs each request two atomic operations. An idle process is never woken, because the timer runs only after requests.
final class IdleRest: Sendable {
    private let requests = Atomic<Int>(0)
    private let isArmed = Atomic<Bool>(false)
    private let queue = DispatchQueue(label: "apus.idle", qos: .utility)
    private let rest: BackgroundWork
    private let trim: BackgroundWork

    private static let idleTime = DispatchTimeInterval.seconds(5)
    /// Fewer requests than this, such as health probes, do not start the timer.
    private static let requestsWorthIt = 16

    init(store: any TrackingBackend, _ logger: Logger) {
        let trim = BackgroundWork("memory-trim", logger) { _ in _ = malloc_trim(0) }
        self.trim = trim
        rest = BackgroundWork("store-rest", logger) { _ in
            store.releaseIdleResources()
            // After this delay the threads of the store have freed their pages.
            trim.run(after: .seconds(1))
        }
    }

    /// The two works, which `/metrics` reports.
    var works: [BackgroundWork] { [rest, trim] }

    /// Counts a request that has been answered; may be called on any thread.
    func countRequest() {
        let count = requests.wrappingAdd(1, ordering: .relaxed).newValue
        guard count >= Self.requestsWorthIt, !isArmed.load(ordering: .relaxed) else { return }
        arm()
    }

    private func arm() {
        guard !isArmed.exchange(true, ordering: .relaxed) else { return }
        let seen = requests.load(ordering: .relaxed)
        queue.asyncAfter(deadline: .now() + Self.idleTime) { [self] in
            isArmed.store(false, ordering: .relaxed)
            guard requests.load(ordering: .relaxed) == seen else { return arm() }
            requests.store(0, ordering: .relaxed)
            rest.run()
        }
    }
}
