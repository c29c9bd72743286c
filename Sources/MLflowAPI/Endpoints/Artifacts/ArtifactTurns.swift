internal import ArtifactStore
internal import Dispatch
internal import Synchronization
internal import Threads
internal import Tracking

/// Serializes the changes of each artifact, each together with its entry in the artifact journal.
///
/// The last entry of a path therefore describes the current file, even if several clients store and delete it at the
/// same time. Changes of different artifacts run concurrently; changes of a folder and of a file beneath it do not.
final class ArtifactTurns: Sendable {
    private struct Claim {
        let number: UInt64
        let path: ArtifactPath
        /// nil once the change may run.
        var wake: DispatchSemaphore?
    }

    private struct State {
        var nextNumber: UInt64 = 0
        /// The changes that run or wait, the oldest first; each one occupies a thread that serves artifacts.
        var claims: [Claim] = []

        func isBlocked(_ index: Int) -> Bool { claims[..<index].contains { $0.path.overlaps(claims[index].path) } }
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
            state.claims.append(Claim(number: number, path: path))
            let last = state.claims.count - 1
            if state.isBlocked(last) { state.claims[last].wake = DispatchSemaphore(value: 0) }
            return (number, state.claims[last].wake)
        }
        if let wake { ThreadPool.wait(for: wake) }
        return number
    }

    private func end(_ number: UInt64) {
        state.withLock { state in
            state.claims.removeAll { $0.number == number }
            for index in state.claims.indices where state.claims[index].wake != nil && !state.isBlocked(index) {
                state.claims[index].wake?.signal()
                state.claims[index].wake = nil
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
