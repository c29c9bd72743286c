internal import Coding
internal import Hashing

/// A secret that identifies the client that sends it: 256 random bits after a prefix by which scanners for secrets find it.
package struct AccessKey: Sendable {
    package static let prefix = "apus_"
    private static let randomByteCount = 32

    package let text: String

    /// Creates a random key with the system's random number generator.
    package init() {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<Self.randomByteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        text = Self.prefix + Base64.encode(bytes, .urlSafe)
    }

    /// The hash of the text; only the hash is stored.
    ///
    /// A slow hash would not protect the key better, because nobody can find 256 random bits by trying.
    package var hash: [UInt8] { SHA256.digest(of: Array(text.utf8)) }
}
