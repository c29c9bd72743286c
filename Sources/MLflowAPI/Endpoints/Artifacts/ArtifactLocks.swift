internal import ArtifactStore
internal import Dispatch
internal import Synchronization
internal import Threads
internal import Tracking

/// Serializes the changes of each artifact, each together with its entry in the artifact journal.
///
/// The last entry of a path therefore describes the current file, even if several clients store and delete it at the
/// same time. Changes of different artifacts run concurrently; changes of a folder and of a file beneath it do not.
final class ArtifactLocks: Sendable {
    private struct PendingChange {
        let number: UInt64
        let path: ArtifactPath
        /// The semaphore on which the change waits; nil once it may run.
        var wake: DispatchSemaphore?
    }

    private struct State {
        var nextNumber: UInt64 = 0
        /// The changes that run or wait, the oldest first; each one occupies a thread that serves artifacts.
        var changes: [PendingChange] = []

        func isBlocked(_ index: Int) -> Bool { changes[..<index].contains { $0.path.overlaps(changes[index].path) } }
    }

    private let state = Mutex(State())

    /// Runs a change of a file or a folder; blocks until all earlier changes of the same files are done.
    ///
    /// - Parameter change: changes the files and passes the journal entry to the writer; must not call this method.
    func runAlone<Value, Failure: Error>(
        on path: ArtifactPath,
        _ change: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let number = wait(for: path)
        defer { end(number) }
        return try change()
    }

    private func wait(for path: ArtifactPath) -> UInt64 {
        let (number, wake) = state.withLock { state in
            let number = state.nextNumber
            state.nextNumber += 1
            state.changes.append(PendingChange(number: number, path: path))
            let last = state.changes.count - 1
            if state.isBlocked(last) { state.changes[last].wake = DispatchSemaphore(value: 0) }
            return (number, state.changes[last].wake)
        }
        if let wake { ThreadPool.wait(for: wake) }
        return number
    }

    private func end(_ number: UInt64) {
        state.withLock { state in
            state.changes.removeAll { $0.number == number }
            for index in state.changes.indices where state.changes[index].wake != nil && !state.isBlocked(index) {
                state.changes[index].wake?.signal()
                state.changes[index].wake = nil
            }
        }
    }
}

extension ArtifactPath {
    /// Whether the paths are equal, or one of them is beneath the other.
    fileprivate func overlaps(_ other: ArtifactPath) -> Bool {
        zip(components, other.components).allSatisfy { $0.isExactly($1) }
    }
}
