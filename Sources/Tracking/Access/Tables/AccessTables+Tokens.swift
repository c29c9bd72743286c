internal import Identities

extension AccessTables {
    /// All tokens with their hashes, ordered by name.
    package func accessTokens() throws -> [(token: AccessToken, hash: [UInt8])] {
        let limits = try tableRows(
            """
            SELECT token_id, experiment_id FROM \(table("access_token_experiments")) ORDER BY token_id, experiment_id
            """,
            values: []
        ) { (token: $0.int64(0), experiment: $0.int64(1)) }
        let experiments = Dictionary(grouping: limits, by: \.token).mapValues { $0.map(\.experiment) }
        return try tableRows(
            """
            SELECT id, name, scope, is_limited, creation_time, expiration_time, last_used_time, hash, user_id
            FROM \(table("access_tokens"))
            ORDER BY name
            """,
            values: []
        ) { row in
            let token = AccessToken(
                name: row.string(1),
                userID: row.integerIfAny(8),
                scope: try AccessScope(storedValue: row.int64(2)),
                experimentIDs: row.flag(3) ? experiments[row.int64(0)] ?? [] : nil,
                creationTime: row.int64(4),
                expirationTime: row.integerIfAny(5),
                lastUsedTime: row.integerIfAny(6)
            )
            return (token, row.bytes(7))
        }
    }
}

extension ChangingAccessTables {
    /// Stores a token by its hash.
    ///
    /// - Throws: `.resourceAlreadyExists` if the name is taken, `.resourceDoesNotExist` for an unknown experiment,
    ///   `.invalidParameterValue` for a token that may not be created.
    package func createAccessToken(_ token: AccessToken, hash: [UInt8]) throws {
        try token.validate()
        try lockAccess()
        if let userID = token.userID {
            try requireUser(userID)
            try requireFewerTokensThanLimit(ofUser: userID)
        }
        for id in token.experimentIDs ?? [] { try requireExperiment(id, for: .read) }
        let isTaken = try finds(
            "SELECT 1 FROM \(table("access_tokens")) WHERE name = ?1 AND coalesce(user_id, 0) = ?2",
            values: [.text(token.name), Self.owner(token.userID)]
        )
        guard !isTaken else { throw TrackingError.tokenNameTaken(token.name) }
        let id = try insertedID(
            """
            INSERT INTO \(table("access_tokens"))
                (name, hash, scope, is_limited, creation_time, expiration_time, user_id)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            """,
            values: [
                .text(token.name), .bytes(hash), .integer(token.scope.storedValue),
                StoredValue(token.experimentIDs != nil), .integer(token.creationTime),
                StoredValue(token.expirationTime), StoredValue(token.userID),
            ]
        )
        guard let id else { throw StoreCorruption("a token was inserted without an id") }
        for experimentID in Set(token.experimentIDs ?? []) {
            try changeTables(
                "INSERT INTO \(table("access_token_experiments")) (token_id, experiment_id) VALUES (?1, ?2)",
                values: [.integer(id), .integer(experimentID)]
            )
        }
        noteNewCredential()
    }

    /// The value of `coalesce(user_id, 0)` for a user's tokens; for tokens without an owner, it is 0, which is no user's id.
    private static func owner(_ userID: Int64?) -> StoredValue { .integer(userID ?? 0) }

    /// Throws if a user has as many tokens as allowed.
    ///
    /// The number is limited because the server keeps all tokens in memory.
    private func requireFewerTokensThanLimit(ofUser id: Int64) throws {
        let count = try firstTableRow(
            "SELECT count(*) FROM \(table("access_tokens")) WHERE user_id = ?1",
            values: [.integer(id)]
        ) { $0.int64(0) }
        guard count ?? 0 >= AccessToken.userLimit else { return }
        throw TrackingError.invalidParameter(
            "A user can have at most \(AccessToken.userLimit) tokens. First revoke a token that is no longer needed."
        )
    }

    /// Removes a token, so that nobody can use it any more.
    ///
    /// - Parameter userID: the owner of the token; nil for a token without an owner.
    /// - Throws: `.resourceDoesNotExist` for an unknown name.
    package func revokeAccessToken(named name: String, ofUser userID: Int64? = nil) throws {
        let ended = try changedTableRows(
            "DELETE FROM \(table("access_tokens")) WHERE name = ?1 AND coalesce(user_id, 0) = ?2 RETURNING hash",
            values: [.text(name), Self.owner(userID)]
        ) { $0.bytes(0) }
        noteEnd(ofTokens: ended.rows)
        guard ended.rows.isEmpty else { return }
        // A user who revokes a token of their own must not learn which other users have one of this name.
        throw TrackingError.tokenNotFound(name, owners: userID == nil ? try ownersOfTokens(named: name) : [])
    }

    /// The names of up to five users who have a token of this name, in ascending order.
    private func ownersOfTokens(named name: String) throws -> [String] {
        try tableRows(
            """
            SELECT holder.name FROM \(table("access_tokens")) AS token
            JOIN \(table("users")) AS holder ON holder.id = token.user_id
            WHERE token.name = ?1 ORDER BY holder.name LIMIT 5
            """,
            values: [.text(name)]
        ) { $0.string(0) }
    }

    /// Records when a token was used last.
    package func noteUse(ofAccessToken name: String, ofUser userID: Int64?, at time: Int64) throws {
        try changeTables(
            """
            UPDATE \(table("access_tokens")) SET last_used_time = ?3
            WHERE name = ?1 AND coalesce(user_id, 0) = ?2 AND coalesce(last_used_time, 0) < ?3
            """,
            values: [.text(name), Self.owner(userID), .integer(time)]
        )
    }
}

extension AccessScope {
    /// The number in the database; a scope that allows more has a higher number.
    package var storedValue: Int64 {
        switch self {
        case .read: 0
        case .write: 1
        case .admin: 2
        }
    }

    fileprivate init(storedValue: Int64) throws {
        guard let scope = Self.allCases.first(where: { $0.storedValue == storedValue }) else {
            throw StoreCorruption("no scope of tokens has the number \(storedValue)")
        }
        self = scope
    }
}
