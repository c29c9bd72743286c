package import Identities
internal import Synchronization

/// The users whose permissions a commit has changed.
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

/// The changes of users, permissions, tokens and log-ins by one transaction.
package struct AccessChange: Sendable, Equatable {
    /// The users whose permissions have changed.
    package internal(set) var users = ChangedUsers.some([])
    /// The hashes of tokens that have ended.
    package internal(set) var endedTokens: [[UInt8]] = []
    /// The hashes of log-ins that have ended.
    package internal(set) var endedLogIns: [[UInt8]] = []
    /// The names of users that were deleted.
    package internal(set) var deletedUsers: [String] = []
    /// Whether a token or a log-in was created.
    package internal(set) var addsCredentials = false
    /// Whether somebody may do less than before the transaction.
    package internal(set) var reducesAccess = false

    package init() {}

    package var isNone: Bool { self == AccessChange() }
}

/// Announces the changes of each commit to the object that keeps users and their permissions in memory.
///
/// If several servers share a database, the commits of this server are announced here. Those of other servers are found by a changed
/// `StoredAccessVersion`.
package final class PermissionChanges: Sendable {
    private struct Watcher {
        let apply: @Sendable (AccessChange) -> Void
        let forget: @Sendable () -> Void
    }

    /// Grows with each commit that reduces permissions, before its answers are sent and before the next transaction begins, so that the
    /// number is exact within a transaction.
    package let version = AccessVersion()
    /// The mark in the database; nil for a store that no other server changes.
    package let stored: StoredAccessVersion?
    private let watcher = Mutex<Watcher?>(nil)

    package init(stored: StoredAccessVersion? = nil) { self.stored = stored }

    /// - Parameters:
    ///   - apply: called on the writer's thread after each commit with a change of permissions, before its answers are sent.
    ///   - forget: called on a thread of the store when another server has changed permissions; it is not known which.
    package func watch(
        _ apply: @escaping @Sendable (AccessChange) -> Void,
        forgetting forget: @escaping @Sendable () -> Void
    ) {
        watcher.withLock { $0 = Watcher(apply: apply, forget: forget) }
    }

    /// Called after the commit, before its answers are sent.
    package func announce(_ change: AccessChange) {
        watcher.withLock { $0 }?.apply(change)
        if change.reducesAccess { version.advance() }
    }

    /// Announces that another server has changed permissions: those of all clients must be read and checked again.
    package func announceChangeByOtherServer() {
        watcher.withLock { $0 }?.forget()
        version.advance()
    }
}

/// The access mark that this server last read: a random number in the database, which each transaction that changes permissions
/// replaces by another one.
///
/// The permissions in memory were read at this mark or later. A transaction of this server is committed only if the mark in the
/// database is still the one that was known when it began. Marks are random and not counted, because a standby that takes over may
/// have lost the last changes: a count could then reach the same number again with other changes.
package final class StoredAccessVersion: Sendable {
    private let mark: Atomic<Int64>

    package init(_ mark: Int64) { self.mark = Atomic(mark) }

    package var known: Int64 { mark.load(ordering: .acquiring) }

    /// Notes that the permissions in memory are those of another mark.
    ///
    /// - Returns: false if the known mark is no longer `before`, and nothing was noted.
    package func replace(_ before: Int64, by mark: Int64) -> Bool {
        self.mark.compareExchange(expected: before, desired: mark, ordering: .acquiringAndReleasing).exchanged
    }

    /// A new mark, which no other change has.
    package static func random() -> Int64 { .random(in: 1...Int64.max) }
}
