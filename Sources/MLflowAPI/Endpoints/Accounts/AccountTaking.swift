internal import Identities
internal import Passwords
internal import Tracking
package import Transfer

/// The result of an import of users, roles and grants of an MLflow server.
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
    /// Creates the users, roles and grants of an MLflow server, all or none.
    ///
    /// Users and roles that exist already stay as they are. Blocks until all is durable.
    package func take(_ accounts: MLflowAccounts) throws -> ImportedAccounts {
        try store.writeNow { session in
            var taken = ImportedAccounts()
            for user in accounts.users { try taken.take(user, session) }
            let names = Set(taken.users)
            for role in accounts.roles {
                if role.isOfOneUser {
                    try taken.takeOwnGrants(role, of: names, session)
                } else {
                    try taken.take(role, of: names, session)
                }
            }
            return taken
        }
    }
}

extension ImportedAccounts {
    fileprivate mutating func take(_ user: MLflowAccounts.User, _ session: any TrackingWriting) throws {
        guard try !session.hasUser(named: user.name) else {
            remarks.append("the user '\(user.name)' exists already and stays as it is")
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

    /// Imports the grants of a single user, if this import has created the user.
    fileprivate mutating func takeOwnGrants(
        _ role: MLflowAccounts.Role,
        of made: Set<String>,
        _ session: any TrackingWriting
    ) throws {
        guard role.workspace.utf8.elementsEqual(Role.workspace.utf8) else {
            remarks.append("the role '\(role.name)' is left out: this server has no workspace '\(role.workspace)'")
            return
        }
        for name in role.userNames where made.contains(name) {
            for grant in known(role) {
                try session.grant(grant, toUser: name)
                grants += 1
            }
        }
    }

    /// Makes a role, and gives it to those of its users whom this import has made.
    ///
    /// A user who was there already may be somebody else of the same name.
    fileprivate mutating func take(
        _ role: MLflowAccounts.Role,
        of made: Set<String>,
        _ session: any TrackingWriting
    ) throws {
        let isThere = try session.roles(in: [role.workspace]).contains { $0.name.utf8.elementsEqual(role.name.utf8) }
        guard !isThere else {
            remarks.append("the role '\(role.name)' exists already and stays as it is, also as to who has it")
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
        for grant in known(role) {
            _ = try session.addRolePermission(grant, toRole: stored.id)
            grants += 1
        }
        for name in role.userNames {
            if made.contains(name) {
                _ = try session.assignRole(stored.id, toUser: name)
            } else if try session.hasUser(named: name) {
                remarks.append("the user '\(name)', who was there already, does not get the role '\(role.name)'")
            }
        }
        try session.audit(AuditEntry.byCommand("roles/create").about(.role, role.name))
    }

    /// The grants of a role that this server can store.
    private mutating func known(_ role: MLflowAccounts.Role) -> [Grant] {
        var known: [Grant] = []
        for grant in role.grants {
            do throws(TrackingError) {
                known.append(try Grant(type: grant.type, pattern: grant.pattern, permission: grant.permission))
            } catch {
                remarks.append("a grant of the role '\(role.name)' is left out: \(error.message)")
            }
        }
        return known
    }
}
