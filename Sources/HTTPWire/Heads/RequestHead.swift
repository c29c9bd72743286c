/// A parsed request head: a copy of its bytes, and the positions of its parts in them.
///
/// `RequestHead` is a class, so that a copy only increments one reference count.
package final class RequestHead: Sendable {
    /// The content coding of the body (RFC 9110 §8.4.1).
    package enum Coding: Sendable, Equatable {
        case identity
        case gzip
        case deflate
        /// An unknown coding, or several codings; accepted only by routes that store a body without decoding it.
        case unsupported
    }

    package let bytes: [UInt8]
    package let fields: [FieldRange]
    package let method: HTTPMethod
    /// The request target as sent, with its query.
    package let target: Range<Int32>
    /// The path, percent-encoded as sent; it is empty for an absolute target without a path, and `*` for `OPTIONS *`.
    package let path: Range<Int32>
    /// The decoded query parameters in the order sent.
    package let query: [(name: String, value: String)]
    /// The authority of an absolute target, or else the value of the Host field; may be empty in HTTP/1.0.
    package let host: String
    package let framing: BodyFraming
    package let coding: Coding
    package let isHTTP11: Bool
    /// Whether the client allows further requests on the connection.
    package let keepsAlive: Bool
    /// Whether the client may wait for status 100 before it sends the body; false if the request has no body.
    package let expectsContinue: Bool
    /// Whether the client accepts gzip, by the weights in its Accept-Encoding field.
    package let acceptsGzip: Bool

    init(
        bytes: [UInt8],
        fields: [FieldRange],
        requestLine: RequestLine,
        summary: FieldSummary,
        query: [(name: String, value: String)]
    ) {
        self.bytes = bytes
        self.fields = fields
        method = requestLine.method
        target = requestLine.target
        path = requestLine.path
        self.query = query
        host = summary.host
        framing = summary.framing
        coding = summary.coding
        isHTTP11 = requestLine.isHTTP11
        keepsAlive = summary.keepsAlive
        expectsContinue = summary.expectsContinue
        acceptsGzip = summary.acceptsGzip
    }

    /// The length of the body in bytes, from Content-Length; nil if the request has no such field.
    package var contentLength: Int? {
        if case .length(let count) = framing { count } else { nil }
    }

    /// The text in a range of the head.
    package func text(_ range: Range<Int32>) -> String {
        bytes.withUnsafeBytes { String(decoding: $0[Int(range.lowerBound)..<Int(range.upperBound)], as: UTF8.self) }
    }

    /// Calls `body` with the bytes in a range of the head; the pointer is valid only until `body` returns.
    @inlinable
    package func withBytes<Result>(_ range: Range<Int32>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes {
            body(UnsafeRawBufferPointer(rebasing: $0[Int(range.lowerBound)..<Int(range.upperBound)]))
        }
    }

    /// The value of the first field with a name, which must be in lower case; nil if there is no such field.
    package func value(of name: String) -> String? {
        for field in fields where isNamed(field, name) { return text(field.value) }
        return nil
    }

    /// The position of the value of the only field with a name, which must be in lower case; nil if there is no such field or
    /// more than one.
    package func rangeOfOnlyValue(of name: String) -> Range<Int32>? {
        var found: Range<Int32>?
        for field in fields where isNamed(field, name) {
            guard found == nil else { return nil }
            found = field.value
        }
        return found
    }

    /// The number of fields with a name, which must be in lower case.
    package func count(of name: String) -> Int { fields.count { isNamed($0, name) } }

    private func isNamed(_ field: FieldRange, _ name: String) -> Bool {
        field.name.count == name.utf8.count && withBytes(field.name) { ASCII.equalsLowercased($0, name) }
    }
}
