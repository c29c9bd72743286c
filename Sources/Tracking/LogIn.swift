internal import Coding

/// A user whom somebody else than this server has proven: a proxy in front of it, or an issuer of tokens.
package struct ProvenUser: Sendable, Hashable {
    package let name: String
    package let groups: [String]
    /// Who has proven it: the address of an issuer, or `proxySource`.
    package let source: String

    package static let proxySource = "proxy"
    /// The most characters of a name.
    package static let nameLimit = 255

    /// Nil if the name cannot be one: it has 1 to 255 characters, all of them printable, and no space at an end.
    package init?(name: String, groups: [String], source: String) {
        let scalars = name.unicodeScalars
        guard (1...Self.nameLimit).contains(scalars.count), name.first != " ", name.last != " ",
            !scalars.contains("\u{FFFD}"), name.printable(limit: Self.nameLimit).isExactly(name),
            !name.isExactly(AccessToken.operatorName)
        else { return nil }
        self.name = name
        // A group with a line break or the like is none that an operator can name.
        self.groups = groups.filter { !$0.isEmpty && $0.printable(limit: $0.unicodeScalars.count).isExactly($0) }
        self.source = source
    }
}

/// A browser that has logged in to the pages.
package struct LogIn: Sendable, Equatable {
    package enum Holder: Sendable, Equatable {
        /// The holder of a token that was made here; the value is the token's hash.
        case token(name: String, hash: [UInt8])
        case user(ProvenUser)
        /// A user with a password; the mark changes with the password.
        case account(name: String, mark: [UInt8])
    }

    package let holder: Holder
    package let creationTime: Int64
    /// Right to five minutes.
    package var lastUsedTime: Int64
    package let expirationTime: Int64

    /// What is stored instead of an issuer for a user with a password.
    package static let accountSource = "password"
    /// What is stored instead of an issuer for the holder of a token that was made here.
    package static let tokenSource = ""

    /// After this time a log-in ends, in milliseconds.
    package static let lifetime: Int64 = 7 * 86_400_000
    /// After this time without a request it ends sooner.
    package static let idleLifetime: Int64 = 86_400_000
    /// How much later a use is worth writing down again.
    package static let useInterval: Int64 = 300_000
    /// The most log-ins of one holder; the one that was used longest ago gives way.
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

    package func hasEnded(at time: Int64) -> Bool { time >= min(expirationTime, lastUsedTime + Self.idleLifetime) }
}
