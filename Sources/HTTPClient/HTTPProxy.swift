internal import Coding
internal import Glibc
internal import HTTPWire

/// The proxy through which a server is reached.
package struct HTTPProxy: Sendable {
    let host: String
    let port: Int
    /// The value of the field Proxy-Authorization; nil without name and password.
    let authorization: String?
    /// The name of the environment variable with the proxy.
    let variable: String

    /// The proxy and the variable, without name and password, for messages.
    var nameForMessages: String { "the proxy \(HTTPOrigin(host: host, port: port).authority) of \(variable)" }

    /// The proxy in the environment variables for an origin; nil for a direct connection.
    ///
    /// Reads the same variables as MLflow's Python client: `http_proxy` or `https_proxy` by the scheme, then
    /// `all_proxy`, each also in upper case, unless `no_proxy` contains the host. Ignores `HTTP_PROXY` in a CGI script,
    /// whose clients can set this variable with a header field.
    ///
    /// - Parameter variable: returns the value of an environment variable; nil for an empty or missing one.
    package static func proxy(
        for origin: HTTPOrigin,
        _ variable: (String) -> String?
    ) throws(ClientSettingFault) -> HTTPProxy? {
        let bypassed = NoProxyList(variable("no_proxy") ?? variable("NO_PROXY") ?? "")
        guard !bypassed.contains(origin) else { return nil }
        let isScript = variable("REQUEST_METHOD") != nil
        for name in ["\(origin.scheme)_proxy", "all_proxy"] {
            for form in [name, name.uppercased()] where !(isScript && form == "HTTP_PROXY") {
                if let text = variable(form) { return try HTTPProxy(text, variable: form) }
            }
        }
        return nil
    }

    private init(_ text: String, variable: String) throws(ClientSettingFault) {
        let fault = ClientSettingFault(
            detail: "\(variable) is not the address of a proxy that can be used",
            advice: "Write http://HOST:PORT or http://NAME:PASSWORD@HOST:PORT, or add the server's host to NO_PROXY."
        )
        var rest = text[...]
        if let separator = text.firstRange(of: "://") {
            guard text[..<separator.lowerBound].lowercased() == "http" else { throw fault }
            rest = text[separator.upperBound...]
        }
        rest = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if let at = rest.lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let decoded = parts.map { PercentCoding.decode($0) ?? String($0) }
            let pair = "\(decoded[0]):\(decoded.count > 1 ? decoded[1] : "")"
            authorization = "Basic \(Base64.encode(Array(pair.utf8), .standard))"
            rest = rest[rest.index(after: at)...]
        } else {
            authorization = nil
        }
        guard let address = HostAndPort(rest, defaultPort: 80) else { throw fault }
        host = address.host
        port = address.port
        self.variable = variable
    }
}

/// The host and the port in a URL.
struct HostAndPort {
    /// The host without brackets.
    let host: String
    let port: Int

    /// - Parameter defaultPort: the port if the text has none.
    init?(_ text: some StringProtocol, defaultPort: Int) {
        let isBracketed = text.hasPrefix("[")
        let rest: Substring
        if isBracketed {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = String(text[..<end].dropFirst())
            rest = Substring(text[text.index(after: end)...])
        } else {
            let end = text.firstIndex(of: ":") ?? text.endIndex
            host = String(text[..<end])
            rest = Substring(text[end...])
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "/") }) else {
            return nil
        }
        if rest.isEmpty || rest == ":" {
            port = defaultPort
        } else {
            guard rest.hasPrefix(":"), let number = UInt16(rest.dropFirst()), number > 0 else { return nil }
            port = Int(number)
        }
    }
}

/// The hosts in `no_proxy`, which are reached without a proxy.
struct NoProxyList {
    private let entries: [String]

    /// - Parameter text: host names, domains, addresses and IPv4 networks, separated by commas; `*` for all hosts.
    init(_ text: String) {
        entries = text.split(separator: ",").map { $0.filter { $0 != " " }.lowercased() }.filter { !$0.isEmpty }
    }

    func contains(_ origin: HTTPOrigin) -> Bool {
        let host = origin.host.lowercased()
        if entries == ["*"] { return true }
        if let address = Self.number(host) {
            return entries.contains {
                $0 == host || $0 == "\(host):\(origin.port)" || Self.network($0, contains: address)
            }
        }
        return entries.contains { entry in
            let name = entry.drop { $0 == "." }
            return [host, "\(host):\(origin.port)"].contains { $0 == name || $0.hasSuffix(".\(name)") }
        }
    }

    private static func network(_ text: String, contains address: UInt32) -> Bool {
        let parts = text.split(separator: "/")
        guard parts.count == 2, let base = number(String(parts[0])), let bits = UInt32(parts[1]),
            (1...32).contains(bits)
        else { return false }
        let mask = UInt32.max << (32 - bits)
        return base & mask == address & mask
    }

    /// The number for a dotted IPv4 address; nil for other texts.
    private static func number(_ text: String) -> UInt32? {
        var address = in_addr()
        guard inet_pton(AF_INET, text, &address) == 1 else { return nil }
        return UInt32(bigEndian: address.s_addr)
    }
}
