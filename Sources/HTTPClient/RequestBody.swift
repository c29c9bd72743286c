package import Files
package import HTTPWire

/// The source of the bytes of a request's body.
package enum RequestBody {
    case none
    case bytes([UInt8])
    /// The first bytes of a file, which is read piece by piece; its size must not change while it is sent.
    case file(Descriptor, bytes: Int64)
    /// A body that is made in pieces on the caller's thread; sent chunked if `length` is nil.
    case stream(any HTTPBodyProducer, length: Int?)

    var isRepeatable: Bool {
        if case .stream = self { false } else { true }
    }

    /// The framing of the body; nil without a body.
    var framing: BodyFraming? {
        switch self {
        case .none: nil
        case .bytes(let bytes): .length(bytes.count)
        case .file(_, let bytes): .length(Int(bytes))
        case .stream(_, let length): length.map { .length($0) } ?? .chunked
        }
    }
}

/// A request to one origin.
package struct ClientRequest {
    package var method: HTTPMethod
    /// The path and the query, percent-encoded.
    package var target: String
    /// The header fields, including Host, but without Connection and the fields that frame the message.
    package var fields: [(name: String, value: String)]
    package var body = RequestBody.none
    /// Whether redirects within the origin are followed; otherwise an answer that redirects is returned as it is.
    package var followsRedirects = true

    package init(
        _ method: HTTPMethod,
        _ target: String,
        fields: [(name: String, value: String)],
        body: RequestBody = .none
    ) {
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body
    }

    /// Whether the request may be sent again if the server may already have carried it out (RFC 9110 §9.2.2).
    var isRepeatable: Bool { method != .post && method != .patch && body.isRepeatable }
}
