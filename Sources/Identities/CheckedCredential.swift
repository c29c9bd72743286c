/// Stands for a credential without revealing it to a reader of the memory of the process: 128 bits of a keyed hash.
package struct CredentialKey: Hashable, Sendable {
    private let low: UInt64
    private let high: UInt64

    package init(_ hash: (low: UInt64, high: UInt64)) { (low, high) = hash }
}

/// A credential that was checked, and how long the result needs no other check.
package struct CheckedCredential: Sendable {
    package let key: CredentialKey
    /// The version of the users at the check; when users change, the version grows and the result no longer counts.
    package let version: Int
    /// The time from which on the credential must be checked again, in nanoseconds of the coarse monotonic clock.
    package let end: UInt64

    package init(key: CredentialKey, version: Int, end: UInt64) {
        self.key = key
        self.version = version
        self.end = end
    }
}
