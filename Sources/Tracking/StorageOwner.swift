/// The token or user to whom stored runs and artifacts are charged.
///
/// A token that belongs to nobody and a user of the same name are two owners. A user's tokens are the user, and so is
/// one whom a proxy or an issuer names on a server without users.
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

    /// What is stored of the owner: the kind, a colon and the name.
    package var key: String { "\(kind.rawValue):\(name)" }

    /// Nil for a text that is no owner's key.
    package init?(key: String) {
        guard let colon = key.firstIndex(of: ":"), let kind = Kind(rawValue: String(key[..<colon])) else { return nil }
        self.init(kind, String(key[key.index(after: colon)...]))
    }
}
