internal import CLinux
internal import Dispatch
internal import Logging
internal import Synchronization
internal import TrackingStore

/// Gives memory back, and cuts the database's log, once no request has come for a while.
///
/// Costs a request two atomic operations. A server at rest is never woken: the timer runs only after requests.
final class IdleRest: Sendable {
    private let requests = Atomic<Int>(0)
    private let isArmed = Atomic<Bool>(false)
    private let queue = DispatchQueue(label: "apus.idle", qos: .utility)
    private let rest: BackgroundWork
    private let trim: BackgroundWork

    private static let idleTime = DispatchTimeInterval.seconds(5)
    /// A probe of the server's health now and again is no load.
    private static let requestsWorthIt = 16

    init(store: TrackingStore, _ logger: Logger) {
        let trim = BackgroundWork("memory-trim", logger) { _ = malloc_trim(0) }
        self.trim = trim
        rest = BackgroundWork("store-rest", logger) {
            store.rest()
            // By then the threads of the store have let go of their pages.
            trim.run(after: .seconds(1))
        }
    }

    /// What is done at rest.
    var works: [BackgroundWork] { [rest, trim] }

    /// Takes account of a request that has been answered; from any thread.
    func noteRequest() {
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
