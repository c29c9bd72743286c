internal import Coding

/// A user whose identity a proxy in front of this server, or an issuer of tokens, has confirmed.
package struct ExternalUser: Sendable, Hashable {
    package let name: String
    package let groups: [String]
    /// Who confirmed the identity: the address of an issuer, or `proxySource`.
    package let source: String

    package static let proxySource = "proxy"
    /// The maximum number of characters in a name.
    package static let nameLimit = 255

    /// Drops groups whose names are empty or not printable.
    ///
    /// - Returns: nil for a name that is not allowed: a name must have 1 to 255 characters, all of them printable, no
    ///   space at its start or end, and must not be one of `ReservedNames`.
    package init?(name: String, groups: [String], source: String) {
        let scalars = name.unicodeScalars
        guard (1...Self.nameLimit).contains(scalars.count), name.first != " ", name.last != " ",
            !scalars.contains("\u{FFFD}"), name.printable(limit: Self.nameLimit).isExactly(name),
            !ReservedNames.contains(name)
        else { return nil }
        self.name = name
        // Other groups can have no effect, because an operator cannot write their names in the settings.
        self.groups = groups.filter { !$0.isEmpty && $0.printable(limit: $0.unicodeScalars.count).isExactly($0) }
        self.source = source
    }
}

/// The log-in of a browser to the web pages of this server.
package struct LogIn: Sendable, Equatable {
    /// The credential with which the browser has logged in.
    package enum Holder: Sendable, Equatable {
        /// A token of this server.
        case token(name: String, hash: [UInt8])
        case user(ExternalUser)
        /// The password of a user. `mark` is calculated from the password: when the user's password gets another mark, the log-in
        /// ends.
        case account(name: String, mark: [UInt8])
    }

    package let holder: Holder
    /// Unix milliseconds.
    package let creationTime: Int64
    /// Unix milliseconds, accurate to five minutes.
    package var lastUsedTime: Int64
    /// Unix milliseconds.
    package let expirationTime: Int64

    /// The stored source of a log-in with a password, which has no issuer.
    package static let accountSource = "password"
    /// The stored source of a log-in with a token of this server, which has no issuer.
    package static let tokenSource = ""

    /// The time in milliseconds after which a log-in ends, even if it is in use.
    package static let lifetime: Int64 = 7 * 86_400_000
    /// The time in milliseconds without a request after which a log-in ends.
    package static let idleLifetime: Int64 = 86_400_000
    /// The shortest time in milliseconds between two updates of `lastUsedTime`.
    package static let useInterval: Int64 = 300_000
    /// The maximum number of log-ins of one holder; a further log-in replaces the least recently used one.
    package static let limit = 100

    package init(_ holder: Holder, at time: Int64) {
        self.init(holder, creationTime: time, lastUsedTime: time, expirationTime: time + Self.lifetime)
    }

    package init(_ holder: Holder, creationTime: Int64, lastUsedTime: Int64, expirationTime: Int64) {
        self.holder = holder
        self.creationTime = creationTime
        self.lastUsedTime = lastUsedTime
        self.expirationTime = expirationTime
    }

    package var name: String {
        switch holder {
        case .token(let name, _), .account(let name, _): name
        case .user(let user): user.name
        }
    }

    /// Whether the log-in has ended at a time in Unix milliseconds.
    package func hasEnded(at time: Int64) -> Bool { time >= min(expirationTime, lastUsedTime + Self.idleLifetime) }
}
