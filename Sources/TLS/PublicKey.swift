internal import COpenSSL

/// A key that checks signatures, by the system's OpenSSL.
///
/// May be used by several threads at once.
package final class PublicKey: @unchecked Sendable {
    // Unchecked because a pointer is not Sendable: OpenSSL's key is never changed after it was made, and counts its users
    // itself.
    private let pointer: OpaquePointer

    /// How many bits the modulus of an RSA key may have; a longer one would only cost time.
    private static let modulusBits = 2_048...8_192

    /// A key of RSA; both numbers are unsigned, the most significant byte first.
    ///
    /// - Throws: `.noLibrary`, or `.broken` for numbers that are no key of 2,048 to 8,192 bits.
    package convenience init(modulus: [UInt8], exponent: [UInt8]) throws(TLSFailure) {
        let (modulus, exponent) = (DER.withoutZeros(modulus), DER.withoutZeros(exponent))
        guard let last = exponent.last, last & 1 == 1, exponent.count <= 8, exponent != [1] else {
            throw .broken("a key of RSA has an exponent that cannot be used")
        }
        guard let start = modulus.first, let end = modulus.last, end & 1 == 1,
            Self.modulusBits.contains(modulus.count * 8 - start.leadingZeroBitCount)
        else { throw .broken("a key of RSA has \(Self.modulusBits.lowerBound) to \(Self.modulusBits.upperBound) bits") }
        let key = DER.sequence(DER.integer(modulus) + DER.integer(exponent))
        // rsaEncryption (RFC 8017 appendix A.1), whose parameters are NULL.
        try self.init(algorithm: DER.identifier([0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1]) + [5, 0], key: key)
    }

    /// A point of an elliptic curve; both numbers are unsigned, the most significant byte first.
    ///
    /// - Throws: `.noLibrary`, or `.broken` for numbers that are no point of the curve.
    package convenience init(_ curve: EllipticCurve, x: [UInt8], y: [UInt8]) throws(TLSFailure) {
        guard x.count == curve.byteCount, y.count == curve.byteCount else {
            throw .broken("the numbers of a key of \(curve.rawValue) have \(curve.byteCount) bytes")
        }
        // id-ecPublicKey, and the curve (RFC 5480 §2.1.1); 4 stands in front of both numbers of a point.
        let algorithm = DER.identifier([0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1]) + DER.identifier(curve.identifier)
        try self.init(algorithm: algorithm, key: [4] + x + y)
    }

    /// A key of Ed25519 (RFC 8410).
    ///
    /// - Throws: `.noLibrary`, or `.broken` for bytes that are no key.
    package convenience init(ed25519 bytes: [UInt8]) throws(TLSFailure) {
        guard bytes.count == 32 else { throw .broken("a key of Ed25519 has 32 bytes") }
        try self.init(algorithm: DER.identifier([0x2B, 0x65, 0x70]), key: bytes)
    }

    /// Throws `.noLibrary` where no signature can be checked on this machine.
    package static func requireLibrary() throws(TLSFailure) { try OpenSSL.load() }

    private init(algorithm: [UInt8], key: [UInt8]) throws(TLSFailure) {
        try OpenSSL.load()
        // SubjectPublicKeyInfo (RFC 5280 §4.1): the algorithm, and the key as a string of bits of which none is unused.
        let bytes = DER.sequence(DER.sequence(algorithm) + DER.value(3, [0] + key))
        let made = bytes.withUnsafeBufferPointer { buffer in
            var next = buffer.baseAddress
            return apus_d2i_PUBKEY(nil, &next, buffer.count)
        }
        guard let made else { throw .broken("a key cannot be used: \(OpenSSL.text(OpenSSL.takeError()))") }
        pointer = made
    }

    /// Whether a signature of this key is one of a message.
    ///
    /// The scheme must be one of the key's kind: for another one the answer is false.
    package func isValid(_ signature: [UInt8], of message: [UInt8], by scheme: SignatureScheme) -> Bool {
        var signature = signature
        if case .ecdsa(let curve, _) = scheme {
            guard signature.count == 2 * curve.byteCount else { return false }
            let halves = (Array(signature.prefix(curve.byteCount)), Array(signature.suffix(curve.byteCount)))
            signature = DER.sequence(DER.integer(halves.0) + DER.integer(halves.1))
        }
        guard let context = apus_EVP_MD_CTX_new() else { return false }
        defer {
            apus_EVP_MD_CTX_free(context)
            _ = OpenSSL.takeError()
        }
        let digest = scheme.digest.flatMap { apus_EVP_get_digestbyname($0) }
        guard digest != nil || scheme.digest == nil else { return false }
        // It belongs to the context.
        var parameters: OpaquePointer?
        guard apus_EVP_DigestVerifyInit(context, &parameters, digest, nil, pointer) == 1 else { return false }
        if case .rsaPSS = scheme {
            guard apus_EVP_PKEY_CTX_set_rsa_padding(parameters, Int32(APUS_RSA_PKCS1_PSS_PADDING.rawValue)) == 1,
                apus_EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, Int32(APUS_RSA_PSS_SALTLEN_DIGEST.rawValue)) == 1
            else { return false }
        }
        return apus_EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    deinit { apus_EVP_PKEY_free(pointer) }
}

