package import Identities
internal import SQLite
package import Tracking

extension ReadSession {
    /// The users by name.
    package func users() throws -> [User] {
        try connection.query("SELECT \(User.columns) FROM users ORDER BY name").map(User.init(row:))
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown name.
    package func user(named name: String) throws -> User { try connection.user(named: name) }

    /// Nil for an unknown id.
    package func user(id: Int64) throws -> User? {
        try connection.query("SELECT \(User.columns) FROM users WHERE id = ?1", id).firstRow(User.init(row:))
    }

    /// A user with the hash of the password, which is nil for one without; nil for an unknown name.
    package func userWithPassword(named name: String) throws -> (user: User, password: String?)? {
        try connection.query("SELECT \(User.columns), password FROM users WHERE name = ?1", name)
            .firstRow { (user: User(row: $0), password: $0.optionalString(4)) }
    }

    package func hasUsers() throws -> Bool { try connection.firstInt64(of: "SELECT EXISTS (SELECT 1 FROM users)") == 1 }

    package func hasAdministrator() throws -> Bool {
        try connection.firstInt64(of: "SELECT EXISTS (SELECT 1 FROM users WHERE is_admin)") == 1
    }

    /// The grants of all roles of a user that count.
    package func grants(ofUser id: Int64) throws -> [Grant] {
        try connection.query(
            """
            SELECT permission.resource_type, permission.resource_pattern, permission.permission
            FROM user_roles
            JOIN roles ON roles.id = user_roles.role_id AND roles.workspace = ?2
            JOIN role_permissions AS permission ON permission.role_id = roles.id
            WHERE user_roles.user_id = ?1
            """,
            id,
            Role.workspace
        ).map { try Grant(type: $0.string(0), pattern: $0.string(1), permission: $0.string(2)) }
    }

    /// All roles with what they allow, in the order in which they were made.
    ///
    /// - Parameter workspaces: the only ones whose roles are listed; nil for all.
    package func roles(in workspaces: [String]? = nil) throws -> [Role] {
        guard let workspaces else { return try connection.roles(where: "TRUE") }
        return try connection.roles(
            where: "roles.workspace IN (SELECT value FROM json_each(?1))",
            jsonTexts(workspaces)
        )
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown id.
    package func role(id: Int64) throws -> Role { try connection.role(id: id) }

    package func roles(ofUser id: Int64) throws -> [Role] {
        try connection.roles(where: "roles.id IN (SELECT role_id FROM user_roles WHERE user_id = ?1)", id)
    }

    /// The ids of the roles of each user.
    package func roleIDsOfUsers() throws -> [Int64: [Int64]] {
        var found: [Int64: [Int64]] = [:]
        try connection.query("SELECT user_id, role_id FROM user_roles ORDER BY id")
            .forEachRow { found[$0.int64(0), default: []].append($0.int64(1)) }
        return found
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown role.
    package func assignments(ofRole id: Int64) throws -> [RoleAssignment] {
        _ = try connection.role(id: id)
        return try connection.query("SELECT id, user_id, role_id FROM user_roles WHERE role_id = ?1 ORDER BY id", id)
            .map { RoleAssignment(id: $0.int64(0), userID: $0.int64(1), roleID: $0.int64(2)) }
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown id.
    package func rolePermission(id: Int64) throws -> RolePermission { try connection.rolePermission(id: id) }

    /// What a user was given alone for one thing; nil for nothing.
    package func ownPermission(ofUser id: Int64, type: String, pattern: String) throws -> String? {
        try connection.query(
            """
            SELECT permission FROM role_permissions
            WHERE role_id = (SELECT id FROM roles WHERE user_id = ?1) AND resource_type = ?2 AND resource_pattern = ?3
            """,
            id,
            type,
            pattern
        ).firstRow { $0.string(0) }
    }

    /// What a user was given alone for things of a type, as pairs of the thing and the permission.
    package func ownPermissions(ofUser id: Int64, type: String) throws -> [(pattern: String, permission: String)] {
        try connection.query(
            """
            SELECT resource_pattern, permission FROM role_permissions
            WHERE role_id = (SELECT id FROM roles WHERE user_id = ?1) AND resource_type = ?2
            ORDER BY id
            """,
            id,
            type
        ).map { ($0.string(0), $0.string(1)) }
    }
}

extension Connection {
    func user(named name: String) throws -> User {
        let found = try query("SELECT \(User.columns) FROM users WHERE name = ?1", name).firstRow(User.init(row:))
        guard let found else { throw TrackingError.userNotFound(name) }
        return found
    }

    func role(id: Int64) throws -> Role {
        guard let role = try roles(where: "roles.id = ?1", id).first else { throw TrackingError.roleNotFound(id) }
        return role
    }

    func rolePermission(id: Int64) throws -> RolePermission {
        let found = try query("SELECT \(RolePermission.columns) FROM role_permissions WHERE id = ?1", id)
            .firstRow(RolePermission.init(row:))
        guard let found else { throw TrackingError.rolePermissionNotFound(id) }
        return found
    }

    fileprivate func roles(where condition: String, _ values: any Bindable...) throws -> [Role] {
        var permissions: [Int64: [RolePermission]] = [:]
        let grants = "SELECT \(RolePermission.columns) FROM role_permissions"
        try query(
            grants + " WHERE role_id IN (SELECT id FROM roles WHERE \(condition)) ORDER BY id",
            values: values
        ).forEachRow { row in
            let permission = RolePermission(row: row)
            permissions[permission.roleID, default: []].append(permission)
        }
        return try query(
            "SELECT id, name, workspace, description FROM roles WHERE \(condition) ORDER BY id",
            values: values
        ).map { row in
            var role = Role(
                id: row.int64(0),
                name: row.string(1),
                workspace: row.string(2),
                description: row.optionalString(3)
            )
            role.permissions = permissions[role.id] ?? []
            return role
        }
    }
}

extension User {
    /// The columns for `init(row:)`, in its order.
    static let columns = "id, name, is_admin, creation_time"

    init(row: Statement) {
        self.init(
            id: row.int64(0),
            name: row.string(1),
            isAdministrator: row.bool(2),
            creationTime: row.int64(3)
        )
    }
}

extension RolePermission {
    /// The columns for `init(row:)`, in its order.
    static let columns = "id, role_id, resource_type, resource_pattern, permission"

    init(row: Statement) {
        self.init(
            id: row.int64(0),
            roleID: row.int64(1),
            type: row.string(2),
            pattern: row.string(3),
            permission: row.string(4)
        )
    }
}
