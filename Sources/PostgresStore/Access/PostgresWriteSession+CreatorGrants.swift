internal import Budgets
internal import Identities
internal import PostgreSQL
internal import Tracking

/// The grants that come and go with the things of users.
extension PostgresWriteSession {
    /// Lets the user who makes something manage it.
    func grantCreator(_ type: GrantedType, _ pattern: String) throws {
        guard keepsAccess, let id = caller.identity?.userID else { return }
        try Grant.requireOneThing(pattern)
        try requireUser(id)
        try change(
            """
            INSERT INTO apus.role_permissions (role_id, resource_type, resource_pattern, permission) VALUES ($1, $2, $3, $4)
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
        guard keepsAccess, !newName.isExactly(name) else { return }
        if caller.identity?.userID != nil { try Grant.requireOneThing(newName) }
        guard name != Grant.everything else { return }
        // What was left of an earlier model with the new name makes room.
        try change(
            """
            DELETE FROM apus.role_permissions AS old
            WHERE resource_pattern = $2 AND EXISTS (SELECT FROM apus.role_permissions AS moved
                WHERE moved.role_id = old.role_id AND moved.resource_type = old.resource_type
                    AND moved.resource_pattern = $1 AND \(Self.isOwnGrantOfModel("moved")))
            """,
            name,
            newName
        )
        let moved = try changed(
            """
            UPDATE apus.role_permissions AS moved SET resource_pattern = $2
            WHERE resource_pattern = $1 AND \(Self.isOwnGrantOfModel("moved"))
            """,
            name,
            newName
        )
        if moved.affectedCount > 0 { touch(user: nil) }
    }

    /// Removes what users were given alone for a model, whose name may come back for another one.
    func removeGrants(ofModel name: String) throws {
        guard keepsAccess, name != Grant.everything else { return }
        let removed = try changed(
            """
            DELETE FROM apus.role_permissions AS removed
            WHERE resource_pattern = $1 AND \(Self.isOwnGrantOfModel("removed"))
            """,
            name
        )
        if removed.affectedCount > 0 { touch(user: nil) }
    }

    /// The condition that a grant is one that a user was given alone, for a registered model or a prompt.
    private static func isOwnGrantOfModel(_ alias: String) -> String {
        """
        \(alias).resource_type IN ('registered_model', 'prompt')
            AND \(alias).role_id IN (SELECT id FROM apus.roles WHERE user_id IS NOT NULL)
        """
    }

    /// Throws if a user was deleted since the request was admitted; otherwise the user stays until the transaction ends.
    func requireUser(_ id: Int64) throws {
        let found = try rows("SELECT 1 FROM apus.users WHERE id = $1 FOR KEY SHARE", id)
        guard found.count > 0 else { throw TrackingError.userDeletedMeanwhile }
    }

    /// The id of the role that holds a user's own grants; makes it where there is none.
    func ownRole(ofUser id: Int64) throws -> Int64 {
        let known = "SELECT id FROM apus.roles WHERE user_id = $1"
        if let role = try rows(known, id).first({ $0.int64(0) }) { return role }
        try change(
            "INSERT INTO apus.roles (workspace, name, user_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            Role.workspace,
            Role.name(ofUser: id),
            id
        )
        // Another server may have made it just now.
        guard let role = try rows(known, id).first({ $0.int64(0) }) else {
            throw StoreCorruption("another role has the name of the role that holds the grants of user \(id)")
        }
        try change(
            "INSERT INTO apus.user_roles (user_id, role_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            id,
            role
        )
        return role
    }
}
