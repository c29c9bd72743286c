internal import Coding

/// Parses request heads from bytes that arrive in pieces of any size (RFC 9112 §2 to §5).
package struct RequestHeadParser {
    private let limits: HTTPLimits
    private var scanner = HeadScanner(.request)

    package init(limits: HTTPLimits) { self.limits = limits }

    /// Whether the parser has read a part of a head.
    package var hasBegun: Bool { scanner.hasBegun }

    /// Scans all bytes that have arrived since the head began; the cost is linear in total over all calls.
    ///
    /// - Parameter bytes: the bytes of the last call, possibly followed by more.
    /// - Returns: nil until the head is complete; then the head and its length. The parser can then be used for the next head.
    /// - Throws: the refusal to answer with. No further request can then be read from the connection.
    package mutating func parse(
        _ bytes: UnsafeRawBufferPointer
    ) throws(HTTPRefusal) -> (head: RequestHead, length: Int)? {
        guard let length = try scanner.scan(bytes, limits: limits) else { return nil }
        let lines = scanner.lines
        scanner = HeadScanner(.request)
        let head = UnsafeRawBufferPointer(rebasing: bytes[..<length])
        return (try Self.parse(head, lines: lines, limits: limits), length)
    }

    private static func parse(
        _ bytes: UnsafeRawBufferPointer,
        lines: [Range<Int32>],
        limits: HTTPLimits
    ) throws(HTTPRefusal) -> RequestHead {
        guard let first = lines.first else { throw HTTPRefusal(400, "The request line is missing") }
        let requestLine = try RequestLine(bytes, line: first, limits: limits)
        var fields: [FieldRange] = []
        fields.reserveCapacity(lines.count - 1)
        for line in lines.dropFirst() { fields.append(try FieldRange(bytes, line: line)) }
        let summary = try FieldSummary(bytes, fields: fields, requestLine: requestLine)
        try checkPath(bytes, requestLine.path)
        let query = try QueryParser.parse(bytes, requestLine.query, limits: limits)
        return RequestHead(
            bytes: [UInt8](bytes),
            fields: fields,
            requestLine: requestLine,
            summary: summary,
            query: query
        )
    }

    /// Throws 400 for a path whose percent coding is not valid UTF-8.
    private static func checkPath(_ bytes: UnsafeRawBufferPointer, _ path: Range<Int32>) throws(HTTPRefusal) {
        let raw = UnsafeRawBufferPointer(rebasing: bytes[Int(path.lowerBound)..<Int(path.upperBound)])
        guard raw.contains(UInt8(ascii: "%")) else { return }
        // Each segment is checked alone, because the router decodes segments: both segments of `%C3/%A9` are invalid.
        for segment in raw.split(separator: UInt8(ascii: "/"))
        where PercentCoding.decode(UnsafeRawBufferPointer(rebasing: segment)) == nil {
            throw HTTPRefusal(400, "The path is not valid percent-encoded UTF-8")
        }
    }
}
