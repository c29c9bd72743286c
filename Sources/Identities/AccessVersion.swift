internal import Synchronization

/// Counts the changes by which anybody loses rights.
///
/// A request that was admitted at an older count is checked again. Changes that only add rights are not counted.
package final class AccessVersion: Sendable {
    // 0 is the version of a client whose rights were never checked.
    private let count = Atomic<Int>(1)

    package init() {}

    package var current: Int { count.load(ordering: .acquiring) }

    /// Counts a change; call it after the change is in effect, so that whoever reads the new number also finds the change.
    package func advance() { count.wrappingAdd(1, ordering: .releasing) }
}
