package import Budgets
package import Identities

/// The rights of a client may have been taken since its request was admitted: it has to be judged again.
///
/// Nothing of the request was done.
package struct AccessChanged: Error, Sendable {
    package init() {}
}

/// Asks of each change whether its client is still admitted.
///
/// All changes of access go through the writer. So a number that is the same here as at the admission says that nothing was
/// taken; and what the open transaction takes, which others cannot see yet, this object knows.
package struct StillAdmitted: Sendable {
    private let version: AccessVersion

    package init(version: AccessVersion) {
        self.version = version
    }

    /// - Parameter takesRights: whether the open transaction has taken rights.
    /// - Throws: `AccessChanged`.
    package func require(_ caller: Caller, takesRights: Bool) throws {
        let admitted = caller.admissionVersion
        guard admitted != 0, takesRights || admitted != version.current else { return }
        throw AccessChanged()
    }
}

/// A session that collects what its open transaction changes about who may do what.
package protocol AccessChanging: AnyObject {
    /// What the open transaction has changed so far; told to `PermissionChanges` once it is committed.
    var accessChange: AccessChange { get set }
}

extension AccessChanging {
    /// Records that the open transaction changes a user or the user's permissions; nil stands for all users.
    ///
    /// - Parameter takesRights: false if it only adds rights, so that nobody has to be judged again.
    package func touch(user id: Int64?, takesRights: Bool = true) {
        accessChange.users.insert(id)
        if takesRights { accessChange.takesRights = true }
    }

    /// Records that the open transaction ends tokens with these hashes.
    package func noteEnd(ofTokens hashes: [[UInt8]]) {
        guard !hashes.isEmpty else { return }
        accessChange.endedTokens += hashes
        accessChange.takesRights = true
    }

    /// Records that the open transaction ends log-ins with these hashes.
    package func noteEnd(ofLogIns hashes: [[UInt8]]) {
        guard !hashes.isEmpty else { return }
        accessChange.endedLogIns += hashes
        accessChange.takesRights = true
    }

    /// Records that the open transaction deletes a user.
    package func noteDeletion(ofUserNamed name: String) { accessChange.deletedUsers.append(name) }

    /// Whether the open transaction has deleted a user of this name.
    package func deletes(userNamed name: String) -> Bool {
        accessChange.deletedUsers.contains { $0.utf8.elementsEqual(name.utf8) }
    }
}
