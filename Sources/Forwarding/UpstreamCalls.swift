package import ArtifactStore
package import HTTPWire
internal import JSON

/// Calls of the server that is forwarded to; may be used by several threads.
package protocol UpstreamCalls: Sendable {
    /// The server's address without name and password, for a person and for the journal.
    var address: String { get }

    /// Makes a call once and returns the answer of any status but those that `UpstreamFailure` stands for.
    ///
    /// - Parameters:
    ///   - path: behind the address, with its query, percent-encoded.
    ///   - limit: how long it may take altogether; nil for the usual time.
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
    /// Records of `import`, one in each line.
    case records([UInt8])
    case bytes([UInt8])
    /// An artifact, which is sent no faster than the operator allows.
    case file(OpenArtifact)
}

/// An answer of status 200 to 299.
package struct UpstreamAnswer: Sendable {
    package let body: [UInt8]

    package init(body: [UInt8]) {
        self.body = body
    }

    /// Whether it may be an answer of the API, and not the page of a login or of a proxy.
    var isOfAPI: Bool {
        guard let first = body.first(where: { !" \t\r\n".utf8.contains($0) }) else { return true }
        return first == UInt8(ascii: "{")
    }

    /// The document of the answer.
    func json() throws(UpstreamFailure) -> JSONValue {
        do {
            var limits = JSONLimits()
            limits.valueCount = 4_000_000
            return try JSONDocument(parsing: body, limits: limits).root
        } catch {
            throw UpstreamFailure(.broken, "its answer is no JSON: \(error)")
        }
    }
}

/// Why something was not taken.
package struct UpstreamFailure: Error, Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// It was certainly not carried out: nothing listens, or there is no connection.
        case unreachable
        /// It may have been carried out: the answer did not come.
        case unclear
        /// The name, password or token is refused.
        case credentials
        /// The server asks to come again, and has not carried it out.
        case busy
        /// The server failed, and may have carried it out.
        case broken
        /// The server refuses this very thing; it would refuse it again.
        case refused
        /// There is no such thing there.
        case missing
        /// This server does not offer the call.
        case unsupported
        /// The database here does not take what was sent, or cannot be read.
        case journal
    }

    package var kind: Kind
    /// For a person, without a full stop.
    package var message: String
    /// The server's error code, such as RESOURCE_ALREADY_EXISTS; empty without one.
    package var code = ""
    /// What the server itself asks for.
    package var pause: Duration?
    /// Whether the server has answered another call after it, so that other things can be sent.
    package var isServerAnswering = false
    /// Whether the body was too long for the server, or for a proxy before it.
    package var isAboutLength = false

    package init(_ kind: Kind, _ message: String, code: String = "", pause: Duration? = nil) {
        self.kind = kind
        self.message = message
        self.code = code
        self.pause = pause
    }

    /// An answer that is none to the call that was made.
    static func strange(_ message: String) -> UpstreamFailure {
        var failure = UpstreamFailure(.broken, message)
        failure.isServerAnswering = true
        return failure
    }

    /// Whether the call may have been carried out, or will be yet.
    var mayBeDone: Bool { kind == .unclear || kind == .broken }

    /// Whether the server refuses the one thing that was sent, and would refuse it again.
    var isAboutThing: Bool {
        switch kind {
        case .refused, .missing, .unsupported: true
        case .unreachable, .unclear, .credentials, .busy, .broken, .journal: false
        }
    }

    /// Whether nothing can be sent now.
    ///
    /// If it is neither this nor about the thing, the thing is tried again later, and others are sent meanwhile.
    var isAboutServer: Bool { !isAboutThing && !isServerAnswering }
}

extension UpstreamFailure {
    /// What a status says; nil for success.
    package init?(status: Int, code: String, message: String, pause: Duration?) {
        let kind: Kind
        // A quota that waiting does not change.
        let isQuota =
            pause == nil && ["RESOURCE_EXHAUSTED", "RESOURCE_LIMIT_EXCEEDED", "QUOTA_EXCEEDED"].contains(code)
        switch status {
        case 200..<300: return nil
        // The client follows none: something before the server sends calls elsewhere, for instance to a login.
        case 300..<400: kind = .broken
        case _ where isQuota: kind = .refused
        case 401, 403, 407: kind = .credentials
        case 404: kind = code.isEmpty || code == "ENDPOINT_NOT_FOUND" ? .unsupported : .missing
        case 405, 501: kind = .unsupported
        case 429: kind = .busy
        // A 503 may come after the commit.
        case 408, 500...: kind = .broken
        // The servers send everything to each other in a circle.
        case _ where code == ForwardTrail.errorCode: kind = .unreachable
        default: kind = code == "REQUEST_LIMIT_EXCEEDED" ? .busy : .refused
        }
        self.init(
            kind,
            "it answers \(status)\(message.isEmpty ? "" : ": \(message)")",
            code: code,
            pause: pause
        )
        isAboutLength = status == 413
    }
}
