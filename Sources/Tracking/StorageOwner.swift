/// The token or user to whom stored runs and artifacts are charged.
///
/// A user owns what is stored with any token of that user, and so does a user whom a proxy or an issuer names on a
/// server without accounts. A token without a user is an owner of its own, even if a user has the same name.
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
