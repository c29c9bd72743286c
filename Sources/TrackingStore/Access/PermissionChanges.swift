internal import Synchronization

/// The users that a commit concerns.
package enum ChangedUsers: Sendable, Equatable {
    case some(Set<Int64>)
    case all

    mutating func insert(_ id: Int64?) {
        guard let id, case .some(var ids) = self else {
            self = .all
            return
        }
        ids.insert(id)
        self = .some(ids)
    }
}

/// Tells the one who keeps users and their permissions in memory what a commit has changed.
package final class PermissionChanges: Sendable {
    private let handler = Mutex<(@Sendable (ChangedUsers) -> Void)?>(nil)

    package init() {}

    /// - Parameter handler: called on the writer's thread after each commit that concerns users, before its answers are sent.
    package func watch(_ handler: @escaping @Sendable (ChangedUsers) -> Void) {
        self.handler.withLock { $0 = handler }
    }

    func tell(_ users: ChangedUsers) { handler.withLock { $0 }?(users) }
}
