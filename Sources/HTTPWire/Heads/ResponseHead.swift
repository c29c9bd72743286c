/// The head of a response (RFC 9112 §4).
package struct ResponseHead: Sendable {
    package let status: Int
    /// Whether the version is HTTP/1.1 or a later minor version: the connection then stays open unless a field says otherwise.
    package let isHTTP11: Bool
    /// The header fields in the order sent; names are in lower case.
    package let fields: [(name: String, value: String)]

    /// Whether this is an interim response, after which another head follows for the same request (RFC 9110 §15.2).
    package var isInterim: Bool { (100..<200).contains(status) }

    /// The value of the first field with a name, which must be in lower case; nil if there is no such field.
    package func value(of name: String) -> String? { fields.first { $0.name == name }?.value }

    init(_ bytes: UnsafeRawBufferPointer, lines: [Range<Int32>]) throws(HTTPRefusal) {
        guard let first = lines.first else { throw HTTPRefusal(502, "The status line is missing") }
        let line = UnsafeRawBufferPointer(rebasing: bytes[Int(first.lowerBound)..<Int(first.upperBound)])
        status = try Self.status(line)
        isHTTP11 = line[7] != UInt8(ascii: "0")
        var fields: [(name: String, value: String)] = []
        for line in lines.dropFirst() {
            let field = try FieldRange(bytes, line: line)
            let name = bytes[Int(field.name.lowerBound)..<Int(field.name.upperBound)].map(ASCII.lowercased)
            let value = bytes[Int(field.value.lowerBound)..<Int(field.value.upperBound)]
            fields.append((String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
        }
        self.fields = fields
    }

    /// Parses the status in a line such as `HTTP/1.1 200 OK`; ignores the reason phrase.
    private static func status(_ line: UnsafeRawBufferPointer) throws(HTTPRefusal) -> Int {
        guard line.count >= 12, line.starts(with: "HTTP/1.".utf8), line[8] == 0x20,
            line.count == 12 || line[12] == 0x20,
            let status = ASCII.decimal(UnsafeRawBufferPointer(rebasing: line[9..<12])), status >= 100
        else { throw HTTPRefusal(502, "The status line is not of the form 'HTTP/1.1 status phrase'") }
        return status
    }

    /// How the end of the body is found (RFC 9112 §6.3), if the request's method was neither HEAD nor CONNECT.
    ///
    /// - Throws: 502 for a transfer coding other than chunked, and for lengths that are invalid or contradict each other.
    package var framing: BodyFraming {
        get throws(HTTPRefusal) {
            if isInterim || status == 204 || status == 304 { return .none }
            let codings = fields.filter { $0.name == "transfer-encoding" }
            if let coding = codings.first {
                guard codings.count == 1, coding.value.lowercased() == "chunked" else {
                    throw HTTPRefusal(502, "The transfer coding is not chunked")
                }
                return .chunked
            }
            let lengths = Set(fields.filter { $0.name == "content-length" }.map(\.value))
            guard let length = lengths.first else { return .untilClose }
            guard lengths.count == 1, let count = Array(length.utf8).withUnsafeBytes(ASCII.decimal) else {
                throw HTTPRefusal(502, "Content-Length is not a decimal number of bytes")
            }
            return .length(count)
        }
    }
}

/// Parses response heads from bytes that arrive in pieces of any size.
package struct ResponseHeadParser {
    private let limits: HTTPLimits
    private var scanner = HeadScanner(.response)

    package init(limits: HTTPLimits) { self.limits = limits }

    /// Scans all bytes that have arrived since the head began.
    ///
    /// - Parameter bytes: the bytes of the last call, possibly followed by more.
    /// - Returns: nil until the head is complete; then the head and its length. The parser can then be used for the next head.
    /// - Throws: what is wrong with the head. No further response can then be read from the connection.
    package mutating func parse(
        _ bytes: UnsafeRawBufferPointer
    ) throws(HTTPRefusal) -> (head: ResponseHead, length: Int)? {
        guard let length = try scanner.scan(bytes, limits: limits) else { return nil }
        let lines = scanner.lines
        scanner = HeadScanner(.response)
        return (try ResponseHead(bytes, lines: lines), length)
    }
}
