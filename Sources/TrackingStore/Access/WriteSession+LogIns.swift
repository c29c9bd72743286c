internal import SQLite
package import Tracking

extension WriteSession {
    /// Stores a log-in by the hash of its key; those that have ended are removed, and the oldest of the same holder beyond the
    /// limit.
    ///
    /// A name says nothing of the holder: tokens, users with passwords and those of an issuer may have the same.
    ///
    /// - Parameter userID: the user who was found to be logging in; nil for none.
    /// - Throws: `.permissionDenied` if that user was deleted since.
    package func createLogIn(_ logIn: LogIn, hash: [UInt8], ofUser userID: Int64? = nil) throws {
        if let userID { try requireUser(userID) }
        try connection.run(
            "DELETE FROM log_ins WHERE expiration_time <= ?1 OR last_used_time <= ?2",
            logIn.creationTime,
            logIn.creationTime - LogIn.idleLifetime
        )
        try connection.run(
            "DELETE FROM log_ins WHERE source = ?1 AND token_hash NOT IN (SELECT hash FROM access_tokens)",
            LogIn.tokenSource
        )
        var (source, groups): (String, [String]) = (LogIn.tokenSource, [])
        var tokenHash: [UInt8]?
        switch logIn.holder {
        case .token(_, let hash):
            tokenHash = hash
            // All tokens of a user are one holder.
            try endOldest(
                """
                token_hash IN (SELECT hash FROM access_tokens
                    WHERE hash = ?2 OR user_id = (SELECT user_id FROM access_tokens WHERE hash = ?2))
                """,
                source,
                hash
            )
        case .account(let name, let mark):
            (source, tokenHash) = (LogIn.accountSource, mark)
            try endOldest("name = ?2", source, name)
        case .user(let user):
            (source, groups) = (user.source, user.groups)
            try endOldest("name = ?2", source, user.name)
        }
        try connection.run(
            """
            INSERT INTO log_ins
            (hash, name, source, groups, token_hash, creation_time, last_used_time, expiration_time)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """,
            hash,
            logIn.name,
            source,
            groups.joined(separator: "\n"),
            tokenHash,
            logIn.creationTime,
            logIn.lastUsedTime,
            logIn.expirationTime
        )
    }

    /// Makes room for one more log-in of a holder.
    private func endOldest(_ condition: StaticString, _ source: String, _ holder: any Bindable) throws {
        try connection.run(
            """
            DELETE FROM log_ins WHERE id IN
            (SELECT id FROM log_ins WHERE source = ?1 AND \(condition)
                ORDER BY last_used_time DESC, id DESC LIMIT -1 OFFSET ?3)
            """,
            source,
            holder,
            LogIn.limit - 1
        )
    }

    /// Ends all log-ins of a user who is about to be deleted, whoever has proven them, and those by the user's tokens.
    func endLogIns(of user: User) throws {
        let hashes = try connection.query(
            """
            DELETE FROM log_ins WHERE (source <> ?1 AND name = ?2)
                OR (source = ?1 AND token_hash IN (SELECT hash FROM access_tokens WHERE user_id = ?3))
            RETURNING hash
            """,
            LogIn.tokenSource,
            user.name,
            user.id
        ).map { $0.bytes(0) }
        noteEnd(ofLogIns: hashes)
    }

    /// Whether there is a user with a name.
    package func hasUser(named name: String) throws -> Bool {
        try connection.query("SELECT 1 FROM users WHERE name = ?1", name).firstRow { $0.bool(0) } != nil
    }

    /// Ends a log-in, if there is one with this hash.
    package func endLogIn(hash: [UInt8]) throws {
        try connection.run("DELETE FROM log_ins WHERE hash = ?1", hash)
        if connection.changes > 0 { noteEnd(ofLogIns: [hash]) }
    }

    /// Notes when a log-in was used last.
    package func noteUse(ofLogIn hash: [UInt8], at time: Int64) throws {
        try connection.run("UPDATE log_ins SET last_used_time = max(last_used_time, ?2) WHERE hash = ?1", hash, time)
    }
}
