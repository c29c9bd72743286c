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

/// The changes of users, permissions, tokens and log-ins that one transaction makes.
package struct AccessChange: Sendable, Equatable {
    /// The users whose permissions have changed.
    package internal(set) var users = ChangedUsers.some([])
    /// The hashes of tokens that have become invalid.
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
/// If several servers share a database, only the commits of this server are announced at once. A commit of another server is
/// noticed later, because it changes the access mark in the database (`StoredAccessVersion`).
package final class PermissionChanges: Sendable {
    private struct Watcher {
        let apply: @Sendable (AccessChange) -> Void
        let forget: @Sendable () -> Void
    }

    /// Increases with each commit that reduces permissions, before the commit's answers are sent and before the next
    /// transaction begins, so that a transaction sees all earlier reductions by this server.
    ///
    /// It also increases when another server's change of permissions is noticed.
    package let version = AccessVersion()
    /// The access mark that was read from the database; nil if no other server uses the database.
    package let stored: StoredAccessVersion?
    private let watcher = Mutex<Watcher?>(nil)

    package init(stored: StoredAccessVersion? = nil) { self.stored = stored }

    /// - Parameters:
    ///   - apply: called on the writer's thread after each commit that changes permissions, before its answers are sent.
    ///   - forget: called on a thread of the store when another server has changed permissions; all permissions in memory may
    ///     then be out of date.
    package func watch(
        _ apply: @escaping @Sendable (AccessChange) -> Void,
        forgetting forget: @escaping @Sendable () -> Void
    ) {
        watcher.withLock { $0 = Watcher(apply: apply, forget: forget) }
    }

    /// Must be called after each commit, before its answers are sent.
    package func announce(_ change: AccessChange) {
        watcher.withLock { $0 }?.apply(change)
        if change.reducesAccess { version.advance() }
    }

    /// Announces that another server has changed permissions, so that the permissions of all clients are read and checked again.
    package func announceChangeByOtherServer() {
        watcher.withLock { $0 }?.forget()
        version.advance()
    }
}

/// The access mark that this server last read from the database.
///
/// The access mark is a random number in the database. Each transaction that changes permissions replaces it, so a different
/// mark shows that permissions have changed. The permissions in memory were read when the database had the `known` mark, or
/// later. A transaction of this server is committed only if the database still has the mark that was known when the transaction
/// began. The mark is random and not a counter, because a standby database that replaces a failed one may lack the last changes:
/// a counter could then reach the same number again after different changes.
package final class StoredAccessVersion: Sendable {
    private let mark: Atomic<Int64>

    package init(_ mark: Int64) { self.mark = Atomic(mark) }

    package var known: Int64 { mark.load(ordering: .acquiring) }

    /// Replaces the known mark, because the permissions in memory have been read again.
    ///
    /// - Returns: false, without a change, if the known mark is no longer `before`.
    package func replace(_ before: Int64, by mark: Int64) -> Bool {
        self.mark.compareExchange(expected: before, desired: mark, ordering: .acquiringAndReleasing).exchanged
    }

    /// A new mark, which almost certainly differs from all earlier ones.
    package static func random() -> Int64 { .random(in: 1...Int64.max) }
}
