internal import COpenSSL
internal import Coding
internal import Hashing

/// The stored form of a password: a random salt, and the PBKDF2-HMAC-SHA256 hash (RFC 8018 §5.2) that OpenSSL computes with it.
///
/// The text is `pbkdf2:sha256:rounds$salt$hash`, which Werkzeug, and thereby MLflow's own server, writes too.
package enum PasswordHash {
    /// OpenSSL cannot be used.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// The number of rounds that OWASP recommends for this function; a check takes about a tenth of a second.
    package static let defaultRounds: Int32 = 600_000
    private static let maximumRounds: Int32 = 10_000_000
    private static let saltByteCount = 16

    /// Loads OpenSSL, so that the server reports a missing library when it starts and not at the first log-in.
    package static func prepare() throws(Failure) {
        if let reason = apus_load_openssl() {
            throw Failure(
                description:
                    "Passwords need OpenSSL 3, and it cannot be loaded: \(String(cString: reason)). Install it (on Debian: "
                    + "libssl3), or use tokens alone with --require-token."
            )
        }
    }

    /// Returns the stored form of a password, with a new salt; blocks for about a tenth of a second of processor time.
    ///
    /// - Parameter rounds: the number of rounds: the more, the longer an attacker who has the hash needs for each guess.
    package static func make(_ password: String, rounds: Int32 = defaultRounds) throws(Failure) -> String {
        var generator = SystemRandomNumberGenerator()
        let salt = Hexadecimal.text((0..<saltByteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
        return "pbkdf2:sha256:\(rounds)$\(salt)$" + Hexadecimal.text(try hash(password, salt, rounds))
    }

    /// Whether a password matches the stored hash.
    ///
    /// Blocks as long as `make`, even if `stored` is nil, so that the time does not reveal whether a user exists.
    package static func isStored(_ password: String, as stored: String?) throws(Failure) -> Bool {
        guard let stored, let parts = Parts(stored) else {
            _ = try hash(password, "0", defaultRounds)
            return false
        }
        return ConstantTime.areEqual(try hash(password, parts.salt, parts.rounds), parts.hash)
    }

    /// Whether passwords can be checked against a hash that another program has stored.
    package static func canCheck(_ stored: String) -> Bool { Parts(stored) != nil }

    private struct Parts {
        let rounds: Int32
        let salt: String
        let hash: [UInt8]

        init?(_ text: String) {
            let parts = text.split(separator: "$", omittingEmptySubsequences: false)
            let method = parts.first?.split(separator: ":") ?? []
            guard parts.count == 3, method.count == 3, method[0] == "pbkdf2", method[1] == "sha256",
                let rounds = Int32(method[2]), (1...PasswordHash.maximumRounds).contains(rounds),
                let hash = Hexadecimal.bytes(String(parts[2])), hash.count == SHA256.digestBytes
            else { return nil }
            self.rounds = rounds
            salt = String(parts[1])
            self.hash = hash
        }
    }

    private static func hash(_ password: String, _ salt: String, _ rounds: Int32) throws(Failure) -> [UInt8] {
        try prepare()
        let (text, salt) = (Array(password.utf8), Array(salt.utf8))
        var result = [UInt8](repeating: 0, count: SHA256.digestBytes)
        let isDone = text.withUnsafeBytes { bytes in
            apus_PKCS5_PBKDF2_HMAC(
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                Int32(clamping: text.count),
                salt,
                Int32(clamping: salt.count),
                rounds,
                apus_EVP_sha256(),
                Int32(result.count),
                &result
            )
        }
        guard isDone == 1 else { throw Failure(description: "OpenSSL did not compute the hash of a password.") }
        return result
    }
}
