package import HTTPClient

/// An issuer of tokens that the operator trusts, and how its tokens are checked and read.
package struct IssuerSettings: Sendable {
    /// The client under which this server is registered with the issuer, for log-ins.
    package struct Client: Sendable {
        package var id: String
        /// The client's secret; nil for a public client, which uses only PKCE.
        package var secret: String?
        /// The requested scopes, which must include `openid`.
        package var scope = "openid profile email"

        package init(id: String) { self.id = id }
    }

    /// The address of the issuer, exactly as its tokens have it in `iss`.
    package let issuer: String
    /// The name of the issuer for users.
    package var title: String
    /// The accepted audiences: a token must have at least one of them in `aud`.
    package var audiences: [String] = []
    /// The claim that names the user.
    package var userClaim = "sub"
    /// The prefix of the names of this issuer's users, so that they differ from the names of other users.
    package var userPrefix = ""
    /// The claim that lists the user's groups; nil if groups are not used.
    package var groupsClaim: String?
    /// The claims that a token must have, with their values.
    package var requiredClaims: [(name: String, value: String)] = []
    /// The client for log-ins to the pages; nil if this issuer is not used for log-ins.
    package var client: Client?
    /// The origins that the issuer's keys and endpoints may have besides the issuer's own origin.
    package var endpointOrigins: [HTTPOrigin] = []

    let url: HTTPURL

    /// Makes settings for an issuer; nil if the address is neither https nor http on this machine, or has a query or fragment.
    package init?(issuer: String) {
        guard let url = IssuerURL.parse(issuer), !issuer.contains("?"), !issuer.contains("#") else { return nil }
        self.issuer = issuer
        self.url = url
        title = url.origin.host
    }
}

/// Parses addresses of issuers.
package enum IssuerURL {
    /// Parses an https address, or an http address of this machine; nil for other addresses, and for addresses with a
    /// user name or password.
    package static func parse(_ text: String) -> HTTPURL? {
        guard text.utf8.count <= 2_000, let url = HTTPURL(text), !url.origin.host.contains("@"),
            url.origin.isSecure || isLoopback(url.origin.host)
        else { return nil }
        return url
    }

    private static func isLoopback(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        let isFourNumbers = parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
        return host == "localhost" || host == "::1" || (isFourNumbers && parts[0] == "127")
    }
}
