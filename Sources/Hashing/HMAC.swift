/// HMAC with SHA-256 (RFC 2104), which proves that the author of a text has the key.
package struct HMAC: Sendable {
    private let inner: SHA256
    private let outer: SHA256

    /// - Parameter key: bytes of any number; 32 random bytes are recommended (RFC 2104 §3).
    package init(key: [UInt8]) {
        var block = key.count > SHA256.blockBytes ? SHA256.digest(of: key) : key
        block += [UInt8](repeating: 0, count: SHA256.blockBytes - block.count)
        var inner = SHA256()
        inner.update(block.map { $0 ^ 0x36 })
        var outer = SHA256()
        outer.update(block.map { $0 ^ 0x5C })
        self.inner = inner
        self.outer = outer
    }

    /// The code of a message: 32 bytes.
    package func authenticationCode(for message: [UInt8]) -> [UInt8] {
        var inner = inner
        inner.update(message)
        var outer = outer
        outer.update(inner.finalize())
        return outer.finalize()
    }

    /// Whether a code belongs to a message; takes the same time wherever the first wrong byte is.
    package func isValid(_ code: [UInt8], for message: [UInt8]) -> Bool {
        ConstantTime.areEqual(code, authenticationCode(for: message))
    }
}
