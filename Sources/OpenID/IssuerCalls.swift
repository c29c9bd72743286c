package import HTTPClient
internal import HTTPWire
package import TLS

/// Sends requests to an issuer; each address is the issuer's own, or has an origin that the operator allows.
package struct IssuerCalls: Sendable {
    /// The time limit of one call.
    private static let maximumDuration = Duration.seconds(10)
    /// The length of the longest answer that is read; a set of keys usually has a few thousand bytes.
    private static let maximumBytes = 256 * 1_024

    /// Sends a request and returns the status and the body of the answer.
    package typealias Sending = @Sendable (HTTPURL, ClientRequest) throws(IssuerFailure) -> (status: Int, body: [UInt8])

    private let send: Sending

    /// - Parameter send: sends each request; the request has no Host and User-Agent fields yet.
    package init(_ send: @escaping Sending) { self.send = send }

    /// - Parameters:
    ///   - agent: the value of the User-Agent field.
    ///   - trust: the certificates that are trusted.
    ///   - variable: returns the value of an environment variable that names a proxy, or nil for an empty one.
    package init(agent: String, trust: TLSTrust, _ variable: @escaping @Sendable (String) -> String?) {
        send = { url, request throws(IssuerFailure) in try Self.send(request, to: url, agent, trust, variable) }
    }

    /// Sends a GET and returns the body of an answer with status 200.
    func get(_ url: HTTPURL) throws(IssuerFailure) -> [UInt8] {
        let (status, body) = try send(url, ClientRequest(.get, url.target, fields: [("Accept", "application/json")]))
        guard status == 200 else { throw IssuerFailure("answers \(status)") }
        return body
    }

    /// Sends a form with POST and returns the answer, whatever its status.
    func post(
        _ url: HTTPURL,
        _ form: String,
        _ fields: [(name: String, value: String)]
    ) throws(IssuerFailure) -> (status: Int, body: [UInt8]) {
        let formFields = [
            (name: "Accept", value: "application/json"),
            (name: "Content-Type", value: "application/x-www-form-urlencoded"),
        ]
        let request = ClientRequest(.post, url.target, fields: formFields + fields, body: .bytes(Array(form.utf8)))
        return try send(url, request)
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
            // Each call has a client of its own, because calls are rare and need no open connection between them.
            let client = HTTPClient(url.origin, proxy: proxy, trust: trust)
            let limits = CallLimits(whole: Deadline(after: maximumDuration))
            let reply = try client.send(request, maximumBytes: maximumBytes, limits)
            return (reply.status, reply.body)
        } catch {
            throw IssuerFailure("cannot be read: \(error.phrase)")
        }
    }
}
