package import ArtifactStore
package import HTTPWire
internal import JSON

/// Makes HTTP calls to the upstream; several threads may use it.
package protocol UpstreamCalls: Sendable {
    /// The server's address without user name and password, for messages and for the journal.
    var address: String { get }

    /// Makes a call once and returns its answer, whose status is 200 to 299.
    ///
    /// - Parameters:
    ///   - path: the path and query that follow the address, percent-encoded.
    ///   - limit: the time limit of the whole call; nil for the usual one.
    /// - Throws: an `UpstreamFailure` for any other status, and for a call without an answer.
    func send(
        _ method: HTTPMethod,
        _ path: String,
        _ body: UpstreamBody,
        within limit: Duration?
    ) throws(UpstreamFailure) -> UpstreamAnswer
}

extension UpstreamCalls {
    func send(_ method: HTTPMethod, _ path: String, _ body: UpstreamBody) throws(UpstreamFailure) -> UpstreamAnswer {
        try send(method, path, body, within: nil)
    }
}

/// The body of a call.
package enum UpstreamBody: Sendable {
    case none
    case json([UInt8])
    /// Records for Apus's call `import`, one in each line.
    case records([UInt8])
    case bytes([UInt8])
    /// An artifact, sent no faster than the rate that the operator allows.
    case file(OpenArtifact)
}

/// An answer of status 200 to 299.
package struct UpstreamAnswer: Sendable {
    package let body: [UInt8]

    package init(body: [UInt8]) { self.body = body }

    /// Whether the body is empty or begins like a JSON object; otherwise it is a log-in page or the page of a proxy.
    var mayBeJSON: Bool {
        guard let first = body.first(where: { !" \t\r\n".utf8.contains($0) }) else { return true }
        return first == UInt8(ascii: "{")
    }

    /// The parsed body.
    func json() throws(UpstreamFailure) -> JSONValue {
        do {
            var limits = JSONLimits()
            limits.valueCount = 4_000_000
            return try JSONDocument(parsing: body, limits: limits).root
        } catch { throw UpstreamFailure(.broken, "its answer is not JSON: \(error)") }
    }
}

/// Why a call to the upstream, or a read or write of the local journal, failed.
package struct UpstreamFailure: Error, Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// The call was certainly not carried out, because no connection could be made.
        case unreachable
        /// The call may have been carried out, but no answer came.
        case unclear
        /// The server refuses the user name, password or token.
        case credentials
        /// The server did not carry out the call and asks to repeat it later.
        case busy
        /// The server failed, and may have carried out the call.
        case broken
        /// The server refuses the item that was sent, and would refuse it again.
        case refused
        /// The server does not have the item that the call names.
        case missing
        /// The server does not offer the call.
        case unsupported
        /// The local database cannot be read or written.
        case journal
    }

    package var kind: Kind
    /// The message for the operator, without a full stop.
    package var message: String
    /// The server's error code, such as RESOURCE_ALREADY_EXISTS; empty if it sent none.
    package var code = ""
    /// The pause that the server asks for, from `Retry-After`; nil if it asks for none.
    package var pause: Duration?
    /// Whether the server answers calls in spite of this failure, so that other items can be sent.
    package var isServerAnswering = false
    /// Whether the body was too long for the server or for a proxy in front of it (status 413).
    package var isAboutLength = false

    package init(_ kind: Kind, _ message: String, code: String = "", pause: Duration? = nil) {
        self.kind = kind
        self.message = message
        self.code = code
        self.pause = pause
    }

    /// A failure for an answer that does not fit the call.
    static func invalidAnswer(_ message: String) -> UpstreamFailure {
        var failure = UpstreamFailure(.broken, message)
        failure.isServerAnswering = true
        return failure
    }

    /// Whether the call may have been carried out, or may still be.
    var mayBeCarriedOut: Bool { kind == .unclear || kind == .broken }

    /// Whether the server refuses only the item that was sent, and would refuse it again.
    var isAboutItem: Bool {
        switch kind {
        case .refused, .missing, .unsupported: true
        case .unreachable, .unclear, .credentials, .busy, .broken, .journal: false
        }
    }

    /// Whether nothing at all can be sent now.
    ///
    /// If neither `isAboutItem` nor `isAboutServer` is true, the item is tried again later, and other items are sent meanwhile.
    var isAboutServer: Bool { !isAboutItem && !isServerAnswering }
}

extension UpstreamFailure {
    /// Makes the failure for an HTTP status; nil for 200 to 299.
    package init?(status: Int, code: String, message: String, pause: Duration?) {
        let kind: Kind
        // Without a pause, these codes name a quota that waiting does not change.
        let isQuota =
            pause == nil && ["RESOURCE_EXHAUSTED", "RESOURCE_LIMIT_EXCEEDED", "QUOTA_EXCEEDED"].contains(code)
        switch status {
        case 200..<300: return nil
        // The client follows no redirects. A proxy in front of the server redirects calls, for instance to a login.
        case 300..<400: kind = .broken
        case _ where isQuota: kind = .refused
        case 401, 403, 407: kind = .credentials
        case 404: kind = code.isEmpty || code == "ENDPOINT_NOT_FOUND" ? .unsupported : .missing
        case 405, 501: kind = .unsupported
        case 429: kind = .busy
        // The server may answer 503 after it has committed the change.
        case 408, 500...: kind = .broken
        // The servers forward to each other in a circle.
        case _ where code == ForwardTrail.errorCode: kind = .unreachable
        default: kind = code == "REQUEST_LIMIT_EXCEEDED" ? .busy : .refused
        }
        self.init(kind, "it answers \(status)\(message.isEmpty ? "" : ": \(message)")", code: code, pause: pause)
        isAboutLength = status == 413
    }
}
