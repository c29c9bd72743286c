internal import Hashing
internal import Synchronization

/// All issuers whom the operator trusts, and the tokens that they have proven.
package final class TokenIssuers: Sendable {
    private struct Known {
        let proof: ProvenToken
        let issuer: Issuer
        let generation: Int
    }

    package let all: [Issuer]
    private let byName: [String: Issuer]
    /// By the hash of the token, so that none is kept.
    private let known = Mutex<[[UInt8]: Known]>([:])

    /// How many proven tokens are remembered.
    private static let capacity = 4_096

    package init(_ issuers: [Issuer]) {
        all = issuers
        byName = Dictionary(issuers.map { ($0.settings.issuer, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether a credential has the form of a token that issuers make.
    package static func areMeant(by credential: [UInt8]) -> Bool { JSONWebToken.isOne(credential) }

    /// What a token proves.
    ///
    /// Returns at once, and checks the signature of a token once: until its end, or a change of the issuer's keys, it is known.
    ///
    /// - Parameter now: in Unix milliseconds.
    package func proof(of text: [UInt8], at now: Int64) throws(TokenFault) -> ProvenToken {
        guard text.count <= JSONWebToken.maximumBytes else {
            throw .refused("The token has \(text.count) bytes, and at most \(JSONWebToken.maximumBytes) are read.")
        }
        let hash = SHA256.digest(of: text)
        if let known = known.withLock({ $0[hash] }), known.proof.expirationTime > now,
            known.generation == known.issuer.generation
        {
            return known.proof
        }
        let token = try JSONWebToken(text)
        guard let name = token.claims.text("iss"), let issuer = byName[name] else {
            throw .refused("The token is of an issuer that this server does not know.")
        }
        let generation = issuer.generation
        let proof = try issuer.proof(of: token, at: Double(now) / 1_000)
        known.withLock { known in
            if known.count >= Self.capacity {
                known = known.filter { $0.value.proof.expirationTime > now }
                if known.count >= Self.capacity { known.removeAll() }
            }
            known[hash] = Known(proof: proof, issuer: issuer, generation: generation)
        }
        return proof
    }
}
