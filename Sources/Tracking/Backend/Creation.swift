package import Budgets
internal import Identities

/// Identifies a request that creates a new entity each time it is carried out.
///
/// A client that loses its connection before it receives the answer sends the request again. The fingerprint shows that
/// the second request is a repetition, so that no second entity is created.
package struct Creation: Sendable {
    /// The maximum size of a body that is fingerprinted, in bytes; this bounds the cost of hashing.
    package static let maximumBodyBytes = 16_384

    let fingerprint: Fingerprint
    let answer: AwaitedAnswer

    /// Returns nil if the body is longer than `maximumBodyBytes`.
    ///
    /// - Parameter kind: what the request creates. It distinguishes equal bodies that are sent to different endpoints.
    package init?(_ kind: String, body: [UInt8], caller: Caller) {
        guard body.count <= Self.maximumBodyBytes else { return nil }
        fingerprint = Fingerprint(kind, body, caller)
        answer = AwaitedAnswer(of: caller)
    }

    /// A 128-bit hash of the kind, the body, and the address and name of the client.
    ///
    /// The hash depends on the process's random seed, so that clients cannot construct a request that has the
    /// fingerprint of another request.
    struct Fingerprint: Hashable, Sendable {
        private let halves: SIMD2<Int>

        init(_ kind: String, _ body: [UInt8], _ caller: Caller) {
            func half(_ number: Int) -> Int {
                var hasher = Hasher()
                hasher.combine(number)
                hasher.combine(kind)
                hasher.combine(caller.peer)
                // The permissions are left out, because the creation itself may have granted the user new ones.
                if let identity = caller.identity {
                    hasher.combine(identity.kind)
                    hasher.combine(identity.userID)
                    for byte in identity.name.utf8 { hasher.combine(byte) }
                }
                unsafe body.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
                return hasher.finalize()
            }
            halves = SIMD2(half(0), half(1))
        }
    }
}
