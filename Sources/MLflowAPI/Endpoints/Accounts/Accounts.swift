internal import Budgets
package import Tracking

/// The functions by which commands on the server's machine manage users.
extension MLflowAPI {
    /// Whether there is any user.
    package func hasUsers() throws -> Bool { try store.readNow(.cheap) { try $0.hasUsers() } }

    /// All users, sorted by name.
    package func users() throws -> [User] { try store.readNow(.cheap) { try $0.users() } }

    /// Creates a user.
    ///
    /// Blocks for a tenth of a second, which the hash of the password takes, and until the user is durable.
    package func createUser(
        _ name: String,
        password: String,
        isAdministrator: Bool,
        by actor: AuditActor = .command
    ) throws -> User {
        try User.validate(name: name)
        let hash = try Self.passwordHash(password)
        return try store.writeNow { session in
            let user = try session.createUser(name, password: hash, isAdministrator: isAdministrator)
            try session.audit(AuditEntry(actor: actor, action: "users/create").about(.user, name))
            return user
        }
    }

    /// Gives a user another password and revokes the tokens of that user; blocks as `createUser` does.
    package func setPassword(_ password: String, ofUser name: String) throws {
        let hash = try Self.passwordHash(password)
        try changeByCommand("users/update-password", name) { try $0.resetPassword(hash, ofUser: name) }
    }

    /// Sets whether a user is an admin.
    package func setAdministrator(_ isAdministrator: Bool, user name: String) throws {
        try changeByCommand("users/update-admin", name, [("is_admin", isAdministrator ? "true" : "false")]) {
            try $0.setAdministrator(isAdministrator, user: name)
        }
    }

    /// Deletes a user and the user's tokens.
    package func deleteUser(_ name: String) throws {
        try changeByCommand("users/delete", name) { try $0.deleteUser(name) }
    }

    private func changeByCommand(
        _ action: String,
        _ name: String,
        _ details: [(name: String, value: String)] = [],
        _ work: @escaping @Sendable (any TrackingWriting) throws -> Void
    ) throws {
        var entry = AuditEntry.byCommand(action).about(.user, name)
        entry.describe(details)
        try store.writeNow { [entry] session in
            try work(session)
            try session.audit(entry)
        }
    }
}
