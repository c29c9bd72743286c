package import Identities
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

/// What a commit has changed about who may do what.
package struct AccessChange: Sendable, Equatable {
    /// Whose rights are others now.
    package internal(set) var users = ChangedUsers.some([])
    /// The hashes of tokens that have ended.
    package internal(set) var endedTokens: [[UInt8]] = []
    /// The hashes of log-ins that have ended.
    package internal(set) var endedLogIns: [[UInt8]] = []
    /// The names of users that were deleted.
    package internal(set) var deletedUsers: [String] = []
    /// Whether somebody may do less than before.
    package internal(set) var takesRights = false

    package init() {}

    package var isNone: Bool { self == AccessChange() }
}

/// Tells the one who keeps users and their permissions in memory what a commit has changed.
package final class PermissionChanges: Sendable {
    /// Grows with each commit that takes rights, before its answers are sent and before the next transaction begins: what a
    /// transaction reads here is exact.
    package let version = AccessVersion()
    private let handler = Mutex<(@Sendable (AccessChange) -> Void)?>(nil)

    package init() {}

    /// - Parameter handler: called on the writer's thread after each commit that concerns access, before its answers are sent.
    package func watch(_ handler: @escaping @Sendable (AccessChange) -> Void) {
        self.handler.withLock { $0 = handler }
    }

    /// Called after the commit, before its answers are sent.
    package func tell(_ change: AccessChange) {
        handler.withLock { $0 }?(change)
        if change.takesRights { version.advance() }
    }
}
