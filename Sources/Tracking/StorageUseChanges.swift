internal import Synchronization

/// Announces how much each owner has stored, after each commit to a database that other servers use too.
package final class StorageUseChanges: Sendable {
    private let listener = Mutex<(@Sendable ([StorageUse]) -> Void)?>(nil)

    package init() {}

    /// Calls `body` after each commit with the new sums of the owners whose sums have changed, before the commit's requests are
    /// answered.
    ///
    /// - Parameter body: called on the writer's thread; must be quick. It replaces the `body` of an earlier call.
    package func listen(_ body: @escaping @Sendable ([StorageUse]) -> Void) { listener.withLock { $0 = body } }

    package func announce(_ use: [StorageUse]) {
        guard !use.isEmpty, let body = listener.withLock({ $0 }) else { return }
        body(use)
    }
}
