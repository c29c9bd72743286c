internal import Identities
internal import Passwords
internal import Tracking
package import Transfer

/// The result of an import of an MLflow server's users, roles and grants.
package struct ImportedAccounts: Sendable {
    /// The names of the users that were created.
    package fileprivate(set) var users: [String] = []
    /// The names of created users whose passwords this server cannot check, so that they need new ones.
    package fileprivate(set) var usersWithoutPassword: [String] = []
    package fileprivate(set) var roles = 0
    package fileprivate(set) var grants = 0
    /// One sentence for each user, role or grant that was left out or has no effect.
    package fileprivate(set) var remarks: [String] = []
}

extension MLflowAPI {
    /// Creates the users, roles and grants of an MLflow server in one transaction.
    ///
    /// Users and roles that exist already are not changed. Blocks until the transaction is durable.
    package func importAccounts(_ accounts: MLflowAccounts) throws -> ImportedAccounts {
        try store.writeNow { session in
            var imported = ImportedAccounts()
            for user in accounts.users { try imported.create(user, session) }
            let createdUsers = Set(imported.users)
            for role in accounts.roles {
                if role.isOfOneUser {
                    try imported.addOwnGrants(role, to: createdUsers, session)
                } else {
                    try imported.create(role, for: createdUsers, session)
                }
            }
            return imported
        }
    }
}

extension ImportedAccounts {
    fileprivate mutating func create(_ user: MLflowAccounts.User, _ session: any TrackingWriting) throws {
        guard try !session.hasUser(named: user.name) else {
            remarks.append("the user '\(user.name)' exists already and is not changed")
            return
        }
        let password = user.passwordHash.flatMap { PasswordHash.canCheck($0) ? $0 : nil }
        do {
            _ = try session.createUser(user.name, password: password, isAdministrator: user.isAdministrator)
        } catch let error as TrackingError where error.code == .invalidParameterValue {
            remarks.append("the user '\(user.name)' is left out: \(error.message)")
            return
        }
        users.append(user.name)
        if password == nil { usersWithoutPassword.append(user.name) }
        var entry = AuditEntry.byCommand("users/create").about(.user, user.name)
        entry.describe([("is_admin", user.isAdministrator ? "true" : "false"), ("from", "mlflow")])
        try session.audit(entry)
    }

    /// Gives the grants of a role that MLflow made for a single user to this user, if this import has created the user.
    fileprivate mutating func addOwnGrants(
        _ role: MLflowAccounts.Role,
        to createdUsers: Set<String>,
        _ session: any TrackingWriting
    ) throws {
        guard role.workspace.utf8.elementsEqual(Role.workspace.utf8) else {
            remarks.append("the role '\(role.name)' is left out: this server has no workspace '\(role.workspace)'")
            return
        }
        for name in role.userNames where createdUsers.contains(name) {
            for grant in supportedGrants(of: role) {
                try session.grant(grant, toUser: name)
                grants += 1
            }
        }
    }

    /// Creates a role, and assigns it to those of its users whom this import has created.
    ///
    /// A user who existed before does not get the role, because that user may be another person with the same name.
    fileprivate mutating func create(
        _ role: MLflowAccounts.Role,
        for createdUsers: Set<String>,
        _ session: any TrackingWriting
    ) throws {
        let exists = try session.roles(in: [role.workspace]).contains { $0.name.utf8.elementsEqual(role.name.utf8) }
        guard !exists else {
            remarks.append("the role '\(role.name)' exists already; neither the role nor its list of users is changed")
            return
        }
        if !role.workspace.utf8.elementsEqual(Role.workspace.utf8) {
            remarks.append("the role '\(role.name)' has no effect: this server has no workspace '\(role.workspace)'")
        }
        let stored: Role
        do {
            stored = try session.createRole(role.name, workspace: role.workspace, description: role.description)
        } catch let error as TrackingError where error.code == .invalidParameterValue {
            remarks.append("the role '\(role.name)' is left out: \(error.message)")
            return
        }
        roles += 1
        for grant in supportedGrants(of: role) {
            _ = try session.addRolePermission(grant, toRole: stored.id)
            grants += 1
        }
        for name in role.userNames {
            if createdUsers.contains(name) {
                _ = try session.assignRole(stored.id, toUser: name)
            } else if try session.hasUser(named: name) {
                remarks.append("the user '\(name)' existed before the import and does not get the role '\(role.name)'")
            }
        }
        try session.audit(AuditEntry.byCommand("roles/create").about(.role, role.name))
    }

    /// Returns the grants of a role that this server can store, and adds a remark for each other grant.
    private mutating func supportedGrants(of role: MLflowAccounts.Role) -> [Grant] {
        var supported: [Grant] = []
        for grant in role.grants {
            do throws(TrackingError) {
                supported.append(try Grant(type: grant.type, pattern: grant.pattern, permission: grant.permission))
            } catch {
                remarks.append("a grant of the role '\(role.name)' is left out: \(error.message)")
            }
        }
        return supported
    }
}