/// A curve of the keys that ECDSA uses.
package enum EllipticCurve: String, Sendable, CaseIterable {
    case p256 = "P-256"
    case p384 = "P-384"

    /// How many bytes a number of the curve has.
    package var byteCount: Int { self == .p256 ? 32 : 48 }

    /// The content of its object identifier (RFC 5480 §2.1.1.1).
    fileprivate var identifier: [UInt8] {
        self == .p256 ? [0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7] : [0x2B, 0x81, 4, 0, 0x22]
    }
}

/// How a signature was made, in the terms of RFC 7518 §3.
package enum SignatureScheme: Sendable, Equatable {
    /// The number of bits of SHA-2.
    package enum Digest: Int, Sendable {
        case sha256 = 256
        case sha384 = 384
        case sha512 = 512
    }

    /// RSASSA-PKCS1-v1_5.
    case rsa(Digest)
    /// RSASSA-PSS with a salt as long as the digest.
    case rsaPSS(Digest)
    /// The signature is both numbers one after the other.
    case ecdsa(EllipticCurve, Digest)
    case ed25519

    /// OpenSSL's name of the digest; nil where the scheme has its own.
    fileprivate var digest: String? {
        switch self {
        case .rsa(let digest), .rsaPSS(let digest), .ecdsa(_, let digest): "SHA\(digest.rawValue)"
        case .ed25519: nil
        }
    }
}

/// The few forms of DER (ITU-T X.690) of which keys and signatures are made.
private enum DER {
    static func value(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        if content.count < 0x80 { return [tag, UInt8(content.count)] + content }
        let length = withoutZeros([
            UInt8(content.count >> 16 & 0xFF), UInt8(content.count >> 8 & 0xFF), UInt8(content.count & 0xFF),
        ])
        return [tag, 0x80 | UInt8(length.count)] + length + content
    }

    static func sequence(_ content: [UInt8]) -> [UInt8] { value(0x30, content) }

    static func identifier(_ content: [UInt8]) -> [UInt8] { value(6, content) }

    /// An unsigned number, the most significant byte first.
    static func integer(_ bytes: [UInt8]) -> [UInt8] {
        let digits = withoutZeros(bytes)
        // A first bit of one would make it negative.
        let needsZero = digits.first.map { $0 & 0x80 != 0 } ?? true
        return value(2, (needsZero ? [0] : []) + digits)
    }

    static func withoutZeros(_ bytes: [UInt8]) -> [UInt8] { Array(bytes.drop { $0 == 0 }) }
}
