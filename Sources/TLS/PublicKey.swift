internal import COpenSSL

/// A public key, which checks signatures with the system's OpenSSL; usable by several threads at the same time.
package final class PublicKey: @unchecked Sendable {
    // Unchecked because a pointer is not Sendable; OpenSSL never changes the key, and counts its references itself.
    private let pointer: OpaquePointer

    /// The allowed numbers of bits of an RSA modulus; a longer one would make checks slow.
    private static let modulusBits = 2_048...8_192

    /// Makes an RSA key; both numbers are unsigned, with the most significant byte first.
    ///
    /// - Throws: `.noLibrary`, or `.broken` for numbers that are not a key of 2,048 to 8,192 bits.
    package convenience init(modulus: [UInt8], exponent: [UInt8]) throws(TLSFailure) {
        let (modulus, exponent) = (DER.withoutZeros(modulus), DER.withoutZeros(exponent))
        guard let last = exponent.last, last & 1 == 1, exponent.count <= 8, exponent != [1] else {
            throw .broken("the exponent of an RSA key cannot be used")
        }
        guard let start = modulus.first, let end = modulus.last, end & 1 == 1,
            Self.modulusBits.contains(modulus.count * 8 - start.leadingZeroBitCount)
        else {
            throw .broken("an RSA key must have \(Self.modulusBits.lowerBound) to \(Self.modulusBits.upperBound) bits")
        }
        let key = DER.sequence(DER.integer(modulus) + DER.integer(exponent))
        // rsaEncryption (RFC 8017 appendix A.1), whose parameters are NULL.
        try self.init(algorithm: DER.identifier([0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1]) + [5, 0], key: key)
    }

    /// Makes an ECDSA key from a point of a curve; both numbers are unsigned, with the most significant byte first.
    ///
    /// - Throws: `.noLibrary`, or `.broken` for numbers that are not a point of the curve.
    package convenience init(_ curve: EllipticCurve, x: [UInt8], y: [UInt8]) throws(TLSFailure) {
        guard x.count == curve.byteCount, y.count == curve.byteCount else {
            throw .broken("the numbers of a \(curve.rawValue) key must have \(curve.byteCount) bytes")
        }
        // id-ecPublicKey, and the curve (RFC 5480 §2.1.1). The byte 4 precedes the two numbers of a point.
        let algorithm = DER.identifier([0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1]) + DER.identifier(curve.identifier)
        try self.init(algorithm: algorithm, key: [4] + x + y)
    }

    /// Makes an Ed25519 key (RFC 8410).
    ///
    /// - Throws: `.noLibrary`, or `.broken` for bytes that are not a key.
    package convenience init(ed25519 bytes: [UInt8]) throws(TLSFailure) {
        guard bytes.count == 32 else { throw .broken("an Ed25519 key must have 32 bytes") }
        try self.init(algorithm: DER.identifier([0x2B, 0x65, 0x70]), key: bytes)
    }

    /// Throws `.noLibrary` if this machine cannot check signatures, because it has no OpenSSL.
    package static func requireLibrary() throws(TLSFailure) { try OpenSSL.load() }

    private init(algorithm: [UInt8], key: [UInt8]) throws(TLSFailure) {
        try OpenSSL.load()
        // SubjectPublicKeyInfo (RFC 5280 §4.1): the algorithm, and the key as a bit string with 0 unused bits.
        let bytes = DER.sequence(DER.sequence(algorithm) + DER.value(3, [0] + key))
        let made = bytes.withUnsafeBufferPointer { buffer in
            var next = buffer.baseAddress
            return apus_d2i_PUBKEY(nil, &next, buffer.count)
        }
        guard let made else { throw .broken("a key cannot be used: \(OpenSSL.text(OpenSSL.takeError()))") }
        pointer = made
    }

    /// Whether `signature` is a signature of the message by this key; false if the scheme is not for this kind of key.
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
        // The context owns the parameters.
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

/// An elliptic curve of ECDSA keys.
package enum EllipticCurve: String, Sendable, CaseIterable {
    case p256 = "P-256"
    case p384 = "P-384"

    /// The number of bytes of each coordinate of a point.
    package var byteCount: Int { self == .p256 ? 32 : 48 }

    /// The content of the curve's object identifier (RFC 5480 §2.1.1.1).
    fileprivate var identifier: [UInt8] {
        self == .p256 ? [0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7] : [0x2B, 0x81, 4, 0, 0x22]
    }
}

/// The algorithm of a signature (RFC 7518 §3).
package enum SignatureScheme: Sendable, Equatable {
    /// A digest of the SHA-2 family; the raw value is its number of bits.
    package enum Digest: Int, Sendable {
        case sha256 = 256
        case sha384 = 384
        case sha512 = 512
    }

    /// RSASSA-PKCS1-v1_5.
    case rsa(Digest)
    /// RSASSA-PSS with a salt as long as the digest.
    case rsaPSS(Digest)
    /// ECDSA; the signature consists of its two numbers, one after the other, each as long as a coordinate.
    case ecdsa(EllipticCurve, Digest)
    case ed25519

    /// OpenSSL's name of the digest; nil for a scheme with a fixed digest.
    fileprivate var digest: String? {
        switch self {
        case .rsa(let digest), .rsaPSS(let digest), .ecdsa(_, let digest): "SHA\(digest.rawValue)"
        case .ed25519: nil
        }
    }
}

/// Encodes the parts of keys and signatures in DER (ITU-T X.690).
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

    /// Encodes an unsigned number, given with the most significant byte first.
    static func integer(_ bytes: [UInt8]) -> [UInt8] {
        let digits = withoutZeros(bytes)
        // If the first bit were 1, the number would be negative.
        let needsZero = digits.first.map { $0 & 0x80 != 0 } ?? true
        return value(2, (needsZero ? [0] : []) + digits)
    }

    static func withoutZeros(_ bytes: [UInt8]) -> [UInt8] { Array(bytes.drop { $0 == 0 }) }
}
