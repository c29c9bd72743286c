package import Identities

extension AccessTables {
    /// All users, ordered by name.
    package func users() throws -> [User] {
        try tableRows("SELECT \(User.columns) FROM \(table("users")) ORDER BY name", values: [], User.init(row:))
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown name.
    package func user(named name: String) throws -> User {
        let found = try firstTableRow(
            "SELECT \(User.columns) FROM \(table("users")) WHERE name = ?1",
            values: [.text(name)],
            User.init(row:)
        )
        guard let found else { throw TrackingError.userNotFound(name) }
        return found
    }

    /// Returns nil for an unknown id.
    package func user(id: Int64) throws -> User? {
        try firstTableRow(
            "SELECT \(User.columns) FROM \(table("users")) WHERE id = ?1",
            values: [.integer(id)],
            User.init(row:)
        )
    }

    /// Returns a user and the hash of the password, which is nil for a user without one; returns nil for an unknown name.
    package func userWithPassword(named name: String) throws -> (user: User, password: String?)? {
        try firstTableRow(
            "SELECT \(User.columns), password FROM \(table("users")) WHERE name = ?1",
            values: [.text(name)]
        ) { (user: User(row: $0), password: $0.textIfAny(4)) }
    }

    /// Whether there is a user with a name.
    package func hasUser(named name: String) throws -> Bool {
        try finds("SELECT 1 FROM \(table("users")) WHERE name = ?1", values: [.text(name)])
    }

    package func hasUsers() throws -> Bool { try finds("SELECT 1 FROM \(table("users")) LIMIT 1") }

    package func hasAdministrator() throws -> Bool {
        try finds("SELECT 1 FROM \(table("users")) WHERE is_admin = 1 LIMIT 1")
    }

    /// The grants of a user's roles in the workspace `Role.workspace`; roles in other workspaces have no effect.
    package func grants(ofUser id: Int64) throws -> [Grant] {
        try tableRows(
            """
            SELECT permission.resource_type, permission.resource_pattern, permission.permission
            FROM \(table("user_roles")) AS held
            JOIN \(table("roles")) AS role ON role.id = held.role_id AND role.workspace = ?2
            JOIN \(table("role_permissions")) AS permission ON permission.role_id = role.id
            WHERE held.user_id = ?1
            """,
            values: [.integer(id), .text(Role.workspace)]
        ) { try Grant(type: $0.string(0), pattern: $0.string(1), permission: $0.string(2)) }
    }

    /// The permission on one resource that was granted to a user directly, not by a shared role; nil if there is none.
    package func ownPermission(ofUser id: Int64, type: String, pattern: String) throws -> String? {
        try firstTableRow(
            """
            SELECT permission FROM \(table("role_permissions"))
            WHERE role_id = (SELECT id FROM \(table("roles")) WHERE user_id = ?1)
                AND resource_type = ?2 AND resource_pattern = ?3
            """,
            values: [.integer(id), .text(type), .text(pattern)]
        ) { $0.string(0) }
    }

    /// The permissions on one resource that were granted to users directly, not by shared roles, ordered by the names of the
    /// users.
    ///
    /// - Parameter name: only users whose names come after this name are returned.
    package func ownGrants(
        for type: GrantedType,
        _ pattern: String,
        after name: String,
        limit: Int
    ) throws -> [(user: String, permission: String)] {
        try tableRows(
            """
            SELECT holder.name, permission.permission
            FROM \(table("role_permissions")) AS permission
            JOIN \(table("roles")) AS role ON role.id = permission.role_id
            JOIN \(table("users")) AS holder ON holder.id = role.user_id
            WHERE permission.resource_type = ?1 AND permission.resource_pattern = ?2 AND holder.name > ?3
            ORDER BY holder.name
            LIMIT ?4
            """,
            values: [.text(type.rawValue), .text(pattern), .text(name), .integer(Int64(limit))]
        ) { ($0.string(0), $0.string(1)) }
    }

    /// The permissions on resources of a type that were granted to a user directly, not by shared roles.
    package func ownPermissions(ofUser id: Int64, type: String) throws -> [(pattern: String, permission: String)] {
        try tableRows(
            """
            SELECT resource_pattern, permission FROM \(table("role_permissions"))
            WHERE role_id = (SELECT id FROM \(table("roles")) WHERE user_id = ?1) AND resource_type = ?2
            ORDER BY id
            """,
            values: [.integer(id), .text(type)]
        ) { ($0.string(0), $0.string(1)) }
    }
}

extension ChangingAccessTables {
    /// - Parameter password: the hash of the password; nil for a user whom a proxy or an issuer identifies.
    /// - Throws: `.resourceAlreadyExists` if the name is taken.
    package func createUser(_ name: String, password: String?, isAdministrator: Bool) throws -> User {
        try User.validate(name: name)
        let now = currentTime
        let id = try insertedID(
            """
            INSERT INTO \(table("users")) (name, password, is_admin, creation_time) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (name) DO NOTHING
            """,
            values: [.text(name), StoredValue(password), StoredValue(isAdministrator), .integer(now)]
        )
        guard let id else { throw TrackingError.userNameTaken(name) }
        noteChange(ofUser: id, reducesAccess: false)
        return User(id: id, name: name, isAdministrator: isAdministrator, creationTime: now)
    }

