internal import ArtifactStore
internal import Budgets
internal import Glibc
internal import Synchronization

/// The uploads in parts to an object store that this process has begun or completed.
///
/// The storage stores the parts; this object counts the uploads. Uploads of earlier processes are not counted.
final class DirectUploads: Sendable {
    /// Identifies an upload; different paths may have uploads with the same id.
    struct Name: Hashable {
        let id: String
        let path: String
    }

    private struct State {
        var open: [Name: (slot: BudgetReservation, expires: Int64)] = [:]
        /// The Unix time in seconds before which the storage is not asked again which of these uploads have ended.
        var nextQuery: Int64 = 0
        /// The uploads that are completed and in the journal, each with the Unix time in seconds when it is forgotten.
        var completed: [Name: Int64] = [:]
    }

    /// The seconds between two queries about the uploads that have ended.
    private static let queryPause: Int64 = 10
    /// The most completed uploads that are remembered.
    private static let mostCompleted = 10_000

    private let limits: MultipartUploads.Limits
    private let state = Mutex(State())

    init(_ limits: MultipartUploads.Limits) { self.limits = limits }

    /// Reserves one of the uploads that a client may have open, for an upload that is about to begin.
    ///
    /// - Parameter findEnded: returns those of the ids whose uploads the storage no longer has, because another server has
    ///   completed or aborted them; called if the client has too many open ones, at most every ten seconds.
    /// - Throws: `.tooManyUploads`.
    func slot(for peer: Peer, findEnded: ([String]) -> [String]) throws(MultipartError) -> BudgetReservation {
        let now = Int64(time(nil))
        // The URLs of these uploads have expired, so no client can continue them.
        state.withLock { state in state.open = state.open.filter { $0.value.expires > now } }
        let slot = BudgetReservation(of: limits.openUploads, for: peer)
        if slot.grow(by: 1) { return slot }
        let openIDs: [String]? = state.withLock { state in
            guard state.nextQuery <= now else { return nil }
            state.nextQuery = now + Self.queryPause
            return state.open.keys.map(\.id)
        }
        if let openIDs {
            let ended = Set(findEnded(openIDs))
            state.withLock { state in state.open = state.open.filter { !ended.contains($0.key.id) } }
        }
        guard slot.grow(by: 1) else { throw .tooManyUploads }
        return slot
    }

    /// Counts an upload until it ends, or its URLs expire.
    func begin(_ upload: Name, in slot: BudgetReservation) {
        let expires = Int64(time(nil)) + limits.lifetimeSeconds
        state.withLock { $0.open[upload] = (slot, expires) }
    }

    /// Stops counting an upload, because it has ended.
    func end(_ upload: Name) { state.withLock { state in _ = state.open.removeValue(forKey: upload) } }

    /// Stops counting an upload, and remembers for a while that it was completed and added to the journal.
    func complete(_ upload: Name) {
        let now = Int64(time(nil))
        state.withLock { state in
            state.open.removeValue(forKey: upload)
            if state.completed.count >= Self.mostCompleted {
                state.completed = state.completed.filter { $0.value > now }
            }
            if state.completed.count >= Self.mostCompleted { state.completed = [:] }
            state.completed[upload] = now + limits.rememberedSeconds
        }
    }

    /// Whether the upload was completed and added to the journal, so that a repeated request changes nothing.
    func isCompleted(_ upload: Name) -> Bool {
        let now = Int64(time(nil))
        return state.withLock { $0.completed[upload] ?? 0 } > now
    }
}
