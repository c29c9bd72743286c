internal import JSON
internal import TLS

/// The keys that an issuer publishes (RFC 7517).
struct KeySet: Sendable {
    struct Entry: Sendable {
        let key: PublicKey
        let kind: KeyKind
        let id: String?
        /// The only algorithm that the key may be used with; nil if the issuer does not restrict it.
        let algorithm: String?

        func isFor(_ algorithm: SignatureAlgorithm) -> Bool {
            kind == algorithm.keyKind && (self.algorithm == nil || self.algorithm == algorithm.rawValue)
        }
    }

    private let entries: [Entry]

    private static let maximumCount = 100

    /// Reads a JSON Web Key Set; skips keys that are not for signatures, and keys of unsupported kinds.
    ///
    /// - Throws: if the text is not a key set, if it has too many keys or no usable one, or if OpenSSL is missing.
    init(_ bytes: [UInt8]) throws(IssuerFailure) {
        guard let root = try? JSONDocument(parsing: bytes).root, let keys = root["keys"], keys.kind == .array else {
            throw IssuerFailure("does not answer with a set of keys in JSON")
        }
        guard keys.count <= Self.maximumCount else {
            throw IssuerFailure("answers with \(keys.count) keys; at most \(Self.maximumCount) are read")
        }
        var entries: [Entry] = []
        var last: TLSFailure?
        for key in keys.elements {
            do throws(TLSFailure) {
                if let entry = try Self.entry(key) { entries.append(entry) }
            } catch {
                if case .noLibrary = error { throw IssuerFailure("publishes keys that need OpenSSL 3: \(error)") }
                last = error
            }
        }
        if entries.isEmpty {
            throw IssuerFailure("publishes no key that can be used\(last.map { ": \($0)" } ?? "")")
        }
        self.entries = entries
    }

    private static func entry(_ key: JSONValue) throws(TLSFailure) -> Entry? {
        guard key.kind == .object, key["use"]?.isString("sig") ?? true else { return nil }
        let isForVerifying = key["key_ops"]?.elements.contains { $0.isString("verify") } ?? true
        guard isForVerifying else { return nil }
        func bytes(of name: String) -> [UInt8]? { key[name]?.string.flatMap { JSONWebToken.bytes($0.utf8) } }
        let publicKey: PublicKey
        let kind: KeyKind
        switch key["kty"]?.string {
        case "RSA":
            guard let modulus = bytes(of: "n"), let exponent = bytes(of: "e") else { return nil }
            publicKey = try PublicKey(modulus: modulus, exponent: exponent)
            kind = .rsa
        case "EC":
            guard let name = key["crv"]?.string, let curve = EllipticCurve(rawValue: name), let x = bytes(of: "x"),
                let y = bytes(of: "y")
            else { return nil }
            publicKey = try PublicKey(curve, x: x, y: y)
            kind = .elliptic(curve)
        case "OKP":
            guard key["crv"]?.isString("Ed25519") == true, let x = bytes(of: "x") else { return nil }
            publicKey = try PublicKey(ed25519: x)
            kind = .ed25519
        default: return nil
        }
        return Entry(key: publicKey, kind: kind, id: key["kid"]?.string, algorithm: key["alg"]?.string)
    }

    /// The result of a search for the key of a token.
    enum FoundKey {
        case key(Entry)
        /// The set has no key with the token's key id (`kid`).
        case unknown
        /// The key with the token's key id is not for the token's algorithm; or the token has no key id, and none
        /// or several of the keys are for its algorithm.
        case unfit
    }

    /// The key that the token names by its key id; for a token without a key id, the only key for its algorithm.
    func key(for token: JSONWebToken) -> FoundKey {
        guard let id = token.keyID else {
            let suitable = entries.filter { $0.isFor(token.algorithm) }
            return suitable.count == 1 ? .key(suitable[0]) : .unfit
        }
        let named = entries.filter { $0.id == id }
        if named.isEmpty { return .unknown }
        return named.first { $0.isFor(token.algorithm) }.map { .key($0) } ?? .unfit
    }
}
