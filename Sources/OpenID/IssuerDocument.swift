internal import HTTPClient
internal import JSON

/// What an issuer says about itself (OpenID Connect Discovery 1.0 §3).
struct IssuerDocument: Sendable {
    let keysURL: HTTPURL
    /// Nil where the issuer lets nobody log in, as that of machines does.
    let authorizationEndpoint: String?
    let tokenEndpoint: HTTPURL?
    /// Whether the client shows its secret in the body, and not as Basic.
    let takesSecretInBody: Bool
    /// Whether answers to the browser name the issuer (RFC 9207).
    let namesItself: Bool

    init(_ bytes: [UInt8], _ settings: IssuerSettings) throws(IssuerFailure) {
        guard let root = try? JSONDocument(parsing: bytes).root, root.kind == .object else {
            throw IssuerFailure("answers with no JSON object")
        }
        guard let issuer = root["issuer"]?.string, issuer.utf8.elementsEqual(settings.issuer.utf8) else {
            throw IssuerFailure("speaks for another issuer than the one that is named here, \(settings.issuer)")
        }
        func endpoint(_ name: String) throws(IssuerFailure) -> (text: String, url: HTTPURL)? {
            guard let value = root[name], !value.isNull else { return nil }
            guard let text = value.string, !text.contains("#"), let url = IssuerURL.parse(text) else {
                throw IssuerFailure("names no address of https as \(name)")
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
        takesSecretInBody = methods.contains("client_secret_post") && !methods.contains("client_secret_basic")
        namesItself = root["authorization_response_iss_parameter_supported"]?.bool ?? false
    }
}
