internal import ArtifactStore
internal import Budgets
internal import Glibc
internal import Synchronization

/// The uploads in parts that go straight to an object storage, as far as this process has begun or completed them.
///
/// The storage keeps the parts, and this object counts the uploads. Those of earlier processes are not counted.
final class DirectUploads: Sendable {
    /// An upload, which has an id only together with its path.
    struct Name: Hashable {
        let id: String
        let path: String
    }

    private struct State {
        var open: [Name: (place: Holding, expires: Int64)] = [:]
        /// The uploads that were completed and journalled, and when that is forgotten, in Unix seconds.
        var completed: [Name: Int64] = [:]
    }

    /// The greatest number of completed uploads that are remembered.
    private static let mostCompleted = 10_000

    private let limits: MultipartUploads.Limits
    private let state = Mutex(State())

    init(_ limits: MultipartUploads.Limits) {
        self.limits = limits
    }

    /// Returns a place for an upload that is about to begin.
    ///
    /// - Throws: `.tooManyUploads`.
    func place(for peer: Peer) throws(MultipartError) -> Holding {
        let now = Int64(time(nil))
        // The URLs of these have expired, so that nobody goes on with them.
        state.withLock { state in state.open = state.open.filter { $0.value.expires > now } }
        let place = Holding(of: limits.openUploads, for: peer)
        guard place.grow(by: 1) else { throw .tooManyUploads }
        return place
    }

    /// Counts an upload from now until it ends, or its URLs expire.
    func begin(_ upload: Name, in place: Holding) {
        let expires = Int64(time(nil)) + limits.lifetimeSeconds
        state.withLock { $0.open[upload] = (place, expires) }
    }

    /// Ends the counting of an upload.
    func end(_ upload: Name) {
        state.withLock { state in _ = state.open.removeValue(forKey: upload) }
    }

    /// Ends the counting of an upload, and remembers for an hour that it was completed and journalled.
    func complete(_ upload: Name) {
        let now = Int64(time(nil))
        state.withLock { state in
            state.open.removeValue(forKey: upload)
            if state.completed.count >= Self.mostCompleted {
                state.completed = state.completed.filter { $0.value > now }
            }
            if state.completed.count >= Self.mostCompleted { state.completed = [:] }
            state.completed[upload] = now + limits.memorySeconds
        }
    }

    /// Whether the upload was completed and journalled, so that a repeated request changes nothing.
    func isCompleted(_ upload: Name) -> Bool {
        let now = Int64(time(nil))
        return state.withLock { $0.completed[upload] ?? 0 } > now
    }
}
