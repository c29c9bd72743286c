internal import Coding

/// What the holder of a token may do.
package enum AccessScope: String, Sendable, CaseIterable {
    /// May read data.
    case read
    /// May also create, change and delete data.
    case write
    /// May also administer the server: remove data permanently, import, manage tokens.
    case admin

    /// Whether this scope allows everything that `other` allows.
    package func includes(_ other: AccessScope) -> Bool { storedValue >= other.storedValue }
}

/// The description of a token; the secret itself is not stored.
package struct AccessToken: Sendable, Equatable {
    package var name: String
    /// The user who owns the token; the token allows nothing that this user may not do.
    ///
    /// Nil for a token that the operator created.
    package var userID: Int64?
    package var scope: AccessScope
    /// The only experiments that the token gives access to; nil for all.
    package var experimentIDs: [Int64]?
    /// Unix milliseconds.
    package var creationTime: Int64
    /// Unix milliseconds; nil if the token does not expire.
    package var expirationTime: Int64?
    /// Unix milliseconds, accurate to a minute; nil if the token was never used.
    package var lastUsedTime: Int64?

    package init(
        name: String,
        userID: Int64? = nil,
        scope: AccessScope,
        experimentIDs: [Int64]? = nil,
        creationTime: Int64,
        expirationTime: Int64? = nil,
        lastUsedTime: Int64? = nil
    ) {
        self.name = name
        self.userID = userID
        self.scope = scope
        self.experimentIDs = experimentIDs
        self.creationTime = creationTime
        self.expirationTime = expirationTime
        self.lastUsedTime = lastUsedTime
    }

    /// Whether the token has expired at a time in Unix milliseconds.
    package func hasExpired(at time: Int64) -> Bool { expirationTime.map { $0 <= time } ?? false }

    /// The name under which commands on the server's own machine are shown; it is one of `ReservedNames`.
    package static let operatorName = "the operator's command"
    /// The maximum number of characters in a name.
    package static let nameLimit = 100
    /// The maximum number of tokens that one user may have.
    package static let userLimit: Int64 = 100
    /// The longest lifetime, in milliseconds, of a token whose user was identified by a proxy or an issuer.
    ///
    /// The token must expire, because the server is not told when such a user may no longer log in.
    package static let longestLifetimeOfExternalUser: Int64 = 90 * 86_400_000
    /// The maximum number of experiments to which a token can be limited.
    package static let experimentLimit = 1_000

    /// Throws `.invalidParameterValue` unless a token with these properties may be created.
    package func validate() throws(TrackingError) {
        let count = name.unicodeScalars.count
        guard (1...Self.nameLimit).contains(count), name.first != " ", name.last != " ",
            name.printable(limit: Self.nameLimit).isExactly(name)
        else {
            throw .invalidParameter(
                "'\(shortened(name).printable(limit: 200))' is not a valid name of a token: a name has 1 to "
                    + "\(Self.nameLimit) characters, no line breaks, and no space at its start or end."
            )
        }
        guard !ReservedNames.contains(name) else { throw .nameReserved(name, of: "a token") }
        if let expirationTime, expirationTime <= creationTime {
            throw .invalidParameter("The token would already have expired; give a time in the future.")
        }
        guard let experimentIDs else { return }
        guard scope != .admin else {
            throw .invalidParameter(
                "A token of the scope admin cannot be limited to experiments; use write, or leave the experiments out."
            )
        }
        guard (1...Self.experimentLimit).contains(experimentIDs.count) else {
            throw .tokenExperiments(experimentIDs.count)
        }
    }
}

extension TrackingError {
    package static func tokenExperiments(_ count: Int) -> TrackingError {
        invalidParameter(
            "A token can be limited to 1 to \(AccessToken.experimentLimit) experiments; got \(count). Leave them out "
                + "for a token that gives access to all experiments."
        )
    }

    package static func tokenNameTaken(_ name: String) -> TrackingError {
        TrackingError(
            .resourceAlreadyExists,
            "A token '\(shortened(name))' already exists. Choose another name, or revoke that token first."
        )
    }

    /// - Parameter owners: users who have a token of this name.
    package static func tokenNotFound(_ name: String, owners: [String] = []) -> TrackingError {
        guard let owner = owners.first else {
            return doesNotExist("There is no token '\(shortened(name))'. `apus token list` shows the names.")
        }
        let names = owners.map { "'\(shortened($0))'" }.joined(separator: ", ")
        return doesNotExist(
            "There is no token '\(shortened(name))' without an owner; a token with that name belongs to \(names). "
                + "Name the owner: --user \(shortened(owner))"
        )
    }
}
