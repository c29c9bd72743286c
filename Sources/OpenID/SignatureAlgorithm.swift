internal import TLS

/// The signature algorithms that are accepted (RFC 7518 §3.1, RFC 8037 §3.1).
///
/// `none` and HMAC are not accepted: HMAC needs a secret key, and the keys that an issuer publishes are not secret.
enum SignatureAlgorithm: String, Sendable, CaseIterable {
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
    case es256 = "ES256"
    case es384 = "ES384"
    case edDSA = "EdDSA"

    var scheme: SignatureScheme {
        switch self {
        case .rs256: .rsa(.sha256)
        case .rs384: .rsa(.sha384)
        case .rs512: .rsa(.sha512)
        case .ps256: .rsaPSS(.sha256)
        case .ps384: .rsaPSS(.sha384)
        case .ps512: .rsaPSS(.sha512)
        case .es256: .ecdsa(.p256, .sha256)
        case .es384: .ecdsa(.p384, .sha384)
        case .edDSA: .ed25519
        }
    }

    /// The only kind of key that the algorithm may be used with.
    var keyKind: KeyKind {
        switch scheme {
        case .rsa, .rsaPSS: .rsa
        case .ecdsa(let curve, _): .elliptic(curve)
        case .ed25519: .ed25519
        }
    }
}

enum KeyKind: Sendable, Equatable {
    case rsa
    case elliptic(EllipticCurve)
    case ed25519
}
