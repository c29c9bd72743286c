internal import ArtifactStore
internal import Dispatch
internal import Synchronization
internal import Tracking

/// Checks the store's health, one check at a time.
///
/// All requests that arrive during a check share the next check. A check may take two seconds. Any number of waiting
/// requests occupies only one thread.
final class HealthChecks: Sendable {
    private struct State {
        var waiting: [@Sendable (StoreHealth, _ artifacts: String?) -> Void] = []
        var isChecking = false
    }

    private let store: any TrackingBackend
    private let storages: [any ArtifactStorage]
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "apus.health", qos: .utility)

    /// - Parameter storages: all storages of artifacts that the server opens.
    init(store: any TrackingBackend, storages: [any ArtifactStorage]) {
        self.store = store
        self.storages = storages
    }

    /// Starts a check, or joins the next one, and returns at once.
    ///
    /// `completion` gets the result of the check, and the problem of the artifact storage; nil if the storage has none.
    func requestCheck(_ completion: @escaping @Sendable (StoreHealth, _ artifacts: String?) -> Void) {
        let mustStart = state.withLock { state in
            state.waiting.append(completion)
            defer { state.isChecking = true }
            return !state.isChecking
        }
        if mustStart { queue.async { [self] in runChecks() } }
    }

    private func runChecks() {
        while let completions = takeWaiting() {
            let health = store.examine()
            let faults = storages.compactMap { $0.findFault() }
            let fault = faults.isEmpty ? nil : faults.joined(separator: " ")
            for completion in completions { completion(health, fault) }
        }
    }

    /// Removes and returns the waiting completions; returns nil, which ends the series of checks, if there are none.
    private func takeWaiting() -> [@Sendable (StoreHealth, _ artifacts: String?) -> Void]? {
        state.withLock { state in
            defer { state.waiting = [] }
            state.isChecking = !state.waiting.isEmpty
            return state.isChecking ? state.waiting : nil
        }
    }
}
