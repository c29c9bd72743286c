internal import HTTPWire
internal import TLS

/// The addresses at which a running server can be reached.
struct ServedAddress {
    /// The URL of the API for programs on this machine, with the static prefix.
    ///
    /// If the server has only Unix sockets, it is `unix:` and the path of the first one.
    let url: String
    /// The addresses that other machines may reach.
    let externalAddresses: [String]

    /// - Parameters:
    ///   - bound: every address that the server listens on; the first one becomes the URL.
    ///   - certifies: returns whether the certificate is valid for a host name; nil for plain http.
    init(_ bound: [(host: String, port: Int)], prefix: String, certifies: ((String) -> Bool)? = nil) {
        let first = bound.first ?? ("127.0.0.1", 0)
        // A client cannot connect to a wildcard address; the loopback address is one of those it includes.
        var host = first.host == "0.0.0.0" ? "127.0.0.1" : first.host == "::" ? "::1" : first.host
        if let certifies, Self.isLoopback(host), !certifies(host), certifies("localhost") { host = "localhost" }
        url = "\(certifies == nil ? "http" : "https")://\(Self.authority(host, first.port))\(prefix)"
        externalAddresses = bound.filter { !Self.isLoopback($0.host) }.map { Self.authority($0.host, $0.port) }
    }

    init(_ addresses: [ListeningAddress], prefix: String, _ certificate: ServedCertificate?) {
        if case .unix(let path) = addresses.first, addresses.allSatisfy({ $0.port == nil }) {
            self.init(url: "unix:\(path)", externalAddresses: [])
            return
        }
        let bound = addresses.compactMap { address -> (host: String, port: Int)? in
            if case .network(let network) = address { (network.host, network.port) } else { nil }
        }
        let context = certificate?.context.current
        self.init(bound, prefix: prefix, certifies: context.map { $0.isFor })
    }

    private init(url: String, externalAddresses: [String]) {
        (self.url, self.externalAddresses) = (url, externalAddresses)
    }

    /// A host and a port in the form of a URL.
    private static func authority(_ host: String, _ port: Int) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "::1" || host.hasPrefix("127.") || host.hasPrefix("::ffff:127.")
    }

    /// A warning that names the addresses that other machines can reach; nil if no warning is needed.
    ///
    /// - Parameters:
    ///   - hostRule: the sentence of `SecuritySettings.hostRule`.
    ///   - requiresToken: whether every request needs a token; the only warning is then that tokens are sent in clear text.
    func warning(hostRule: String, requiresToken: Bool = false) -> String? {
        guard !externalAddresses.isEmpty else { return nil }
        let beginning = "apus: \(externalAddresses.joined(separator: " and ")) can be reached from other machines"
        guard requiresToken else {
            return beginning + ", and there is no login: whoever reaches it can read, change and delete everything "
                + "(--require-token asks for tokens). \(hostRule)"
        }
        guard url.hasPrefix("http:") else { return nil }
        return beginning + " over plain http: whoever can overhear the network learns the tokens. Serve https "
            + "(--ssl-certfile), or put a proxy with https in front of this server."
    }
}
