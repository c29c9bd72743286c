internal import Dispatch
internal import Synchronization
internal import TrackingStore

/// Looks at the store's health for all who ask, one look at a time: who asks while one is under way shares the next.
///
/// A look may wait for seconds. However many ask, it takes one thread.
final class HealthLooks: Sendable {
    private struct State {
        var waiting: [@Sendable (StoreHealth) -> Void] = []
        var isLooking = false
    }

    private let store: TrackingStore
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "apus.health", qos: .utility)

    init(store: TrackingStore) {
        self.store = store
    }

    /// Calls back with what a look finds that has not begun yet; returns at once.
    func ask(_ completion: @escaping @Sendable (StoreHealth) -> Void) {
        let mustStart = state.withLock { state in
            state.waiting.append(completion)
            defer { state.isLooking = true }
            return !state.isLooking
        }
        if mustStart { queue.async { [self] in look() } }
    }

    private func look() {
        while let asking = takeWaiting() {
            let health = store.examine()
            for completion in asking { completion(health) }
        }
    }

    /// Who is waiting; nil, and the looking ends, when nobody is.
    private func takeWaiting() -> [@Sendable (StoreHealth) -> Void]? {
        state.withLock { state in
            defer { state.waiting = [] }
            state.isLooking = !state.waiting.isEmpty
            return state.isLooking ? state.waiting : nil
        }
    }
}
