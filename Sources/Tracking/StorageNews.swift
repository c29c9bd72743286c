internal import Synchronization

/// Tells how much is stored, after each commit of a store whose database other servers use too.
package final class StorageNews: Sendable {
    private let listener = Mutex<(@Sendable ([StorageUse]) -> Void)?>(nil)

    package init() {}

    /// Calls `body` with the new sums of all owners that a commit has changed, before its requests are answered.
    ///
    /// - Parameter body: called on the writer's thread; must be quick. It replaces an earlier one.
    package func listen(_ body: @escaping @Sendable ([StorageUse]) -> Void) { listener.withLock { $0 = body } }

    package func announce(_ use: [StorageUse]) {
        guard !use.isEmpty, let body = listener.withLock({ $0 }) else { return }
        body(use)
    }
}
