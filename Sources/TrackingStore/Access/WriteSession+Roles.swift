internal import Budgets
package import Identities
internal import SQLite
package import Tracking

extension WriteSession {
    /// - Throws: `.resourceAlreadyExists` if the name is taken in the workspace.
    package func createRole(_ name: String, workspace: String, description: String?) throws -> Role {
        try Role.validate(name: name)
        try Role.validate(workspace: workspace)
        try Role.validate(description: description)
        try connection.run(
            """
            INSERT INTO roles (workspace, name, description) VALUES (?1, ?2, ?3)
            ON CONFLICT (workspace, name) DO NOTHING
            """,
            workspace,
            name,
            description
        )
        guard connection.changes > 0 else { throw TrackingError.roleNameTaken(name, workspace: workspace) }
        return try connection.role(id: connection.lastInsertRowID)
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown role, `.resourceAlreadyExists` if the name is taken.
    package func updateRole(_ id: Int64, name: String?, description: String?) throws -> Role {
        let role = try connection.role(id: id)
        try Role.validate(description: description)
        if let name {
            try Role.validate(name: name)
            let other = try connection.query(
                "SELECT id FROM roles WHERE workspace = ?1 AND name = ?2 AND id <> ?3",
                role.workspace,
                name,
                id
            ).firstRow { $0.int64(0) }
            guard other == nil else { throw TrackingError.roleNameTaken(name, workspace: role.workspace) }
        }
        try connection.run(
            "UPDATE roles SET name = coalesce(?2, name), description = coalesce(?3, description) WHERE id = ?1",
            id,
            name,
            description
        )
        return try connection.role(id: id)
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown role.
    package func deleteRole(_ id: Int64) throws {
        _ = try connection.role(id: id)
        try connection.run("DELETE FROM roles WHERE id = ?1", id)
        touch(user: nil)
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown role, `.resourceAlreadyExists` for one that has a grant for the pattern.
    package func addRolePermission(_ grant: Grant, toRole id: Int64) throws -> RolePermission {
        _ = try connection.role(id: id)
        guard try insert(grant, role: id) else {
            throw TrackingError(
                .resourceAlreadyExists,
                "Role permission (role_id=\(id), resource_type=\(grant.type.rawValue), "
                    + "resource_pattern=\(shortened(grant.pattern))) already exists."
            )
        }
        touch(user: nil)
        return try connection.rolePermission(id: connection.lastInsertRowID)
    }

    private func insert(_ grant: Grant, role: Int64) throws -> Bool {
        try connection.run(
            """
            INSERT INTO role_permissions (role_id, resource_type, resource_pattern, permission) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (role_id, resource_type, resource_pattern) DO NOTHING
            """,
            role,
            grant.type.rawValue,
            grant.pattern,
            grant.level.wireName
        )
        return connection.changes > 0
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown id.
    package func removeRolePermission(_ id: Int64) throws {
        _ = try connection.rolePermission(id: id)
        try connection.run("DELETE FROM role_permissions WHERE id = ?1", id)
        touch(user: nil)
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown id, `.invalidParameterValue` for a level that its type does not take.
    package func updateRolePermission(_ id: Int64, permission: String) throws -> RolePermission {
        let stored = try connection.rolePermission(id: id)
        let grant = try Grant(type: stored.type, pattern: stored.pattern, permission: permission)
        try connection.run("UPDATE role_permissions SET permission = ?2 WHERE id = ?1", id, grant.level.wireName)
        touch(user: nil)
        return try connection.rolePermission(id: id)
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown user or role, `.resourceAlreadyExists` if the user has the role.
    package func assignRole(_ id: Int64, toUser name: String) throws -> RoleAssignment {
        let user = try connection.user(named: name)
        _ = try connection.role(id: id)
        try connection.run("INSERT OR IGNORE INTO user_roles (user_id, role_id) VALUES (?1, ?2)", user.id, id)
        guard connection.changes > 0 else {
            throw TrackingError(
                .resourceAlreadyExists,
                "User role assignment (user_id=\(user.id), role_id=\(id)) already exists"
            )
        }
        touch(user: user.id)
        return RoleAssignment(id: connection.lastInsertRowID, userID: user.id, roleID: id)
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown user, and for a role that the user does not have.
    package func unassignRole(_ id: Int64, fromUser name: String) throws {
        let user = try connection.user(named: name)
        try connection.run("DELETE FROM user_roles WHERE user_id = ?1 AND role_id = ?2", user.id, id)
        guard connection.changes > 0 else {
            throw TrackingError.doesNotExist(
                "User role assignment (user_id=\(user.id), role_id=\(id)) not found"
            )
        }
        touch(user: user.id)
    }
}

/// What users are given alone.
extension WriteSession {
    /// - Throws: `.resourceDoesNotExist` for an unknown user, `.resourceAlreadyExists` for one with a grant for the pattern.
    package func grant(_ grant: Grant, toUser name: String) throws {
        let user = try connection.user(named: name)
        guard try insert(grant, role: try ownRole(ofUser: user.id)) else {
            throw TrackingError(
                .resourceAlreadyExists,
                "Permission for user=\(shortened(name)) on resource_type=\(grant.type.rawValue), "
                    + "resource_id=\(shortened(grant.pattern)) already exists."
            )
        }
        touch(user: user.id)
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown user, and for one without a grant for the pattern.
    package func revoke(_ type: GrantedType, _ pattern: String, fromUser name: String) throws {
        try changeOwnGrant(type, pattern, ofUser: name, "DELETE FROM role_permissions")
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown user, and for one without a grant for the pattern.
    package func change(_ grant: Grant, ofUser name: String) throws {
        let change = "UPDATE role_permissions SET permission = '\(grant.level.wireName)'"
        try changeOwnGrant(grant.type, grant.pattern, ofUser: name, change)
    }

    private func changeOwnGrant(_ type: GrantedType, _ pattern: String, ofUser name: String, _ sql: String) throws {
        let user = try connection.user(named: name)
        try connection.run(
            """
            \(sql)
            WHERE role_id = (SELECT id FROM roles WHERE user_id = ?1) AND resource_type = ?2 AND resource_pattern = ?3
            """,
            user.id,
            type.rawValue,
            pattern
        )
        guard connection.changes > 0 else {
            throw TrackingError.doesNotExist(
                "Permission for user=\(shortened(name)) on resource_type=\(type.rawValue), "
                    + "resource_id=\(shortened(pattern)) not found."
            )
        }
        touch(user: user.id)
    }

    /// The row of the role that holds a user's own grants; makes it where there is none.
    private func ownRole(ofUser id: Int64) throws -> Int64 {
        let known = try connection.query("SELECT id FROM roles WHERE user_id = ?1", id).firstRow { $0.int64(0) }
        if let known { return known }
        try connection.run(
            "INSERT INTO roles (workspace, name, user_id) VALUES (?1, ?2, ?3)",
            Role.workspace,
            Role.name(ofUser: id),
            id
        )
        let role = connection.lastInsertRowID
        try connection.run("INSERT INTO user_roles (user_id, role_id) VALUES (?1, ?2)", id, role)
        return role
    }

    /// Lets the user who makes something manage it.
    func grantCreator(_ type: GrantedType, _ pattern: String) throws {
        guard let id = caller.identity?.userID else { return }
        try Grant.requireOneThing(pattern)
        try requireUser(id)
        try connection.run(
            """
            INSERT INTO role_permissions (role_id, resource_type, resource_pattern, permission) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (role_id, resource_type, resource_pattern) DO UPDATE SET permission = excluded.permission
            """,
            try ownRole(ofUser: id),
            type.rawValue,
            pattern,
            PermissionLevel.manage.wireName
        )
        touch(user: id, takesRights: false)
    }

    /// Takes the grants of users along with a model's new name; roles that an admin made name models by intention.
    func moveGrants(ofModel name: String, to newName: String) throws {
        if caller.identity?.userID != nil { try Grant.requireOneThing(newName) }
        try changeGrants(ofModel: name, "UPDATE OR REPLACE role_permissions SET resource_pattern = ?2", newName)
    }

    /// Removes what users were given alone for a model, whose name may come back for another one.
    func removeGrants(ofModel name: String) throws {
        try changeGrants(ofModel: name, "DELETE FROM role_permissions", nil)
    }

    /// Throws if a user was deleted since the request was admitted.
    func requireUser(_ id: Int64) throws {
        let isThere = try connection.query("SELECT 1 FROM users WHERE id = ?1", id).firstRow { $0.bool(0) }
        guard isThere != nil else { throw TrackingError.userDeletedMeanwhile }
    }

    private func changeGrants(ofModel name: String, _ sql: String, _ value: String?) throws {
        guard name != Grant.everything else { return }
        try connection.run(
            """
            \(sql)
            WHERE resource_pattern = ?1 AND resource_type IN ('registered_model', 'prompt') AND ?2 IS ?2
                AND role_id IN (SELECT id FROM roles WHERE user_id IS NOT NULL)
            """,
            name,
            value
        )
        if connection.changes > 0 { touch(user: nil) }
    }
}
