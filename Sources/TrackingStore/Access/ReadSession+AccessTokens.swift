internal import SQLite
package import Tracking

extension ReadSession {
    /// All tokens with their hashes, by name.
    package func accessTokens() throws -> [(token: AccessToken, hash: [UInt8])] {
        var experiments: [Int64: [Int64]] = [:]
        try connection.query(
            "SELECT token_id, experiment_id FROM access_token_experiments ORDER BY token_id, experiment_id"
        ).forEachRow { experiments[$0.int64(0), default: []].append($0.int64(1)) }
        return try connection.query(
            """
            SELECT id, name, scope, is_limited, creation_time, expiration_time, last_used_time, hash, user_id
            FROM access_tokens
            ORDER BY name
            """
        ).map { row in
            let token = AccessToken(
                name: row.string(1),
                userID: row.optionalInt64(8),
                scope: try AccessScope(storedValue: row.int64(2)),
                experimentIDs: row.bool(3) ? experiments[row.int64(0)] ?? [] : nil,
                creationTime: row.int64(4),
                expirationTime: row.optionalInt64(5),
                lastUsedTime: row.optionalInt64(6)
            )
            return (token, row.bytes(7))
        }
    }
}
