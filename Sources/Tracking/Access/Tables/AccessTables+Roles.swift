internal import Budgets
package import Identities

extension AccessTables {
    /// All roles with their grants, in the order in which they were created.
    ///
    /// - Parameter workspaces: the workspaces whose roles are listed; nil for all.
    package func roles(in workspaces: [String]? = nil) throws -> [Role] {
        guard let workspaces else { return try roles(where: "1 = 1", []) }
        let parameters = workspaces.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
        return try roles(where: "workspace IN (\(parameters))", workspaces.map { .text($0) })
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown id.
    package func role(id: Int64) throws -> Role {
        guard let role = try roles(where: "id = ?1", [.integer(id)]).first else { throw TrackingError.roleNotFound(id) }
        return role
    }

    package func roles(ofUser id: Int64) throws -> [Role] {
        try roles(where: "id IN (SELECT role_id FROM \(table("user_roles")) WHERE user_id = ?1)", [.integer(id)])
    }

    private func roles(where condition: String, _ values: [StoredValue]) throws -> [Role] {
        var permissions: [Int64: [RolePermission]] = [:]
        let granted = try tableRows(
            """
            SELECT \(RolePermission.columns) FROM \(table("role_permissions"))
            WHERE role_id IN (SELECT id FROM \(table("roles")) WHERE \(condition)) ORDER BY id
            """,
            values: values,
            RolePermission.init(row:)
        )
        for permission in granted { permissions[permission.roleID, default: []].append(permission) }
        return try tableRows(
            "SELECT id, name, workspace, description FROM \(table("roles")) WHERE \(condition) ORDER BY id",
            values: values
        ) { row in
            var role = Role(
                id: row.int64(0),
                name: row.string(1),
                workspace: row.string(2),
                description: row.textIfAny(3)
            )
            role.permissions = permissions[role.id] ?? []
            return role
        }
    }

    /// The ids of the roles of each user.
    package func roleIDsOfUsers() throws -> [Int64: [Int64]] {
        let held = try tableRows(
            "SELECT user_id, role_id FROM \(table("user_roles")) ORDER BY id",
            values: []
        ) { (user: $0.int64(0), role: $0.int64(1)) }
        return Dictionary(grouping: held, by: \.user).mapValues { $0.map(\.role) }
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown role.
    package func assignments(ofRole id: Int64) throws -> [RoleAssignment] {
        _ = try role(id: id)
        return try tableRows(
            "SELECT id, user_id, role_id FROM \(table("user_roles")) WHERE role_id = ?1 ORDER BY id",
            values: [.integer(id)]
        ) { RoleAssignment(id: $0.int64(0), userID: $0.int64(1), roleID: $0.int64(2)) }
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown id.
    package func rolePermission(id: Int64) throws -> RolePermission {
        let found = try firstTableRow(
            "SELECT \(RolePermission.columns) FROM \(table("role_permissions")) WHERE id = ?1",
            values: [.integer(id)],
            RolePermission.init(row:)
        )
        guard let found else { throw TrackingError.rolePermissionNotFound(id) }
        return found
    }
}

extension ChangingAccessTables {
    /// - Throws: `.resourceAlreadyExists` if the name is taken in the workspace.
    package func createRole(_ name: String, workspace: String, description: String?) throws -> Role {
        try Role.validate(name: name)
        try Role.validate(workspace: workspace)
        try Role.validate(description: description)
        let id = try insertedID(
            """
            INSERT INTO \(table("roles")) (workspace, name, description) VALUES (?1, ?2, ?3)
            ON CONFLICT (workspace, name) DO NOTHING
            """,
            values: [.text(workspace), .text(name), StoredValue(description)]
        )
        guard let id else { throw TrackingError.roleNameTaken(name, workspace: workspace) }
        return try role(id: id)
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown role, `.resourceAlreadyExists` if the name is taken.
    package func updateRole(_ id: Int64, name: String?, description: String?) throws -> Role {
        try lockAccess()
        let role = try role(id: id)
        try Role.validate(description: description)
        if let name {
            try Role.validate(name: name)
            let isTaken = try finds(
                "SELECT 1 FROM \(table("roles")) WHERE workspace = ?1 AND name = ?2 AND id <> ?3",
                values: [.text(role.workspace), .text(name), .integer(id)]
            )
            guard !isTaken else { throw TrackingError.roleNameTaken(name, workspace: role.workspace) }
        }
        try changeTables(
            """
            UPDATE \(table("roles")) SET name = coalesce(?2, name), description = coalesce(?3, description) WHERE id = ?1
            """,
            values: [.integer(id), StoredValue(name), StoredValue(description)]
        )
        return try self.role(id: id)
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown role.
    package func deleteRole(_ id: Int64) throws {
        try lockAccess()
        _ = try role(id: id)
        try changeTables("DELETE FROM \(table("roles")) WHERE id = ?1", values: [.integer(id)])
        noteChange(ofUser: nil)
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown role, `.resourceAlreadyExists` if the role has a grant for this type
    ///   and pattern.
    package func addRolePermission(_ grant: Grant, toRole id: Int64) throws -> RolePermission {
        try lockAccess()
        _ = try role(id: id)
        guard let newID = try insert(grant, role: id) else {
            throw TrackingError(
                .resourceAlreadyExists,
                "Role permission (role_id=\(id), resource_type=\(grant.type.rawValue), "
                    + "resource_pattern=\(shortened(grant.pattern))) already exists."
            )
        }
        noteChange(ofUser: nil)
        return try rolePermission(id: newID)
    }

    /// - Returns: the id of the grant; nil if the role has a grant for this type and pattern already.
    private func insert(_ grant: Grant, role: Int64) throws -> Int64? {
        try insertedID(
            """
            INSERT INTO \(table("role_permissions")) (role_id, resource_type, resource_pattern, permission)
            VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (role_id, resource_type, resource_pattern) DO NOTHING
            """,
            values: [.integer(role), .text(grant.type.rawValue), .text(grant.pattern), .text(grant.level.wireName)]
        )
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown id.
    package func removeRolePermission(_ id: Int64) throws {
        try lockAccess()
        _ = try rolePermission(id: id)
        try changeTables("DELETE FROM \(table("role_permissions")) WHERE id = ?1", values: [.integer(id)])
        noteChange(ofUser: nil)
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown id, `.invalidParameterValue` for a permission that the resource type
    ///   does not have.
    package func updateRolePermission(_ id: Int64, permission: String) throws -> RolePermission {
        try lockAccess()
        let stored = try rolePermission(id: id)
        let grant = try Grant(type: stored.type, pattern: stored.pattern, permission: permission)
        try changeTables(
            "UPDATE \(table("role_permissions")) SET permission = ?2 WHERE id = ?1",
            values: [.integer(id), .text(grant.level.wireName)]
        )
        noteChange(ofUser: nil)
        return try rolePermission(id: id)
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown user or role, `.resourceAlreadyExists` if the user has the role.
    package func assignRole(_ id: Int64, toUser name: String) throws -> RoleAssignment {
        try lockAccess()
        let user = try user(named: name)
        _ = try role(id: id)
        let newID = try insertedID(
            "INSERT INTO \(table("user_roles")) (user_id, role_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            values: [.integer(user.id), .integer(id)]
        )
        guard let newID else {
            throw TrackingError(
                .resourceAlreadyExists,
                "User role assignment (user_id=\(user.id), role_id=\(id)) already exists"
            )
        }
        noteChange(ofUser: user.id)
        return RoleAssignment(id: newID, userID: user.id, roleID: id)
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown user, and for a role that the user does not have.
    package func unassignRole(_ id: Int64, fromUser name: String) throws {
        try lockAccess()
        let user = try user(named: name)
        let count = try changedRowCount(
            "DELETE FROM \(table("user_roles")) WHERE user_id = ?1 AND role_id = ?2",
            values: [.integer(user.id), .integer(id)]
        )
        guard count > 0 else {
            throw TrackingError.doesNotExist("User role assignment (user_id=\(user.id), role_id=\(id)) not found")
        }
        noteChange(ofUser: user.id)
    }
}

// MARK: Grants of single users

extension ChangingAccessTables {
    /// - Throws: `.resourceDoesNotExist` for an unknown user, `.resourceAlreadyExists` if the user has a grant for this type
    ///   and pattern.
    package func grant(_ grant: Grant, toUser name: String) throws {
        try lockAccess()
        let user = try user(named: name)
        guard try insert(grant, role: try findOrCreateOwnRole(ofUser: user.id)) != nil else {
            throw TrackingError(
                .resourceAlreadyExists,
                "Permission for user=\(shortened(name)) on resource_type=\(grant.type.rawValue), "
                    + "resource_id=\(shortened(grant.pattern)) already exists."
            )
        }
        noteChange(ofUser: user.id)
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown user, and for a user without a grant for this type and pattern.
    package func revoke(_ type: GrantedType, _ pattern: String, fromUser name: String) throws {
        try changeOwnGrant(type, pattern, ofUser: name, "DELETE FROM \(table("role_permissions"))")
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown user, and for a user without a grant for this type and pattern.
    package func change(_ grant: Grant, ofUser name: String) throws {
        let change = "UPDATE \(table("role_permissions")) SET permission = '\(grant.level.wireName)'"
        try changeOwnGrant(grant.type, grant.pattern, ofUser: name, change)
    }

    private func changeOwnGrant(_ type: GrantedType, _ pattern: String, ofUser name: String, _ sql: String) throws {
        try lockAccess()
        let user = try user(named: name)
        let count = try changedRowCount(
            """
            \(sql)
            WHERE role_id = (SELECT id FROM \(table("roles")) WHERE user_id = ?1)
                AND resource_type = ?2 AND resource_pattern = ?3
            """,
            values: [.integer(user.id), .text(type.rawValue), .text(pattern)]
        )
        guard count > 0 else {
            throw TrackingError.doesNotExist(
                "Permission for user=\(shortened(name)) on resource_type=\(type.rawValue), "
                    + "resource_id=\(shortened(pattern)) not found."
            )
        }
        noteChange(ofUser: user.id)
    }

    /// Returns the id of the role that contains the grants of a single user; creates the role if there is none.
    private func findOrCreateOwnRole(ofUser id: Int64) throws -> Int64 {
        let find = "SELECT id FROM \(table("roles")) WHERE user_id = ?1"
        if let existing = try firstTableRow(find, values: [.integer(id)], { $0.int64(0) }) { return existing }
        try changeTables(
            "INSERT INTO \(table("roles")) (workspace, name, user_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            values: [.text(Role.workspace), .text(Role.name(ofUser: id)), .integer(id)]
        )
        // If nothing was inserted, another server may have created the role just now.
        guard let role = try firstTableRow(find, values: [.integer(id)], { $0.int64(0) }) else {
            throw StoreCorruption("another role has the name of the role that holds the grants of user \(id)")
        }
        try changeTables(
            "INSERT INTO \(table("user_roles")) (user_id, role_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            values: [.integer(id), .integer(role)]
        )
        return role
    }

    /// Grants MANAGE on an entity to the user who creates it.
    package func grantCreator(_ type: GrantedType, _ pattern: String) throws {
        guard hasAccessTables, let id = caller.identity?.userID else { return }
        try Grant.requireNotWildcard(pattern)
        try requireUser(id)
        try changeTables(
            """
            INSERT INTO \(table("role_permissions")) (role_id, resource_type, resource_pattern, permission)
            VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (role_id, resource_type, resource_pattern) DO UPDATE SET permission = excluded.permission
            """,
            values: [
                .integer(try findOrCreateOwnRole(ofUser: id)), .text(type.rawValue), .text(pattern),
                .text(PermissionLevel.manage.wireName),
            ]
        )
        noteChange(ofUser: id, reducesAccess: false)
    }

    /// Moves the grants of single users to a model's new name; the grants of roles that an admin has created keep the old name.
    package func moveGrants(ofModel name: String, to newName: String) throws {
        guard hasAccessTables, !newName.isExactly(name) else { return }
        if caller.identity?.userID != nil { try Grant.requireNotWildcard(newName) }
        guard name != Grant.everything else { return }
        // Removes grants for the new name that would conflict with the moved ones; the removed grants were given for an earlier
        // model of that name.
        try changeTables(
            """
            DELETE FROM \(table("role_permissions")) WHERE resource_pattern = ?2 AND EXISTS (
                SELECT 1 FROM \(table("role_permissions")) AS moved
                WHERE moved.role_id = role_permissions.role_id AND moved.resource_type = role_permissions.resource_type
                    AND moved.resource_pattern = ?1 AND \(isOwnGrantOfModel("moved")))
            """,
            values: [.text(name), .text(newName)]
        )
        let count = try changedRowCount(
            """
            UPDATE \(table("role_permissions")) SET resource_pattern = ?2
            WHERE resource_pattern = ?1 AND \(isOwnGrantOfModel("role_permissions"))
            """,
            values: [.text(name), .text(newName)]
        )
        if count > 0 { noteChange(ofUser: nil) }
    }

    /// Removes the grants of single users for a model, because another model may get its name.
    package func removeGrants(ofModel name: String) throws {
        guard hasAccessTables, name != Grant.everything else { return }
        let count = try changedRowCount(
            """
            DELETE FROM \(table("role_permissions"))
            WHERE resource_pattern = ?1 AND \(isOwnGrantOfModel("role_permissions"))
            """,
            values: [.text(name)]
        )
        if count > 0 { noteChange(ofUser: nil) }
    }

    /// The SQL condition that a grant was given to a single user, for a registered model or a prompt.
    private func isOwnGrantOfModel(_ grant: StaticString) -> String {
        """
        \(grant).resource_type IN ('registered_model', 'prompt')
            AND \(grant).role_id IN (SELECT id FROM \(table("roles")) WHERE user_id IS NOT NULL)
        """
    }
}

extension RolePermission {
    /// The columns that `init(row:)` reads, in this order.
    fileprivate static let columns = "id, role_id, resource_type, resource_pattern, permission"

    fileprivate init(row: any StoredRow) {
        self.init(
            id: row.int64(0),
            roleID: row.int64(1),
            type: row.string(2),
            pattern: row.string(3),
            permission: row.string(4)
        )
    }
}
