package import HTTPClient

/// An issuer of tokens whom the operator trusts, and how its tokens are read.
package struct IssuerSettings: Sendable {
    /// What this server is to the issuer when people log in.
    package struct Client: Sendable {
        package var id: String
        /// Nil for a client that is known by PKCE alone.
        package var secret: String?
        /// What is asked for, `openid` among it.
        package var scope = "openid profile email"

        package init(id: String) {
            self.id = id
        }
    }

    /// The address of the issuer, as its tokens have it in `iss`.
    package let issuer: String
    /// What people call it.
    package var title: String
    /// For whom a token must be: it needs one of them in `aud`.
    package var audiences: [String] = []
    /// The claim that names the user.
    package var userClaim = "sub"
    /// What stands in front of that name here, so that it is not taken for one of somebody else.
    package var userPrefix = ""
    /// The claim that lists the groups; nil where there are none.
    package var groupsClaim: String?
    /// Claims that a token must have, with their values.
    package var requiredClaims: [(name: String, value: String)] = []
    /// Nil where nobody logs in to the pages through this issuer.
    package var client: Client?
    /// Where else than at the issuer's own origin its keys and its endpoints may be.
    package var endpointOrigins: [HTTPOrigin] = []

    let url: HTTPURL

    /// Nil for what is no address of https, or of this machine.
    package init?(issuer: String) {
        guard let url = IssuerURL.parse(issuer), !issuer.contains("?"), !issuer.contains("#") else { return nil }
        self.issuer = issuer
        self.url = url
        title = url.origin.host
    }
}

/// Addresses that may be called.
package enum IssuerURL {
    /// Reads an address of https, or one of plain http on this machine; nil for others, and with a name or a password in it.
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
