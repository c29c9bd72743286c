package import HTTPWire

/// Decides which web pages may send requests that change something, and which may read answers (CORS, Fetch standard).
///
/// Pages of the server itself and of this machine are trusted, as in MLflow's server; other pages are trusted only if the
/// operator names their origins. A request that changes something and has no Origin field is accepted, because a browser adds
/// the field to such a request of a page of another site.
package struct OriginPolicy: Sendable {
    private let allowedOrigins: Set<String>
    /// Allowed origins with a `*` in them, in lower case.
    private let patterns: [Glob]
    private let allowsEverything: Bool
    private var isData: @Sendable (HTTPRequest) -> Bool = { _ in false }

    /// - Parameter allowedOrigins: origins such as `https://notebook.example`. A `*` inside an origin, as in
    ///   `https://*.example`, stands for any characters. `*` alone allows all origins, but without credentials.
    package init(allowedOrigins: [String] = []) {
        allowsEverything = allowedOrigins.contains("*")
        self.allowedOrigins = Set(allowedOrigins.compactMap(Self.normalized))
        patterns = allowedOrigins.filter { $0.utf8.contains(UInt8(ascii: "*")) }
            .map { Glob($0.utf8.map(ASCII.lowercased)) }
    }

    /// Returns a policy that also refuses requests that pages of other sites send for data.
    ///
    /// Such a page could not read the answer, but its requests would make the server work.
    /// - Parameter isData: returns whether a request asks for data that only a script can use, unlike an image, which the page
    ///   could show.
    package func refusingCrossSiteReads(_ isData: @escaping @Sendable (HTTPRequest) -> Bool) -> OriginPolicy {
        var copy = self
        copy.isData = isData
        return copy
    }

    /// Whether an entry of the allowed origins is valid; an invalid entry would allow nothing.
    package static func isValidEntry(_ text: String) -> Bool {
        text.utf8.contains(UInt8(ascii: "*")) || parts(text) != nil
    }

    /// Normalizes an origin: lower case, without a default port or a trailing slash; nil when the text is not an origin.
    private static func normalized(_ text: String) -> String? {
        guard let (scheme, host) = parts(text) else { return nil }
        let isDefault = (scheme == "http" && host.port == 80) || (scheme == "https" && host.port == 443)
        return "\(scheme)://\(host.name)" + (isDefault ? "" : host.port.map { ":\($0)" } ?? "")
    }

    private static func parts(_ text: String) -> (scheme: String, host: HostName)? {
        for scheme in ["http", "https"] {
            let prefix = scheme + "://"
            guard text.utf8.count > prefix.utf8.count,
                zip(text.utf8, prefix.utf8).allSatisfy({ ASCII.lowercased($0) == $1 })
            else { continue }
            var rest = String(decoding: text.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
            if rest.hasSuffix("/") { rest.removeLast() }
            return HostName(rest).map { (scheme, $0) }
        }
        return nil
    }

    /// Whether a page of an origin may use this server, which the request names in its Host field.
    ///
    /// The origin `null` is allowed only if all origins are allowed.
    package func allows(origin: String, host: String) -> Bool {
        if allowsEverything { return true }
        guard let (scheme, page) = Self.parts(origin) else { return false }
        if page.isLocal { return true }
        if let own = HostName(host) {
            let defaultPort = scheme == "https" ? 443 : 80
            // If a proxy in front of the server ends TLS, the Host field has no port either, although the page's scheme is https.
            if own.name == page.name, (own.port ?? defaultPort) == (page.port ?? defaultPort) { return true }
        }
        guard let origin = Self.normalized(origin) else { return false }
        return allowedOrigins.contains(origin) || patterns.contains { $0.matches(origin.utf8) }
    }

    /// The refusal of a request from a page whose origin is not allowed; nil if the request is accepted.
    ///
    /// The message names the origin, if there is one, and the option that allows it.
    package func refusal(of request: HTTPRequest) -> HTTPRefusal? {
        let origin = request.header("origin") ?? ""
        if origin.isEmpty { return isCrossSiteRead(request) ? Self.crossSiteReadRefusal : nil }
        guard request.method.changesState || isCrossSiteRead(request) else { return nil }
        if allows(origin: origin, host: request.host) { return nil }
        return HTTPRefusal(
            403,
            "Cross-origin request blocked: origin '\(origin)'. If this page is yours,",
            startArguments: "--cors-allowed-origins \(origin)"
        )
    }

    /// Whether a page of another site asks for data by a script or an element; false if a person followed a link.
    private func isCrossSiteRead(_ request: HTTPRequest) -> Bool {
        guard !allowsEverything, request.header("sec-fetch-site") == "cross-site",
            request.header("sec-fetch-mode") != "navigate"
        else { return false }
        return isData(request)
    }

    private static let crossSiteReadRefusal = HTTPRefusal(
        403,
        "A page of another site cannot read this answer. If the page is yours, let it send its origin (CORS) and",
        startArguments: "--cors-allowed-origins"
    )

    /// The kind of page that a request comes from, by the header fields that the browser sets.
    package enum Sender: Sendable {
        /// A page of this server itself, or the person who typed an address into the browser.
        case own
        /// Another page.
        case foreign
        /// The request has no such header fields; requests of programs have none.
        case unknown
    }

    /// Decides which kind of page a request comes from.
    ///
    /// For requests with credentials that a browser adds to the requests of any page, such as cookies. Other pages of this
    /// machine and pages that `--cors-allowed-origins` names count as `foreign` here.
    ///
    /// - Parameter publicOrigin: the origin of this server in browsers; nil if only the Host field tells it.
    package static func sender(of request: HTTPRequest, publicOrigin: String?) -> Sender {
        switch request.header("sec-fetch-site") {
        case "same-origin", "none": return .own
        case .some: return .foreign
        case nil: break
        }
        guard let origin = request.header("origin"), !origin.isEmpty else { return .unknown }
        guard let page = normalized(origin) else { return .foreign }
        if let publicOrigin, page == normalized(publicOrigin) { return .own }
        // If a proxy in front of the server ends TLS, the page's scheme is https, although the request arrives over http.
        let hosts = ["http", "https"].compactMap { normalized("\($0)://\(request.host)") }
        return hosts.contains(page) ? .own : .foreign
    }

    /// The answer to a preflight request, or nil when the request is not a preflight.
    ///
    /// An origin that is not allowed gets a 400, as from MLflow's server.
    package func preflight(_ request: HTTPRequest) -> HTTPResponse? {
        guard request.method == .options, let origin = request.header("origin"),
            request.header("access-control-request-method") != nil
        else { return nil }
        guard allows(origin: origin, host: request.host) else {
            return HTTPResponse(
                status: 400,
                headers: [("Content-Type", "text/plain; charset=utf-8")],
                body: .bytes([UInt8]("Disallowed CORS origin: see --cors-allowed-origins".utf8))
            )
        }
        var headers: [(name: String, value: String)] = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS"),
            ("Access-Control-Max-Age", "600"),
        ]
        if let wanted = request.header("access-control-request-headers") {
            headers.append(("Access-Control-Allow-Headers", wanted))
        }
        return HTTPResponse(status: 200, headers: headers, body: .bytes([UInt8]("OK".utf8)))
    }

    /// The CORS fields of the answer, which let an allowed page read it; empty if the request has no Origin field.
    ///
    /// For `HTTPServer.Configuration.requestHeaders`, which adds them to preflights too.
    package func responseHeaders(for request: HTTPRequest) -> [(name: String, value: String)] {
        guard let origin = request.header("origin"), !origin.isEmpty else { return [] }
        guard allows(origin: origin, host: request.host) else { return [("Vary", "Origin")] }
        // Credentials and a wildcard exclude each other (Fetch standard, §3.2.5).
        if allowsEverything { return [("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", "*")] }
        return [
            ("Access-Control-Allow-Origin", origin), ("Access-Control-Allow-Credentials", "true"), ("Vary", "Origin"),
        ]
    }
}
