/// The request line: `method SP target SP HTTP/1.x` (RFC 9112 §3).
struct RequestLine {
    let method: HTTPMethod
    let target: Range<Int32>
    let path: Range<Int32>
    /// The bytes after `?`; nil if the target has no `?`.
    let query: Range<Int32>?
    /// The authority of an absolute target, which replaces Host (RFC 9112 §3.2.2); nil for other targets.
    let authority: Range<Int32>?
    let isHTTP11: Bool

    init(_ bytes: UnsafeRawBufferPointer, line: Range<Int32>, limits: HTTPLimits) throws(HTTPRefusal) {
        let start = Int(line.lowerBound)
        let end = Int(line.upperBound)
        guard let firstSpace = Self.index(of: 0x20, in: bytes, start..<end),
            let secondSpace = Self.index(of: 0x20, in: bytes, firstSpace + 1..<end)
        else { throw HTTPRefusal(400, "The request line is not of the form 'method target version'") }
        isHTTP11 = try Self.isHTTP11(bytes, secondSpace + 1..<end)
        let target = firstSpace + 1..<secondSpace
        guard target.count <= limits.targetBytes else {
            throw HTTPRefusal(414, "The request target is longer than \(limits.targetBytes) bytes")
        }
        method = try Self.method(UnsafeRawBufferPointer(rebasing: bytes[start..<firstSpace]))
        for index in target where bytes[index] <= 0x20 || bytes[index] >= 0x7F || bytes[index] == UInt8(ascii: "#") {
            throw HTTPRefusal(400, "The request target contains a character that must be percent-encoded")
        }
        self.target = Self.narrow(target)
        let parts = try Self.split(bytes, target, method)
        path = parts.path
        query = parts.query
        authority = parts.authority
    }

    private static func method(_ bytes: UnsafeRawBufferPointer) throws(HTTPRefusal) -> HTTPMethod {
        if let method = HTTPMethod(bytes) { return method }
        let isToken = !bytes.isEmpty && bytes.allSatisfy(ASCII.isToken)
        throw isToken
            ? HTTPRefusal(501, "The method is not supported") : HTTPRefusal(400, "The method is not a token")
    }

    /// Parses the version: true for HTTP/1.1 and later minor versions, false for HTTP/1.0.
    private static func isHTTP11(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws(HTTPRefusal) -> Bool {
        let text = UnsafeRawBufferPointer(rebasing: bytes[range])
        guard text.count == 8, text.starts(with: "HTTP/".utf8), text[6] == UInt8(ascii: "."),
            text[5] >= 0x30, text[5] <= 0x39, text[7] >= 0x30, text[7] <= 0x39
        else { throw HTTPRefusal(400, "The protocol version cannot be read") }
        // HTTP/2 is refused here too: a connection begins with "PRI * HTTP/2.0" (RFC 9113 §3.4).
        guard text[5] == UInt8(ascii: "1") else { throw HTTPRefusal(505, "Only HTTP/1.1 and HTTP/1.0 are supported") }
        return text[7] != UInt8(ascii: "0")
    }

    private typealias Parts = (path: Range<Int32>, query: Range<Int32>?, authority: Range<Int32>?)

    /// Splits a target in origin form, absolute form or asterisk form into its parts (RFC 9112 §3.2).
    private static func split(
        _ bytes: UnsafeRawBufferPointer,
        _ target: Range<Int>,
        _ method: HTTPMethod
    ) throws(HTTPRefusal) -> Parts {
        guard let first = target.first else { throw HTTPRefusal(400, "The request target is empty") }
        if bytes[first] == UInt8(ascii: "/") {
            let parts = splitQuery(bytes, target)
            return (parts.path, parts.query, nil)
        }
        if method == .options, target.count == 1, bytes[first] == UInt8(ascii: "*") {
            return (narrow(target), nil, nil)
        }
        let text = UnsafeRawBufferPointer(rebasing: bytes[target])
        for scheme in ["http://", "https://"] {
            guard text.count > scheme.utf8.count,
                ASCII.equalsLowercased(UnsafeRawBufferPointer(rebasing: text[..<scheme.utf8.count]), scheme)
            else { continue }
            let authorityStart = first + scheme.utf8.count
            var authorityEnd = authorityStart
            while authorityEnd < target.upperBound, bytes[authorityEnd] != UInt8(ascii: "/"),
                bytes[authorityEnd] != UInt8(ascii: "?")
            {
                authorityEnd += 1
            }
            let parts = splitQuery(bytes, authorityEnd..<target.upperBound)
            return (parts.path, parts.query, narrow(authorityStart..<authorityEnd))
        }
        throw HTTPRefusal(400, "The request target must begin with '/'")
    }

    private static func splitQuery(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>
    ) -> (path: Range<Int32>, query: Range<Int32>?) {
        guard let question = index(of: UInt8(ascii: "?"), in: bytes, range) else { return (narrow(range), nil) }
        return (narrow(range.lowerBound..<question), narrow(question + 1..<range.upperBound))
    }

    private static func index(of byte: UInt8, in bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
        guard range.lowerBound < range.upperBound else { return nil }
        return bytes[range].firstIndex(of: byte)
    }

    /// The range in 32 bits, which suffice because `HTTPLimits.headBytes` bounds the head.
    private static func narrow(_ range: Range<Int>) -> Range<Int32> {
        Int32(truncatingIfNeeded: range.lowerBound)..<Int32(truncatingIfNeeded: range.upperBound)
    }
}