    /// Gives a user another password, without a check of the current one, and revokes all tokens of the user.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown user.
    package func resetPassword(_ password: String, ofUser name: String) throws {
        try lockAccess()
        let user = try user(named: name)
        try changeTables(
            "UPDATE \(table("users")) SET password = ?2 WHERE id = ?1",
            values: [.integer(user.id), .text(password)]
        )
        noteChange(ofUser: user.id)
        let ended = try changedTableRows(
            "DELETE FROM \(table("access_tokens")) WHERE user_id = ?1 RETURNING hash",
            values: [.integer(user.id)]
        ) { $0.bytes(0) }
        noteEnd(ofTokens: ended.rows)
    }

    /// Gives a user another password if the user still has the one that was checked; the user's tokens stay valid.
    ///
    /// - Parameter checked: the hash against which the current password was checked.
    /// - Returns: false if the user was deleted or has another password; then nothing was changed.
    package func replacePassword(_ checked: String, with password: String, ofUser id: Int64) throws -> Bool {
        try lockAccess()
        let count = try changedRowCount(
            "UPDATE \(table("users")) SET password = ?3 WHERE id = ?1 AND password = ?2",
            values: [.integer(id), .text(checked), .text(password)]
        )
        guard count > 0 else { return false }
        noteChange(ofUser: id)
        return true
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown user, `.badRequest` if the only admin would stop being one.
    package func setAdministrator(_ isAdministrator: Bool, user name: String) throws {
        try lockAccess()
        let user = try user(named: name)
        if !isAdministrator { try requireAnotherAdministrator(than: user) }
        try changeTables(
            "UPDATE \(table("users")) SET is_admin = ?2 WHERE id = ?1",
            values: [.integer(user.id), StoredValue(isAdministrator)]
        )
        noteChange(ofUser: user.id)
    }

    /// Throws if the user is the only admin.
    private func requireAnotherAdministrator(than user: User) throws {
        guard user.isAdministrator else { return }
        let hasOther = try finds(
            "SELECT 1 FROM \(table("users")) WHERE is_admin = 1 AND id <> ?1 LIMIT 1",
            values: [.integer(user.id)]
        )
        guard !hasOther else { return }
        throw TrackingError(
            .badRequest,
            "'\(shortened(user.name))' is the only admin. Make another user an admin first; otherwise nobody could "
                + "administer the server."
        )
    }

    /// Removes a user, the grants that were given to the user directly, and the user's tokens and log-ins.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown user, `.badRequest` for the only admin.
    package func deleteUser(_ name: String) throws {
        try lockAccess()
        let user = try user(named: name)
        try requireAnotherAdministrator(than: user)
        try endLogIns(of: user)
        let tokens = try tableRows(
            "SELECT hash FROM \(table("access_tokens")) WHERE user_id = ?1",
            values: [.integer(user.id)]
        ) { $0.bytes(0) }
        noteEnd(ofTokens: tokens)
        noteDeletion(ofUserNamed: user.name)
        try changeTables("DELETE FROM \(table("users")) WHERE id = ?1", values: [.integer(user.id)])
        noteChange(ofUser: user.id)
    }

    /// Whether the open transaction has deleted a user of this name.
    package func deletes(userNamed name: String) -> Bool {
        accessChange.deletedUsers.contains { $0.isExactly(name) }
    }

    /// Throws if a user was deleted since the request was admitted.
    package func requireUser(_ id: Int64) throws {
        guard try finds("SELECT 1 FROM \(table("users")) WHERE id = ?1", values: [.integer(id)]) else {
            throw TrackingError.userDeletedMeanwhile
        }
    }
}

extension User {
    /// The columns that `init(row:)` reads, in this order.
    fileprivate static let columns = "id, name, is_admin, creation_time"

    fileprivate init(row: any StoredRow) {
        self.init(id: row.int64(0), name: row.string(1), isAdministrator: row.flag(2), creationTime: row.int64(3))
    }
}
