internal import HTTPClient
internal import JSON

/// The configuration that an issuer publishes (OpenID Connect Discovery 1.0 §3).
struct IssuerDocument: Sendable {
    let keysURL: HTTPURL
    /// The address of the issuer's log-in page; nil if the issuer has none, for instance because it serves only machines.
    let authorizationEndpoint: String?
    let tokenEndpoint: HTTPURL?
    /// Whether the client's secret must be sent in the body and not with HTTP Basic.
    let needsSecretInBody: Bool
    /// Whether the issuer's answers to the browser have the parameter `iss` (RFC 9207).
    let answersWithIssuer: Bool

    init(_ bytes: [UInt8], _ settings: IssuerSettings) throws(IssuerFailure) {
        guard let root = try? JSONDocument(parsing: bytes).root, root.kind == .object else {
            throw IssuerFailure("does not answer with a JSON object")
        }
        guard let issuer = root["issuer"]?.string, issuer.utf8.elementsEqual(settings.issuer.utf8) else {
            throw IssuerFailure("names another issuer than the one in the settings, \(settings.issuer)")
        }
        func endpoint(_ name: String) throws(IssuerFailure) -> (text: String, url: HTTPURL)? {
            guard let value = root[name], !value.isNull else { return nil }
            guard let text = value.string, !text.contains("#"), let url = IssuerURL.parse(text) else {
                throw IssuerFailure("names no https address as \(name)")
            }
            guard url.origin == settings.url.origin || settings.endpointOrigins.contains(url.origin) else {
                let origin = "\(url.origin.scheme)://\(url.origin.hostField)"
                throw IssuerFailure("names \(origin) for \(name), which --oidc-endpoint-origins does not allow")
            }
            return (text, url)
        }
        guard let keys = try endpoint("jwks_uri") else { throw IssuerFailure("names no keys (jwks_uri)") }
        keysURL = keys.url
        authorizationEndpoint = try endpoint("authorization_endpoint")?.text
        tokenEndpoint = try endpoint("token_endpoint")?.url
        let methods = root["token_endpoint_auth_methods_supported"]?.elements.compactMap(\.string) ?? []
        needsSecretInBody = methods.contains("client_secret_post") && !methods.contains("client_secret_basic")
        answersWithIssuer = root["authorization_response_iss_parameter_supported"]?.bool ?? false
    }
}
