internal import Synchronization

/// Collects the runs that commits may have changed, until the forwarder removes them with `removeChanges()`.
///
/// May be used by several threads.
/// The cost is one entry of a set for each write and one lock for each group commit. The memory is limited: beyond
/// `capacity` runs, the feed only records that there were too many.
package final class ChangeFeed: Sendable {
    /// The runs that may have changed since the last call of `removeChanges()`.
    package struct Changes: Sendable {
        /// The row ids of the runs.
        package var runs: Set<Int64> = []
        /// Whether `runs` is incomplete, so that all runs must be checked.
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

    /// The changes since the last call of `removeChanges()`; they remain in the feed.
    package var pending: Changes { changes.withLock { $0 } }

    /// Returns the changes since the last call, and removes them from the feed.
    package func removeChanges() -> Changes {
        changes.withLock { changes in
            defer { changes = Changes() }
            return changes
        }
    }
}
