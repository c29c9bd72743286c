/// The token or user whose quotas include a stored run or artifact.
///
/// Data that is stored with a token of a user belongs to the user. This is also true for users without an account, whom a proxy
/// or an issuer identifies. A token that belongs to no user is itself an owner, even if a user has the same name.
package struct StorageOwner: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        case token, user
    }

    package let kind: Kind
    private let exactName: ExactText

    package var name: String { exactName.text }

    package init(_ kind: Kind, _ name: String) {
        self.kind = kind
        exactName = ExactText(name)
    }

    /// The text by which the database stores the owner: the kind, a colon and the name.
    package var key: String { "\(kind.rawValue):\(name)" }

    /// Parses a key; returns nil for any other text.
    package init?(key: String) {
        guard let colon = key.firstIndex(of: ":"), let kind = Kind(rawValue: String(key[..<colon])) else { return nil }
        self.init(kind, String(key[key.index(after: colon)...]))
    }
}
