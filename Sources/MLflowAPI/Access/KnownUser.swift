internal import Hashing
internal import Identities
internal import Synchronization
internal import Tracking

/// A user who was read from the store, with the user's permissions.
final class KnownUser: Sendable {
    let user: User
    /// The hash of the password.
    let password: String?
    let identity: Identity
    /// The identity for requests in which a proxy or an issuer identifies the user, but not as a member of an admins' group; it
    /// does not have the permissions of an admin.
    let externalIdentity: Identity
    /// A hash of `password`.
    ///
    /// Each log-in of a browser contains the hash of the password with which it began, so it ends when the password is changed.
    let passwordFingerprint: [UInt8]
    /// The identities for the user's tokens that are limited to experiments, by the experiments' ids.
    private let limitedIdentities = Mutex<[Set<Int64>: Identity]>([:])

    init(_ user: User, password: String?, grants: [Grant], defaultLevel: PermissionLevel) {
        self.user = user
        self.password = password
        passwordFingerprint = SHA256.digest(of: Array((password ?? "").utf8))
        // A user who may manage the whole server is not restricted by other grants, as in MLflow.
        let managesAll = user.isAdministrator || grants.contains(Grant(.workspace, Grant.everything, .manage))
        identity = Identity(
            .user,
            name: user.name,
            userID: user.id,
            isAdministrator: user.isAdministrator,
            permissions: managesAll ? nil : Permissions(grants, defaultLevel: defaultLevel)
        )
        let all = Permissions([], defaultLevel: .manage)
        externalIdentity = managesAll ? Identity(.user, name: user.name, userID: user.id, permissions: all) : identity
    }

    /// The identity of a client with a token of the user.
    func identity(limitedTo experiments: [Int64]?) -> Identity {
        guard let experiments else { return identity }
        let ids = Set(experiments)
        return limitedIdentities.withLock { limited in
            if let cached = limited[ids] { return cached }
            let permissions = identity.permissions?.limited(to: ids) ?? Permissions(within: ids)
            let new = Identity(.user, name: user.name, userID: user.id, permissions: permissions, hidesUnreadable: true)
            // Without this limit, identities of deleted tokens would accumulate until the user is changed.
            if limited.count >= AccessToken.userLimit { limited.removeAll() }
            limited[ids] = new
            return new
        }
    }
}
