internal import Synchronization

/// The runs that committed writes have touched since somebody last asked; may be used by several threads.
///
/// It costs a write one entry of a set, and a group commit one lock. Its memory is bounded: of more runs than `capacity` it
/// only says that there were too many.
package final class ChangeFeed: Sendable {
    /// What has happened since it was last asked.
    package struct Changes: Sendable {
        /// The rows of runs.
        package var runs: Set<Int64> = []
        /// Whether runs are missing in the set, so that all must be looked at.
        package var isIncomplete = false

        package init() {}
    }

    private static let capacity = 100_000

    private let changes = Mutex(Changes())

    package init() {}

    func add(_ runs: Set<Int64>) {
        changes.withLock { changes in
            guard !changes.isIncomplete else { return }
            changes.runs.formUnion(runs)
            guard changes.runs.count > Self.capacity else { return }
            changes.runs = []
            changes.isIncomplete = true
        }
    }

    /// The changes since they were last taken, which stay.
    package var pending: Changes { changes.withLock { $0 } }

    /// The changes since the last call.
    package func take() -> Changes {
        changes.withLock { changes in
            defer { changes = Changes() }
            return changes
        }
    }
}
