internal import SQLite
package import Tracking

extension WriteSession {
    /// Stores a log-in by the hash of its key; those that have ended are removed.
    package func createLogIn(_ logIn: LogIn, hash: [UInt8]) throws {
        try connection.run(
            "DELETE FROM log_ins WHERE expiration_time <= ?1 OR last_used_time <= ?2",
            logIn.creationTime,
            logIn.creationTime - LogIn.idleLifetime
        )
        try connection.run(
            """
            DELETE FROM log_ins WHERE id IN
            (SELECT id FROM log_ins WHERE name = ?1 ORDER BY last_used_time DESC, id DESC LIMIT -1 OFFSET ?2)
            """,
            logIn.name,
            LogIn.limit - 1
        )
        var (source, groups): (String, [String]) = ("", [])
        var tokenHash: [UInt8]?
        switch logIn.holder {
        case .token(_, let hash): tokenHash = hash
        case .account(_, let mark): (source, tokenHash) = (LogIn.accountSource, mark)
        case .user(let user): (source, groups) = (user.source, user.groups)
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

    /// Ends a log-in, if there is one with this hash.
    package func endLogIn(hash: [UInt8]) throws {
        try connection.run("DELETE FROM log_ins WHERE hash = ?1", hash)
    }

    /// Notes when a log-in was used last.
    package func noteUse(ofLogIn hash: [UInt8], at time: Int64) throws {
        try connection.run("UPDATE log_ins SET last_used_time = max(last_used_time, ?2) WHERE hash = ?1", hash, time)
    }
}
