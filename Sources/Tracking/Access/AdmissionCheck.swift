package import Budgets
package import Identities

/// The error for a request whose client may have lost permissions since the request was admitted.
///
/// The permissions must be checked again. No part of the request has been carried out.
package struct AccessChanged: Error, Sendable {
    package init() {}
}

/// Checks before each change whether the client may have lost permissions since its request was admitted.
///
/// Each committed transaction that reduces permissions advances the access version. So if the version is the same as at the
/// admission, only the open transaction can have reduced permissions, and the parameter `reducesAccess` of `require` says
/// whether it has.
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

/// A session that collects the changes of permissions that its open transaction makes.
package protocol AccessChanging: AnyObject {
    /// The changes so far; announced by `PermissionChanges` after the commit.
    var accessChange: AccessChange { get set }
}

extension AccessChanging {
    /// Records that the open transaction changes a user or the user's permissions; nil means all users.
    ///
    /// - Parameter reducesAccess: false if the change only adds permissions, so that no client's permissions must be checked
    ///   again.
    package func noteChange(ofUser id: Int64?, reducesAccess: Bool = true) {
        accessChange.users.insert(id)
        if reducesAccess { accessChange.reducesAccess = true }
    }

    /// Records that the open transaction makes the tokens with these hashes invalid.
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
