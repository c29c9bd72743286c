internal import ArtifactStore
internal import Dispatch
internal import Synchronization
internal import Tracking

/// Makes changes of one artifact happen one after the other, each together with its entry in the journal.
///
/// The last entry of a path then tells how its file is, also when several clients store and delete it at the same time.
/// Other artifacts are changed meanwhile; a change of a folder and one of a file beneath it wait for each other.
final class ArtifactTurns: Sendable {
    private struct Claim {
        let number: UInt64
        let path: ArtifactPath
        /// nil once the change may happen.
        var wake: DispatchSemaphore?
    }

    private struct State {
        var nextNumber: UInt64 = 0
        /// The changes that happen or wait, the oldest first: no more than threads that serve artifacts.
        var claims: [Claim] = []

        func isBlocked(_ index: Int) -> Bool {
            claims[..<index].contains { $0.path.overlaps(claims[index].path) }
        }
    }

    private let state = Mutex(State())

    /// Makes a change of a file or a folder; blocks until all earlier changes of the same files are over.
    ///
    /// - Parameter change: changes the files and hands the entry of the journal to the writer; never takes a turn itself.
    func take<Value, Failure: Error>(
        _ path: ArtifactPath,
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
        wake?.wait()
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
    /// Whether the paths are equal, or one is that of a folder above the other.
    fileprivate func overlaps(_ other: ArtifactPath) -> Bool {
        zip(components, other.components).allSatisfy { $0.isExactly($1) }
    }
}
