import Budgets

/// Turns bytes that arrive in any split into request heads (RFC 9112 §2 to §5).
package struct HeadParser {
    private let limits: HTTPLimits
    private var scanner = HeadScanner()

    package init(limits: HTTPLimits) {
        self.limits = limits
    }

    /// Whether a head has begun to arrive.
    package var hasBegun: Bool { scanner.hasBegun }

    /// Looks at everything that has arrived since the head began; linear in total over all calls.
    ///
    /// - Parameter bytes: what was given last time, possibly with more behind it.
    /// - Returns: nil until the head is complete; then the head and its length. The parser is fresh again then.
    /// - Throws: the refusal to answer with. Nothing that follows on the connection can be trusted.
    mutating func parse(
        _ bytes: UnsafeRawBufferPointer
    ) throws(HTTPRefusal) -> (head: RequestHead, length: Int)? {
        guard let length = try scanner.scan(bytes, limits: limits) else { return nil }
        let lines = scanner.lines
        scanner = HeadScanner()
        let head = UnsafeRawBufferPointer(rebasing: bytes[..<length])
        return (try Self.parse(head, lines: lines, limits: limits), length)
    }

    /// As `parse`, but gives the head as a request without a body.
    package mutating func advance(
        _ bytes: UnsafeRawBufferPointer
    ) throws(HTTPRefusal) -> (request: HTTPRequest, length: Int)? {
        guard let (head, length) = try parse(bytes) else { return nil }
        return (HTTPRequest(head: head, caller: .server, isAloneOnItsThread: false), length)
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
        for line in lines.dropFirst() {
            fields.append(try field(bytes, line))
        }
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

    /// `name ":" OWS value OWS`; folding and space before the colon are refused (RFC 9112 §5.1, §5.2).
    private static func field(
        _ bytes: UnsafeRawBufferPointer,
        _ line: Range<Int32>
    ) throws(HTTPRefusal) -> FieldRange {
        let start = Int(line.lowerBound)
        let end = Int(line.upperBound)
        if bytes[start] == 0x20 || bytes[start] == 0x09 {
            throw HTTPRefusal(400, "A header field is folded over several lines")
        }
        var colon = start
        while colon < end, ASCII.isToken(bytes[colon]) { colon += 1 }
        guard colon > start, colon < end, bytes[colon] == UInt8(ascii: ":") else {
            throw HTTPRefusal(400, "A header field is not of the form 'name: value'")
        }
        var valueStart = colon + 1
        var valueEnd = end
        while valueStart < valueEnd, bytes[valueStart] == 0x20 || bytes[valueStart] == 0x09 { valueStart += 1 }
        while valueEnd > valueStart, bytes[valueEnd - 1] == 0x20 || bytes[valueEnd - 1] == 0x09 { valueEnd -= 1 }
        for index in valueStart..<valueEnd where bytes[index] < 0x20 || bytes[index] == 0x7F {
            if bytes[index] != 0x09 { throw HTTPRefusal(400, "A header field holds a control character") }
        }
        return FieldRange(
            name: line.lowerBound..<Int32(truncatingIfNeeded: colon),
            value: Int32(truncatingIfNeeded: valueStart)..<Int32(truncatingIfNeeded: valueEnd)
        )
    }

    /// A path that cannot be decoded is refused before anything is routed by it.
    private static func checkPath(_ bytes: UnsafeRawBufferPointer, _ path: Range<Int32>) throws(HTTPRefusal) {
        let raw = UnsafeRawBufferPointer(rebasing: bytes[Int(path.lowerBound)..<Int(path.upperBound)])
        guard raw.contains(UInt8(ascii: "%")) else { return }
        // Segment by segment, because that is how parameters are decoded: `%C3/%A9` is two broken halves.
        for segment in raw.split(separator: UInt8(ascii: "/")) where PercentCoding.decode(segment) == nil {
            throw HTTPRefusal(400, "The path is not valid percent-encoded UTF-8")
        }
    }
}

/// `name=value&…` as browsers and the Python client write it (WHATWG URL §5.1), decoded once.
enum QueryParser {
    static func parse(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int32>?,
        limits: HTTPLimits
    ) throws(HTTPRefusal) -> [(name: String, value: String)] {
        guard let range, !range.isEmpty else { return [] }
        let raw = UnsafeRawBufferPointer(rebasing: bytes[Int(range.lowerBound)..<Int(range.upperBound)])
        var result: [(name: String, value: String)] = []
        for part in raw.split(separator: UInt8(ascii: "&")) {
            guard result.count < limits.queryParameterCount else {
                throw HTTPRefusal(400, "The query has more than \(limits.queryParameterCount) parameters")
            }
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            let value = equals == part.endIndex ? part[part.endIndex...] : part[(equals + 1)...]
            guard let name = PercentCoding.decode(part[..<equals], plusIsSpace: true),
                let text = PercentCoding.decode(value, plusIsSpace: true)
            else { throw HTTPRefusal(400, "The query is not valid percent-encoded UTF-8") }
            result.append((name, text))
        }
        return result
    }
}
