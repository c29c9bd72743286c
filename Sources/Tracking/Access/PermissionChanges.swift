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
    /// Whether there is a token or a log-in that was not there before.
    package internal(set) var addsCredentials = false
    /// Whether somebody may do less than before.
    package internal(set) var takesRights = false

    package init() {}

    package var isNone: Bool { self == AccessChange() }
}

/// Tells the one who keeps users and their permissions in memory what a commit has changed.
///
/// Of several servers of a database, each hears here of its own commits; `StoredAccessVersion` tells of those of the others.
package final class PermissionChanges: Sendable {
    private struct Watcher {
        let take: @Sendable (AccessChange) -> Void
        let forget: @Sendable () -> Void
    }

    /// Grows with each commit that takes rights, before its answers are sent and before the next transaction begins: what a
    /// transaction reads here is exact.
    package let version = AccessVersion()
    /// nil for a store that no other server changes.
    package let stored: StoredAccessVersion?
    private let watcher = Mutex<Watcher?>(nil)

    package init(stored: StoredAccessVersion? = nil) {
        self.stored = stored
    }

    /// - Parameters:
    ///   - take: called on the writer's thread after each commit that concerns access, before its answers are sent.
    ///   - forget: called on a thread of the store when it turns out that another server has changed something, whatever it is.
    package func watch(
        _ take: @escaping @Sendable (AccessChange) -> Void,
        forgetting forget: @escaping @Sendable () -> Void
    ) {
        watcher.withLock { $0 = Watcher(take: take, forget: forget) }
    }

    /// Called after the commit, before its answers are sent.
    package func tell(_ change: AccessChange) {
        watcher.withLock { $0 }?.take(change)
        if change.takesRights { version.advance() }
    }

    /// Says that another server has changed something: everybody has to be judged again by what is stored now.
    package func tellOfOthers() {
        watcher.withLock { $0 }?.forget()
        version.advance()
    }
}

/// The mark in the database that each transaction which changes who may do what replaces by a random one, as far as this server
/// knows it.
///
/// What is kept in memory is that of this mark or of a later one. A transaction of this server counts only if the mark is
/// still the one that was known when it began. Marks are random and not counted, because a standby that takes over may have
/// lost the last changes: a number would come back there for another change.
package final class StoredAccessVersion: Sendable {
    private let mark: Atomic<Int64>

    package init(_ mark: Int64) {
        self.mark = Atomic(mark)
    }

    package var known: Int64 { mark.load(ordering: .acquiring) }

    /// Notes that what is kept in memory is that of another mark.
    ///
    /// - Returns: false if the known mark is no longer `before`, and nothing was noted.
    package func replace(_ before: Int64, by mark: Int64) -> Bool {
        self.mark.compareExchange(expected: before, desired: mark, ordering: .acquiringAndReleasing).exchanged
    }

    /// A mark that no other change has.
    package static func random() -> Int64 { .random(in: 1...Int64.max) }
}
