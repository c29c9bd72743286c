internal import Coding
internal import JSON
internal import TLS

/// A JSON Web Token in its compact form (RFC 7519, RFC 7515), parsed but not yet checked.
struct JSONWebToken: Sendable {
    let algorithm: SignatureAlgorithm
    let keyID: String?
    let claims: Claims
    private let signedBytes: [UInt8]
    private let signature: [UInt8]

    /// The length of the longest token that is read.
    static let maximumBytes = 16_384

    /// The values of `typ` that a credential may have; tokens for other purposes have other types.
    private static let credentialTypes: Set<String> = ["jwt", "at+jwt", "application/jwt", "application/at+jwt"]

    /// Whether a text looks like a JSON Web Token: three parts, the first of which begins like a JSON object in base64.
    static func hasTokenForm(_ text: [UInt8]) -> Bool {
        text.starts(with: "ey".utf8) && text.count { $0 == UInt8(ascii: ".") } == 2
    }

    init(_ text: [UInt8]) throws(TokenFault) {
        guard text.count <= Self.maximumBytes else {
            throw .refused("The token has \(text.count) bytes; at most \(Self.maximumBytes) are read.")
        }
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let head = Self.document(parts[0]), let payload = Self.document(parts[1]) else {
            throw .refused("The token is not a signed JSON Web Token in its compact form, or it is cut off.")
        }
        // A token with extensions that must be understood (`crit`) is invalid for a server without them (RFC 7515 §4.1.11).
        guard head["crit"] == nil else { throw .refused("The token needs extensions that are not supported (crit).") }
        if let type = head["typ"] {
            guard let text = type.string, Self.credentialTypes.contains(text.lowercased()) else {
                throw .refused("The token has a type that is not a credential (typ).")
            }
        }
        // A token whose `kid` is not a text must not be treated like a token without `kid`.
        guard head["kid"].map({ $0.string != nil }) ?? true else {
            throw .refused("The id of the token's key is not a text (kid).")
        }
        guard let name = head["alg"]?.string, let algorithm = SignatureAlgorithm(rawValue: name) else {
            let accepted = SignatureAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
            let given = head["alg"]?.string?.printable(limit: 20) ?? "nothing"
            throw .refused("The token is signed with \(given) (alg). Accepted algorithms are \(accepted).")
        }
        guard let signature = Self.bytes(parts[2]), !signature.isEmpty else {
            throw .refused("The token has no signature, or it is cut off.")
        }
        self.algorithm = algorithm
        self.signature = signature
        keyID = head["kid"]?.string
        claims = Claims(payload)
        signedBytes = Array(text[..<parts[1].endIndex])
    }

    /// Whether the key is for the token's algorithm and the signature is valid.
    func isSigned(by key: KeySet.Entry) -> Bool {
        key.isFor(algorithm) && key.key.isValid(signature, of: signedBytes, by: algorithm.scheme)
    }

    private static func document(_ part: ArraySlice<UInt8>) -> JSONValue? {
        var limits = JSONLimits()
        limits.depth = 16
        limits.valueCount = 2_000
        guard let bytes = bytes(part), let root = try? JSONDocument(parsing: bytes, limits: limits).root,
            root.kind == .object
        else { return nil }
        return root
    }

    /// Decodes base64url without padding (RFC 7515 §2); nil for any other text.
    static func bytes(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard !text.contains(where: { "+/=".utf8.contains($0) }) else { return nil }
        return Base64.decode(String(decoding: text, as: UTF8.self))
    }
}

struct Claims: Sendable {
    private let root: JSONValue

    init(_ root: JSONValue) { self.root = root }

    /// The value of a claim; if no claim has the whole name, the name is a path of members (`realm_access.roles`).
    private func value(_ name: String) -> JSONValue? {
        if let value = root[name] { return value }
        var value: JSONValue? = root
        for part in name.split(separator: ".") { value = value?[String(part)] }
        return value
    }

    func has(_ name: String) -> Bool { value(name) != nil }

    /// The value of a claim that is a text; otherwise nil.
    func text(_ name: String) -> String? { value(name)?.string }

    /// The values of a claim that is a text or a list of texts; nil for any other value, also for a list with an
    /// element that is not a text.
    func texts(_ name: String) -> [String]? {
        guard let value = value(name) else { return nil }
        if let text = value.string { return [text] }
        guard value.kind == .array else { return nil }
        let texts = value.elements.compactMap(\.string)
        return texts.count == value.count ? texts : nil
    }

    /// Whether a claim has the value that the operator requires: the same text, or a number or boolean that is written
    /// in the same way.
    func isEqual(_ name: String, to wanted: String) -> Bool {
        guard let value = value(name) else { return false }
        switch value.kind {
        case .string: return value.isString(wanted)
        case .number, .true, .false: return value.rawBytes.elementsEqual(wanted.utf8)
        case .null, .array, .object: return false
        }
    }

    /// Whether a claim is `false`, as a boolean or as a text.
    func denies(_ name: String) -> Bool { isEqual(name, to: "false") }

    /// A time in Unix seconds; nil if the claim is missing or not a finite number.
    func time(_ name: String) -> Double? {
        guard let number = value(name)?.double, number.isFinite else { return nil }
        return number
    }
}
