internal import Identities
internal import SQLite
package import Tracking

extension WriteSession {
    /// Stores a token by its hash.
    ///
    /// - Throws: `.resourceAlreadyExists` if the name is taken, `.resourceDoesNotExist` for an unknown experiment,
    ///   `.invalidParameterValue` for a token that may not be made.
    package func createAccessToken(_ token: AccessToken, hash: [UInt8]) throws {
        try token.validate()
        if let userID = token.userID {
            try requireUser(userID)
            try requirePlace(ofUser: userID)
        }
        for id in token.experimentIDs ?? [] { _ = try storedExperiment(id, for: .read) }
        let holder = try connection.query(
            "SELECT id FROM access_tokens WHERE name = ?1 AND user_id IS ?2",
            token.name,
            token.userID
        )
        guard try holder.firstRow({ $0.int64(0) }) == nil else { throw TrackingError.tokenNameTaken(token.name) }
        try connection.run(
            """
            INSERT INTO access_tokens (name, hash, scope, is_limited, creation_time, expiration_time, user_id)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            """,
            token.name,
            hash,
            token.scope.storedValue,
            token.experimentIDs == nil ? Int64(0) : 1,
            token.creationTime,
            token.expirationTime,
            token.userID
        )
        let row = connection.lastInsertRowID
        for id in token.experimentIDs ?? [] {
            try connection.run(
                "INSERT OR IGNORE INTO access_token_experiments (token_id, experiment_id) VALUES (?1, ?2)",
                row,
                id
            )
        }
    }

    /// Throws for a user with as many tokens as one may have: the server keeps all of them in memory.
    private func requirePlace(ofUser id: Int64) throws {
        let count = try connection.query("SELECT count(*) FROM access_tokens WHERE user_id = ?1", id)
            .firstRow { $0.int64(0) }
        guard count ?? 0 >= AccessToken.userLimit else { return }
        throw TrackingError.invalidParameter(
            "A user can have \(AccessToken.userLimit) tokens. Revoke one that is not needed any more first."
        )
    }

    /// Removes a token; nobody is admitted with it any more.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown name.
    package func revokeAccessToken(named name: String, ofUser userID: Int64? = nil) throws {
        let hashes = try connection.query(
            "DELETE FROM access_tokens WHERE name = ?1 AND user_id IS ?2 RETURNING hash",
            name,
            userID
        ).map { $0.bytes(0) }
        noteEnd(ofTokens: hashes)
        guard hashes.isEmpty else { return }
        // A user hears nothing of the tokens of others.
        throw TrackingError.tokenNotFound(name, owners: userID == nil ? try ownersOfTokens(named: name) : [])
    }

    /// The first users by name who have a token of this name.
    private func ownersOfTokens(named name: String) throws -> [String] {
        try connection.query(
            """
            SELECT users.name FROM access_tokens JOIN users ON users.id = access_tokens.user_id
            WHERE access_tokens.name = ?1 ORDER BY users.name LIMIT 5
            """,
            name
        ).map { $0.string(0) }
    }

    /// Notes when a token was used last.
    package func noteUse(ofAccessToken name: String, ofUser userID: Int64?, at time: Int64) throws {
        try connection.run(
            """
            UPDATE access_tokens SET last_used_time = max(coalesce(last_used_time, 0), ?3)
            WHERE name = ?1 AND user_id IS ?2
            """,
            name,
            userID,
            time
        )
    }
}

extension AccessScope {
    var storedValue: Int64 {
        switch self {
        case .read: 0
        case .write: 1
        case .admin: 2
        }
    }

    init(storedValue: Int64) throws {
        guard let scope = Self.allCases.first(where: { $0.storedValue == storedValue }) else {
            throw StoreCorruption("no scope of tokens has the number \(storedValue)")
        }
        self = scope
    }
}
