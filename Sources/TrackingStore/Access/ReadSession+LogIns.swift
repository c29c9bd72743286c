internal import SQLite
package import Tracking

extension ReadSession {
    /// All log-ins with their hashes; one that says nothing that is understood is left out, and so admits nobody.
    package func logIns() throws -> [(logIn: LogIn, hash: [UInt8])] {
        try connection.query(
            """
            SELECT hash, name, source, groups, token_hash, creation_time, last_used_time, expiration_time FROM log_ins
            """
        ).map { row -> (LogIn, [UInt8])? in
            let name = row.string(1)
            let holder: LogIn.Holder
            if row.isNull(4) {
                let groups = row.string(3).split(separator: "\n").map(String.init)
                guard let user = ProvenUser(name: name, groups: groups, source: row.string(2)) else { return nil }
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
