internal import Synchronization

/// Counts the changes after which somebody who was admitted may do less than before.
///
/// What only adds rights does not count, so that it sends no request in progress back to be judged again.
package final class AccessVersion: Sendable {
    // 0 stands for a client about whom nothing was decided.
    private let count = Atomic<Int>(1)

    package init() {}

    package var current: Int { count.load(ordering: .acquiring) }

    /// Call it when the change counts already: who sees the new number finds what is new.
    package func advance() { count.wrappingAdd(1, ordering: .releasing) }
}
