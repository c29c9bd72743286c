internal import Coding

/// What a token has proven: who its holder is, by the word of its issuer.
package struct ProvenToken: Sendable, Equatable {
    /// The issuer's address.
    package let issuer: String
    /// The user's name, behind the issuer's prefix.
    package let name: String
    package let groups: [String]
    /// When it ends, in Unix milliseconds.
    package let expirationTime: Int64

    /// The most groups that are read of one token.
    package static let groupLimit = 1_000
}

/// What a token must say to be taken (RFC 7519 §4.1, OpenID Connect Core §3.1.3.7).
struct TokenRules: Sendable {
    let settings: IssuerSettings
    let audiences: [String]

    /// How far the clocks of the issuer and of this machine may differ, in seconds.
    static let leeway = 60.0

    /// Reads what a token proves, if its signature is right.
    ///
    /// - Parameter now: in Unix seconds.
    func proof(of claims: Claims, at now: Double) throws(TokenFault) -> ProvenToken {
        guard let issuer = claims.text("iss"), issuer.utf8.elementsEqual(settings.issuer.utf8) else {
            throw .refused("The token is of another issuer.")
        }
        guard let meant = claims.texts("aud"), meant.contains(where: isAudience) else {
            let given = claims.texts("aud")?.prefix(3).map { "'\($0.printable(limit: 100))'" }.joined(separator: ", ")
            throw .refused("The token is for \(given ?? "nobody") (aud), and not for this server.")
        }
        // It would only count together with a proof of the key that it names (RFC 7800 §3).
        guard !claims.has("cnf") else { throw .refused("The token is bound to a key (cnf), and is no bearer token.") }
        let end = try times(claims, now)
        for wanted in settings.requiredClaims where !claims.isEqual(wanted.name, to: wanted.value) {
            throw .refused("The claim '\(wanted.name)' of the token is not the one that this server demands.")
        }
        return ProvenToken(
            issuer: settings.issuer,
            name: try name(claims),
            groups: try groups(claims),
            expirationTime: Int64(min(end, 253_402_300_799) * 1_000)
        )
    }

    private func isAudience(_ text: String) -> Bool {
        audiences.contains { $0.utf8.elementsEqual(text.utf8) }
    }

    /// Returns when the token ends, if it is valid now.
    private func times(_ claims: Claims, _ now: Double) throws(TokenFault) -> Double {
        guard let end = claims.time("exp") else { throw .refused("The token has no end (exp).") }
        guard now < end + Self.leeway, end > 0 else { throw .refused("The token has expired.") }
        for (name, phrase) in [("nbf", "is not valid yet"), ("iat", "was issued in the future")] where claims.has(name)
        {
            guard let begin = claims.time(name), begin - Self.leeway <= now else {
                throw .refused("The token \(phrase) (\(name)); or the clock of this server is wrong.")
            }
        }
        return end
    }

    private func name(_ claims: Claims) throws(TokenFault) -> String {
        let claim = settings.userClaim
        guard let name = claims.text(claim), !name.isEmpty else {
            throw .refused("The token names no user: it has no text in the claim '\(claim)'.")
        }
        guard claim != "email" || !claims.denies("email_verified") else {
            throw .refused("The issuer has not verified the address in the claim 'email' of the token.")
        }
        return settings.userPrefix + name
    }

    private func groups(_ claims: Claims) throws(TokenFault) -> [String] {
        guard let claim = settings.groupsClaim, claims.has(claim) else { return [] }
        guard let groups = claims.texts(claim), groups.count <= ProvenToken.groupLimit else {
            throw .refused(
                "The claim '\(claim)' of the token is no list of at most \(ProvenToken.groupLimit) names of groups."
            )
        }
        return groups
    }
}
