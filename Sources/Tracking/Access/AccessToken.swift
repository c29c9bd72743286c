internal import Coding

/// What the holder of a token may do.
package enum AccessScope: String, Sendable, CaseIterable {
    /// Read what is stored.
    case read
    /// Also create, change and delete it.
    case write
    /// Also look after the server: remove for good, import, manage tokens.
    case admin

    /// Whether everything that another scope allows is allowed.
    package func includes(_ other: AccessScope) -> Bool { rank >= other.rank }

    private var rank: Int {
        switch self {
        case .read: 0
        case .write: 1
        case .admin: 2
        }
    }
}

/// A token that was made for somebody; the token itself is not kept.
package struct AccessToken: Sendable, Equatable {
    package var name: String
    /// The user whose token it is, who is allowed no more by it; nil for a token of an operator.
    package var userID: Int64?
    package var scope: AccessScope
    /// The only experiments that are there for its holder; nil for all.
    package var experimentIDs: [Int64]?
    package var creationTime: Int64
    package var expirationTime: Int64?
    /// Right to a minute.
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

    package func hasExpired(at time: Int64) -> Bool { expirationTime.map { $0 <= time } ?? false }

    /// Who sends the commands of the server's machine; no token has this name.
    package static let operatorName = "the operator's command"
    /// The most characters of a name.
    package static let nameLimit = 100
    /// The most tokens of one user.
    package static let userLimit: Int64 = 100
    /// The most experiments to which a token can be limited.
    package static let experimentLimit = 1_000

    /// Throws unless the token may be made.
    package func validate() throws(TrackingError) {
        let count = name.unicodeScalars.count
        guard (1...Self.nameLimit).contains(count), name.first != " ", name.last != " ",
            name.printable(limit: Self.nameLimit).isExactly(name)
        else {
            throw .invalidParameter(
                "'\(shortened(name).printable(limit: 200))' is no name of a token: it has 1 to \(Self.nameLimit) characters, no "
                    + "line breaks, and no space at an end."
            )
        }
        guard !name.isExactly(Self.operatorName) else {
            throw .invalidParameter(
                "'\(name)' is how the server calls commands on its own machine; choose another name."
            )
        }
        if let expirationTime, expirationTime <= creationTime {
            throw .invalidParameter("The token would have expired already: give a time that is still to come.")
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
            "A token can be limited to 1 to \(AccessToken.experimentLimit) experiments; got \(count). Leave them out for a token "
                + "that is for all."
        )
    }

    package static func tokenNameTaken(_ name: String) -> TrackingError {
        TrackingError(
            .resourceAlreadyExists,
            "There is a token '\(shortened(name))' already. Choose another name, or revoke that one first."
        )
    }

    /// - Parameter owners: users who have a token of this name.
    package static func tokenNotFound(_ name: String, owners: [String] = []) -> TrackingError {
        guard let owner = owners.first else {
            return doesNotExist("There is no token '\(shortened(name))'. `apus token list` shows the names.")
        }
        let names = owners.map { "'\(shortened($0))'" }.joined(separator: ", ")
        return doesNotExist(
            "No token '\(shortened(name))' belongs to nobody; one of that name belongs to \(names). Say whose token is meant: "
                + "--user \(shortened(owner))"
        )
    }
}
