package import Budgets
package import Identities

/// The permissions of a client may have been reduced since its request was admitted, so that they must be checked again.
///
/// Nothing of the request has been done.
package struct AccessChanged: Error, Sendable {
    package init() {}
}

/// Checks before each change whether the permissions by which its client was admitted may have been reduced since.
///
/// All changes of permissions go through the writer. So they have not been reduced by a committed transaction if the access version
/// is the same as at the admission. Whether the open transaction reduces any is passed to `require`.
package struct AdmissionCheck: Sendable {
    private let version: AccessVersion

    package init(version: AccessVersion) { self.version = version }

    /// - Parameter reducesAccess: whether the open transaction has reduced somebody's permissions.
    /// - Throws: `AccessChanged`.
    package func require(_ caller: Caller, reducesAccess: Bool) throws {
        let admitted = caller.admissionVersion
        guard admitted != 0, reducesAccess || admitted != version.current else { return }
        throw AccessChanged()
    }
}

/// A session that collects the changes of permissions by its open transaction.
package protocol AccessChanging: AnyObject {
    /// The changes so far; announced by `PermissionChanges` after the commit.
    var accessChange: AccessChange { get set }
}

extension AccessChanging {
    /// Records that the open transaction changes a user or the user's permissions; nil stands for all users.
    ///
    /// - Parameter reducesAccess: false if it only adds permissions, so that nobody's must be checked again.
    package func touch(user id: Int64?, reducesAccess: Bool = true) {
        accessChange.users.insert(id)
        if reducesAccess { accessChange.reducesAccess = true }
    }

    /// Records that the open transaction ends tokens with these hashes.
    package func noteEnd(ofTokens hashes: [[UInt8]]) {
        guard !hashes.isEmpty else { return }
        accessChange.endedTokens += hashes
        accessChange.reducesAccess = true
    }

    /// Records that the open transaction ends log-ins with these hashes.
    package func noteEnd(ofLogIns hashes: [[UInt8]]) {
        guard !hashes.isEmpty else { return }
        accessChange.endedLogIns += hashes
        accessChange.reducesAccess = true
    }

    /// Records that the open transaction deletes a user.
    package func noteDeletion(ofUserNamed name: String) { accessChange.deletedUsers.append(name) }

    /// Records that the open transaction creates a token or a log-in.
    func noteNewCredential() { accessChange.addsCredentials = true }
}
