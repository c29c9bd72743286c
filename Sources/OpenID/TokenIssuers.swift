internal import Hashing
internal import Synchronization

/// All issuers that the operator trusts, and a cache of the tokens whose check succeeded.
package final class TokenIssuers: Sendable {
    private struct CheckedToken {
        let proof: ProvenToken
        let issuer: Issuer
        /// `Issuer.generation` before the check; the token is checked again if it has changed since.
        let generation: Int
    }

    package let all: [Issuer]
    private let byAddress: [String: Issuer]
    /// The checked tokens, by their SHA-256, so that no token itself is kept in memory.
    private let checkedTokens = Mutex<[[UInt8]: CheckedToken]>([:])

    /// The largest number of checked tokens that are remembered.
    private static let capacity = 4_096

    package init(_ issuers: [Issuer]) {
        all = issuers
        byAddress = Dictionary(issuers.map { ($0.settings.issuer, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether a credential has the form of a JSON Web Token.
    package static func isToken(_ credential: [UInt8]) -> Bool { JSONWebToken.hasTokenForm(credential) }

    /// Checks a token and returns the user that it names.
    ///
    /// Does not block. A token that was checked successfully is remembered until it expires or the issuer's keys change.
    ///
    /// - Parameter now: the current time in Unix milliseconds.
    /// - Throws: `.refused` for a token that this server does not accept; `.awaitingKeys` while the issuer's keys are being
    ///   fetched; `.keysUnavailable` if they cannot be fetched.
    package func proof(of text: [UInt8], at now: Int64) throws(TokenFault) -> ProvenToken {
        guard text.count <= JSONWebToken.maximumBytes else {
            throw .refused("The token has \(text.count) bytes; at most \(JSONWebToken.maximumBytes) are read.")
        }
        let hash = SHA256.digest(of: text)
        if let checked = checkedTokens.withLock({ $0[hash] }), checked.proof.expirationTime > now,
            checked.generation == checked.issuer.generation
        {
            return checked.proof
        }
        let token = try JSONWebToken(text)
        guard let address = token.claims.text("iss"), let issuer = byAddress[address] else {
            throw .refused("The token is of an issuer that this server does not know.")
        }
        let generation = issuer.generation
        let proof = try issuer.check(token, at: Double(now) / 1_000)
        checkedTokens.withLock { tokens in
            if tokens.count >= Self.capacity {
                tokens = tokens.filter { $0.value.proof.expirationTime > now }
                if tokens.count >= Self.capacity { tokens.removeAll() }
            }
            tokens[hash] = CheckedToken(proof: proof, issuer: issuer, generation: generation)
        }
        return proof
    }
}
