package import HTTPClient
internal import HTTPWire
package import TLS

/// Calls the issuer's addresses: those alone that the operator has named, or that are at an origin that the operator has named.
package struct IssuerCalls: Sendable {
    /// How long one call may take altogether.
    private static let longestCall = Duration.seconds(10)
    /// The longest answer that is read; sets of keys have a few thousand bytes.
    private static let maximumBytes = 256 * 1_024

    /// Sends a request and returns the status and the body of the answer.
    package typealias Sending = @Sendable (HTTPURL, ClientRequest) throws(IssuerFailure) -> (status: Int, body: [UInt8])

    private let send: Sending

    /// - Parameter send: called for each request, whose fields lack Host and User-Agent.
    package init(_ send: @escaping Sending) {
        self.send = send
    }

    /// - Parameters:
    ///   - agent: the field User-Agent.
    ///   - trust: whose certificates are trusted.
    ///   - variable: looks a variable of the environment up, for proxies; nil for an empty one.
    package init(agent: String, trust: TLSTrust, _ variable: @escaping @Sendable (String) -> String?) {
        send = { url, request throws(IssuerFailure) in try Self.send(request, to: url, agent, trust, variable) }
    }

    /// The body of the answer to a GET.
    func get(_ url: HTTPURL) throws(IssuerFailure) -> [UInt8] {
        let (status, body) = try send(url, ClientRequest(.get, url.target, fields: [("Accept", "application/json")]))
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
        return try send(url, ClientRequest(.post, url.target, fields: kind + fields, body: .bytes(Array(form.utf8))))
    }

    private static func send(
        _ request: ClientRequest,
        to url: HTTPURL,
        _ agent: String,
        _ trust: TLSTrust,
        _ variable: (String) -> String?
    ) throws(IssuerFailure) -> (status: Int, body: [UInt8]) {
        let proxy: HTTPProxy?
        do throws(ClientSettingFault) {
            proxy = try HTTPProxy.proxy(for: url.origin, variable)
        } catch {
            throw IssuerFailure("cannot be called: \(error.detail)")
        }
        var request = request
        request.fields = [("Host", url.origin.hostField), ("User-Agent", agent)] + request.fields
        do throws(CallFailure) {
            // A client of its own for each call: there are few, and no connection is kept open between them.
            let client = HTTPClient(url.origin, proxy: proxy, trust: trust)
            let limits = CallLimits(whole: Deadline(after: longestCall))
            let reply = try client.send(request, maximumBytes: maximumBytes, limits)
            return (reply.status, reply.body)
        } catch {
            throw IssuerFailure("cannot be read: \(error.phrase)")
        }
    }
}
