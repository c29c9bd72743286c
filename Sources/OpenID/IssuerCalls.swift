internal import HTTPClient
internal import HTTPWire
package import TLS

/// Calls the issuer's addresses: those alone that the operator has named, or that are at an origin that the operator has named.
package struct IssuerCalls: Sendable {
    /// How long one call may take altogether.
    private static let longestCall = Duration.seconds(10)
    /// The longest answer that is read; sets of keys have a few thousand bytes.
    private static let maximumBytes = 256 * 1_024

    private let agent: String
    private let trust: TLSTrust
    private let variable: @Sendable (String) -> String?

    /// - Parameters:
    ///   - agent: the field User-Agent.
    ///   - trust: whose certificates are trusted.
    ///   - variable: looks a variable of the environment up, for proxies; nil for an empty one.
    package init(agent: String, trust: TLSTrust, _ variable: @escaping @Sendable (String) -> String?) {
        self.agent = agent
        self.trust = trust
        self.variable = variable
    }

    /// The body of the answer to a GET.
    func get(_ url: HTTPURL) throws(IssuerFailure) -> [UInt8] {
        let (status, body) = try send(.get, url, [("Accept", "application/json")], nil)
        guard status == 200 else { throw IssuerFailure("answers \(status)") }
        return body
    }

    /// The answer to a form.
    func post(
        _ url: HTTPURL,
        _ form: String,
        _ fields: [(name: String, value: String)]
    ) throws(IssuerFailure) -> (status: Int, body: [UInt8]) {
        let kind = [
            (name: "Accept", value: "application/json"),
            (name: "Content-Type", value: "application/x-www-form-urlencoded"),
        ]
        return try send(.post, url, kind + fields, Array(form.utf8))
    }

    private func send(
        _ method: HTTPMethod,
        _ url: HTTPURL,
        _ fields: [(name: String, value: String)],
        _ body: [UInt8]?
    ) throws(IssuerFailure) -> (status: Int, body: [UInt8]) {
        let proxy: HTTPProxy?
        do throws(ClientSettingFault) {
            proxy = try HTTPProxy.proxy(for: url.origin, variable)
        } catch {
            throw IssuerFailure("cannot be called: \(error.detail)")
        }
        do throws(CallFailure) {
            // A client of its own for each call: there are few, and no connection is kept open between them.
            let client = HTTPClient(url.origin, proxy: proxy, trust: trust)
            let reply = try client.send(
                method,
                url.target,
                fields: [("Host", url.origin.hostField), ("User-Agent", agent)] + fields,
                body: body,
                maximumBytes: Self.maximumBytes,
                by: Deadline(after: Self.longestCall)
            )
            return (reply.status, reply.body)
        } catch {
            throw IssuerFailure("cannot be read: \(error.phrase)")
        }
    }
}
