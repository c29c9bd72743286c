package import Budgets

/// A request that makes something anew each time it is carried out, by what tells it from others.
///
/// A client whose connection breaks before the answer cannot know what became of its request and sends it again; the
/// second must not make a second thing.
package struct Creation: Sendable {
    /// A longer body is not told from others: what is remembered of requests stays small.
    package static let maximumBodyBytes = 16_384

    let fingerprint: Fingerprint
    let answer: AwaitedAnswer

    /// - Parameter kind: what is made; the same body means another thing elsewhere.
    /// - Returns: nil for a body that is too long.
    package init?(_ kind: String, body: [UInt8], caller: Caller) {
        guard body.count <= Self.maximumBodyBytes else { return nil }
        fingerprint = Fingerprint(kind, body, caller.peer)
        answer = AwaitedAnswer(of: caller)
    }

    /// 128 bits, keyed by a number of this process: nobody can aim at another's request.
    struct Fingerprint: Hashable, Sendable {
        private let halves: SIMD2<Int>

        init(_ kind: String, _ body: [UInt8], _ peer: Peer) {
            func half(_ number: Int) -> Int {
                var hasher = Hasher()
                hasher.combine(number)
                hasher.combine(kind)
                hasher.combine(peer)
                body.withUnsafeBytes { hasher.combine(bytes: $0) }
                return hasher.finalize()
            }
            halves = SIMD2(half(0), half(1))
        }
    }
}
