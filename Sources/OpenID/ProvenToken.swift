internal import Coding

/// The facts of a token whose check succeeded: the user, the user's groups and the expiration time.
package struct ProvenToken: Sendable, Equatable {
    /// The issuer's address.
    package let issuer: String
    /// The user's name, with the issuer's prefix.
    package let name: String
    package let groups: [String]
    /// The expiration time in Unix milliseconds.
    package let expirationTime: Int64

    /// The largest number of groups that a token may have.
    package static let maximumGroups = 1_000
}

/// Checks the claims of a token (RFC 7519 §4.1, OpenID Connect Core §3.1.3.7).
struct TokenRules: Sendable {
    let settings: IssuerSettings
    let audiences: [String]

    /// The largest accepted difference between the clocks of the issuer and this machine.
    static let leewaySeconds = 60.0

    /// Checks the claims and returns the facts of the token; the caller must check the signature.
    ///
    /// - Parameter now: the current time in Unix seconds.
    func check(_ claims: Claims, at now: Double) throws(TokenFault) -> ProvenToken {
        guard let issuer = claims.text("iss"), issuer.utf8.elementsEqual(settings.issuer.utf8) else {
            throw .refused("The token is of another issuer.")
        }
        guard claims.texts("aud")?.contains(where: isAudience) == true else {
            let given = claims.texts("aud")?.prefix(3).map { "'\($0.printable(limit: 100))'" }.joined(separator: ", ")
            throw .refused("The token is for \(given ?? "nobody") (aud), and not for this server.")
        }
        // A token with `cnf` is only valid if the sender proves that it has the named key (RFC 7800 §3).
        guard !claims.has("cnf") else {
            throw .refused("The token is bound to a key (cnf), so it is not a bearer token.")
        }
        let expiration = try checkTimes(of: claims, at: now)
        for claim in settings.requiredClaims where !claims.isEqual(claim.name, to: claim.value) {
            throw .refused("The claim '\(claim.name)' of the token does not have the value that this server requires.")
        }
        return ProvenToken(
            issuer: settings.issuer,
            name: try name(claims),
            groups: try groups(claims),
            expirationTime: Int64(min(expiration, 253_402_300_799) * 1_000)
        )
    }

    private func isAudience(_ text: String) -> Bool { audiences.contains { $0.utf8.elementsEqual(text.utf8) } }

    /// Checks `exp`, `nbf` and `iat`, and returns the expiration time in Unix seconds.
    private func checkTimes(of claims: Claims, at now: Double) throws(TokenFault) -> Double {
        guard let expiration = claims.time("exp") else { throw .refused("The token has no expiration time (exp).") }
        guard now < expiration + Self.leewaySeconds, expiration > 0 else { throw .refused("The token has expired.") }
        for (name, phrase) in [("nbf", "is not valid yet"), ("iat", "was issued in the future")] where claims.has(name)
        {
            guard let start = claims.time(name), start - Self.leewaySeconds <= now else {
                throw .refused("The token \(phrase) (\(name)); or the clock of this server is wrong.")
            }
        }
        return expiration
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
        guard let groups = claims.texts(claim), groups.count <= ProvenToken.maximumGroups else {
            throw .refused(
                "The claim '\(claim)' of the token is not a list of at most \(ProvenToken.maximumGroups) group names."
            )
        }
        return groups
    }
}
