internal import SQLite
package import Tracking

extension WriteSession {
    /// - Parameter password: its hash; nil for one who logs in elsewhere.
    /// - Throws: `.resourceAlreadyExists` if the name is taken.
    package func createUser(_ name: String, password: String?, isAdministrator: Bool) throws -> User {
        try User.validate(name: name)
        let now = currentMilliseconds()
        try connection.run(
            """
            INSERT INTO users (name, password, is_admin, creation_time) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (name) DO NOTHING
            """,
            name,
            password,
            isAdministrator ? 1 : 0,
            now
        )
        guard connection.changes > 0 else { throw TrackingError.userNameTaken(name) }
        let id = connection.lastInsertRowID
        touch(user: id, takesRights: false)
        return User(id: id, name: name, isAdministrator: isAdministrator, creationTime: now)
    }

    /// Gives a user another password and ends the user's tokens, whatever the password was before.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown user.
    package func resetPassword(_ password: String, ofUser name: String) throws {
        try changeUser(name, "password = ?2", password)
        let hashes = try connection.query(
            "DELETE FROM access_tokens WHERE user_id = (SELECT id FROM users WHERE name = ?1) RETURNING hash",
            name
        ).map { $0.bytes(0) }
        noteEnd(ofTokens: hashes)
    }

    /// Gives a user another password if the user still has the one that was checked; the user's tokens stay.
    ///
    /// - Parameter checked: the hash against which the current password was checked.
    /// - Returns: false if the user is no more or has another password, so that nothing has changed.
    package func replacePassword(_ checked: String, with password: String, ofUser id: Int64) throws -> Bool {
        try connection.run("UPDATE users SET password = ?3 WHERE id = ?1 AND password = ?2", id, checked, password)
        guard connection.changes > 0 else { return false }
        touch(user: id)
        return true
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown user.
    package func setAdministrator(_ isAdministrator: Bool, user name: String) throws {
        let user = try connection.user(named: name)
        if !isAdministrator { try requireAnotherAdministrator(than: user) }
        try changeUser(name, "is_admin = ?2", isAdministrator ? 1 : 0)
    }

    /// Throws for the only admin.
    private func requireAnotherAdministrator(than user: User) throws {
        let others = try connection.query("SELECT count(*) FROM users WHERE is_admin AND id <> ?1", user.id)
            .firstRow { $0.int64(0) }
        guard user.isAdministrator, others ?? 0 == 0 else { return }
        throw TrackingError(
            .badRequest,
            "'\(shortened(user.name))' is the only admin. Make another user an admin first, or nobody could look after the server."
        )
    }

    private func changeUser(_ name: String, _ change: String, _ value: any Bindable) throws {
        let user = try connection.user(named: name)
        try connection.run("UPDATE users SET \(change) WHERE id = ?1", user.id, value)
        touch(user: user.id)
    }

    /// Removes a user with what was granted to that one alone, and the user's tokens and log-ins.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown user, `.badRequest` for the only admin.
    package func deleteUser(_ name: String) throws {
        let user = try connection.user(named: name)
        try requireAnotherAdministrator(than: user)
        try endLogIns(of: user)
        let tokens = try connection.query("SELECT hash FROM access_tokens WHERE user_id = ?1", user.id)
        noteEnd(ofTokens: try tokens.map { $0.bytes(0) })
        noteDeletion(ofUserNamed: user.name)
        try connection.run("DELETE FROM users WHERE id = ?1", user.id)
        touch(user: user.id)
    }
}
