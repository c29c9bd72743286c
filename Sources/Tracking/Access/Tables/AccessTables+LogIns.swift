extension AccessTables {
    /// All log-ins with the hashes of their keys; a log-in whose holder cannot be read is left out, so that nobody can use it.
    package func logIns() throws -> [(logIn: LogIn, hash: [UInt8])] {
        try tableRows(
            """
            SELECT hash, name, source, groups, token_hash, creation_time, last_used_time, expiration_time
            FROM \(table("log_ins"))
            """,
            values: []
        ) { row -> (LogIn, [UInt8])? in
            let name = row.string(1)
            let holder: LogIn.Holder
            if row.isNull(4) {
                let groups = row.string(3).split(separator: "\n").map(String.init)
                guard let user = ExternalUser(name: name, groups: groups, source: row.string(2)) else { return nil }
                holder = .user(user)
            } else {
                let isOfAccount = row.string(2) == LogIn.accountSource
                holder = isOfAccount ? .account(name: name, mark: row.bytes(4)) : .token(name: name, hash: row.bytes(4))
            }
            let logIn = LogIn(
                holder,
                creationTime: row.int64(5),
                lastUsedTime: row.int64(6),
                expirationTime: row.int64(7)
            )
            return (logIn, row.bytes(0))
        }.compactMap(\.self)
    }
}

extension ChangingAccessTables {
    /// Stores a log-in under the hash of its key.
    ///
    /// Removes log-ins that have ended, and the least recently used ones of the same holder if the holder would have more than
    /// `LogIn.limit`.
    /// The source of the log-ins is compared too, because a token, a user with a password and a user of an issuer may have the
    /// same name.
    /// - Parameter userID: the user who logs in; nil if the holder is not a user of this server.
    /// - Throws: `.permissionDenied` if that user was deleted in the meantime.
    package func createLogIn(_ logIn: LogIn, hash: [UInt8], ofUser userID: Int64? = nil) throws {
        try lockAccess()
        if let userID { try requireUser(userID) }
        try changeTables(
            "DELETE FROM \(table("log_ins")) WHERE expiration_time <= ?1 OR last_used_time <= ?2",
            values: [.integer(logIn.creationTime), .integer(logIn.creationTime - LogIn.idleLifetime)]
        )
        try changeTables(
            """
            DELETE FROM \(table("log_ins"))
            WHERE source = ?1 AND token_hash NOT IN (SELECT hash FROM \(table("access_tokens")))
            """,
            values: [.text(LogIn.tokenSource)]
        )
        var (source, groups): (String, [String]) = (LogIn.tokenSource, [])
        var tokenHash: [UInt8]?
        switch logIn.holder {
        case .token(_, let hash):
            tokenHash = hash
            // All tokens of a user count as the same holder.
            try endOldest(
                """
                token_hash IN (SELECT hash FROM \(table("access_tokens"))
                    WHERE hash = ?2 OR user_id = (SELECT user_id FROM \(table("access_tokens")) WHERE hash = ?2))
                """,
                source,
                .bytes(hash)
            )
        case .account(let name, let mark):
            (source, tokenHash) = (LogIn.accountSource, mark)
            try endOldest("name = ?2", source, .text(name))
        case .user(let user):
            (source, groups) = (user.source, user.groups)
            try endOldest("name = ?2", source, .text(user.name))
        }
        try changeTables(
            """
            INSERT INTO \(table("log_ins"))
                (hash, name, source, groups, token_hash, creation_time, last_used_time, expiration_time)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """,
            values: [
                .bytes(hash), .text(logIn.name), .text(source), .text(groups.joined(separator: "\n")),
                StoredValue(tokenHash), .integer(logIn.creationTime), .integer(logIn.lastUsedTime),
                .integer(logIn.expirationTime),
            ]
        )
        noteNewCredential()
    }

    /// Removes the least recently used log-ins of a holder, so that one more can be stored.
    private func endOldest(_ condition: String, _ source: String, _ holder: StoredValue) throws {
        try changeTables(
            """
            DELETE FROM \(table("log_ins")) WHERE id IN
            (SELECT id FROM \(table("log_ins")) WHERE source = ?1 AND \(condition)
                ORDER BY last_used_time DESC, id DESC LIMIT 1000000 OFFSET ?3)
            """,
            values: [.text(source), holder, .integer(Int64(LogIn.limit - 1))]
        )
    }

    /// Ends all log-ins of a user who is about to be deleted: those with a password, a proxy or an issuer, and those with a
    /// token of the user.
    func endLogIns(of user: User) throws {
        let ended = try changedTableRows(
            """
            DELETE FROM \(table("log_ins")) WHERE (source <> ?1 AND name = ?2)
                OR (source = ?1 AND token_hash IN (SELECT hash FROM \(table("access_tokens")) WHERE user_id = ?3))
            RETURNING hash
            """,
            values: [.text(LogIn.tokenSource), .text(user.name), .integer(user.id)]
        ) { $0.bytes(0) }
        noteEnd(ofLogIns: ended.rows)
    }

    /// Ends a log-in, if there is one with this hash.
    package func endLogIn(hash: [UInt8]) throws {
        let count = try changedRowCount("DELETE FROM \(table("log_ins")) WHERE hash = ?1", values: [.bytes(hash)])
        if count > 0 { noteEnd(ofLogIns: [hash]) }
    }

    /// Records when a log-in was used last.
    package func noteUse(ofLogIn hash: [UInt8], at time: Int64) throws {
        try changeTables(
            "UPDATE \(table("log_ins")) SET last_used_time = ?2 WHERE hash = ?1 AND last_used_time < ?2",
            values: [.bytes(hash), .integer(time)]
        )
    }
}
