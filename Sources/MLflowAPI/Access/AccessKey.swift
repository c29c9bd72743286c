internal import Coding
internal import Hashing

/// The text that a client sends to show who it is: 256 random bits behind a prefix by which scanners for secrets find it.
package struct AccessKey: Sendable {
    package static let prefix = "apus_"
    private static let randomByteCount = 32

    package let text: String

    /// A new one, from the system's generator of random numbers.
    package init() {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<Self.randomByteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        text = Self.prefix + Base64.encode(bytes, .urlSafe)
    }

    /// What is stored of it.
    ///
    /// The text is random enough that nobody finds it by trying, so that a slow hash would protect nothing.
    package var hash: [UInt8] { SHA256.digest(of: Array(text.utf8)) }
}
