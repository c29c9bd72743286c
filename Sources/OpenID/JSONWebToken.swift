internal import Coding
internal import JSON
internal import TLS

/// A JSON Web Token in its compact form (RFC 7519, RFC 7515), taken apart and not yet trusted.
struct JSONWebToken: Sendable {
    let algorithm: SignatureAlgorithm
    let keyID: String?
    let claims: Claims
    private let signedBytes: [UInt8]
    private let signature: [UInt8]

    /// The longest token that is read.
    static let maximumBytes = 16_384

    /// Kinds of token that are no credential of a client; they have names so that none is taken for another.
    private static let kinds: Set<String> = ["jwt", "at+jwt", "application/jwt", "application/at+jwt"]

    /// Whether the text has the form of such a token: three parts, of which the first is a JSON object in base64.
    static func isOne(_ text: [UInt8]) -> Bool {
        text.starts(with: "ey".utf8) && text.count { $0 == UInt8(ascii: ".") } == 2
    }

    init(_ text: [UInt8]) throws(TokenFault) {
        guard text.count <= Self.maximumBytes else {
            throw .refused("The token has \(text.count) bytes, and at most \(Self.maximumBytes) are read.")
        }
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let head = Self.document(parts[0]), let payload = Self.document(parts[1]) else {
            throw .refused("The token is no signed JSON Web Token in its compact form, or is not whole.")
        }
        // What must be understood and is not makes a token invalid (RFC 7515 §4.1.11).
        guard head["crit"] == nil else { throw .refused("The token needs extensions that are not supported (crit).") }
        if let kind = head["typ"] {
            guard let text = kind.string, Self.kinds.contains(text.lowercased()) else {
                throw .refused("The token is of a kind that is no credential (typ).")
            }
        }
        guard let name = head["alg"]?.string, let algorithm = SignatureAlgorithm(rawValue: name) else {
            let known = SignatureAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
            let given = head["alg"]?.string?.printable(limit: 20) ?? "nothing"
            throw .refused("The token is signed with \(given) (alg), and accepted are \(known).")
        }
        guard let signature = Self.bytes(parts[2]), !signature.isEmpty else {
            throw .refused("The token has no signature, or is not whole.")
        }
        self.algorithm = algorithm
        self.signature = signature
        keyID = head["kid"]?.string
        claims = Claims(payload)
        signedBytes = Array(text[..<parts[1].endIndex])
    }

    /// Whether the key is one for this token and has signed it.
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

    /// The bytes of base64url without padding (RFC 7515 §2); nil for anything else.
    static func bytes(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard !text.contains(where: { "+/=".utf8.contains($0) }) else { return nil }
        return Base64.decode(String(decoding: text, as: UTF8.self))
    }
}

/// What a token says.
struct Claims: Sendable {
    private let root: JSONValue

    init(_ root: JSONValue) {
        self.root = root
    }

    /// The value of a claim; where no claim has the name, dots in it lead into objects (`realm_access.roles`).
    private func value(_ name: String) -> JSONValue? {
        if let value = root[name] { return value }
        var value: JSONValue? = root
        for part in name.split(separator: ".") { value = value?[String(part)] }
        return value
    }

    func has(_ name: String) -> Bool { value(name) != nil }

    /// A claim that is one text.
    func text(_ name: String) -> String? { value(name)?.string }

    /// A claim that is one text or a list of texts; nil for anything else, and for a list with something else in it.
    func texts(_ name: String) -> [String]? {
        guard let value = value(name) else { return nil }
        if let text = value.string { return [text] }
        guard value.kind == .array else { return nil }
        let texts = value.elements.compactMap(\.string)
        return texts.count == value.count ? texts : nil
    }

    /// A claim as it is compared with what an operator demands: a text, a number or a truth value.
    func isEqual(_ name: String, to wanted: String) -> Bool {
        guard let value = value(name) else { return false }
        switch value.kind {
        case .string: return value.isString(wanted)
        case .number, .true, .false: return value.rawBytes.elementsEqual(wanted.utf8)
        case .null, .array, .object: return false
        }
    }

    /// Whether the claim is there and denies: false, or the text of it.
    func denies(_ name: String) -> Bool { isEqual(name, to: "false") }

    /// A point in time, in seconds; nil where there is none, or no finite number.
    func time(_ name: String) -> Double? {
        guard let number = value(name)?.double, number.isFinite else { return nil }
        return number
    }
}
