/// The values of the header fields that control the protocol, collected in one pass.
struct FieldSummary {
    private(set) var host = ""
    private(set) var framing = BodyFraming.none
    private(set) var coding = RequestHead.Coding.identity
    private(set) var keepsAlive = false
    private(set) var expectsContinue = false
    private(set) var acceptsGzip = false

    private var hostRange: Range<Int32>?
    private var hasOrigin = false
    private var contentLength: Int?
    private var isChunked = false
    private var closes = false
    private var requestsKeepAlive = false
    private let isHTTP11: Bool

    init(_ bytes: UnsafeRawBufferPointer, fields: [FieldRange], requestLine: RequestLine) throws(HTTPRefusal) {
        isHTTP11 = requestLine.isHTTP11
        for field in fields { try read(field, bytes) }
        try setHost(bytes, authority: requestLine.authority)
        try setFraming()
        keepsAlive = !closes && (isHTTP11 || requestsKeepAlive)
    }

    private mutating func read(_ field: FieldRange, _ bytes: UnsafeRawBufferPointer) throws(HTTPRefusal) {
        let name = Self.slice(bytes, field.name)
        let value = Self.slice(bytes, field.value)
        // Most fields of a request are none of these; comparing the length is the fastest way to skip them.
        switch name.count {
        case 4 where ASCII.equalsLowercased(name, "host"):
            guard hostRange == nil else { throw HTTPRefusal(400, "The request has more than one Host field") }
            hostRange = field.value
        case 6 where ASCII.equalsLowercased(name, "origin"):
            // The server's check of the origin reads only one Origin field.
            guard !hasOrigin else { throw HTTPRefusal(400, "The request has more than one Origin field") }
            hasOrigin = true
        case 6 where ASCII.equalsLowercased(name, "expect"):
            guard ASCII.equalsLowercased(value, "100-continue") else {
                throw HTTPRefusal(417, "Only the expectation 100-continue is supported")
            }
            // A server must not send an interim answer to a client of HTTP/1.0 (RFC 9110 §10.1.1).
            expectsContinue = isHTTP11
        case 10 where ASCII.equalsLowercased(name, "connection"): readConnection(value)
        case 14 where ASCII.equalsLowercased(name, "content-length"): try readContentLength(value)
        case 15 where ASCII.equalsLowercased(name, "accept-encoding"): readAcceptEncoding(value)
        case 16 where ASCII.equalsLowercased(name, "content-encoding"): readContentEncoding(value)
        case 17 where ASCII.equalsLowercased(name, "transfer-encoding"):
            // This server can find the end of a body only if "chunked" is its one transfer coding (RFC 9112 §6.1).
            guard !isChunked, ASCII.equalsLowercased(value, "chunked") else {
                throw HTTPRefusal(501, "Only the transfer coding 'chunked', once, is supported")
            }
            isChunked = true
        default: break
        }
    }

    private mutating func readConnection(_ value: UnsafeRawBufferPointer) {
        ASCII.forEachListMember(value) { member in
            if ASCII.equalsLowercased(member, "close") { closes = true }
            if ASCII.equalsLowercased(member, "keep-alive") { requestsKeepAlive = true }
        }
    }

    private mutating func readContentLength(_ value: UnsafeRawBufferPointer) throws(HTTPRefusal) {
        guard let length = ASCII.decimal(value) else {
            throw HTTPRefusal(400, "Content-Length is not a decimal number of bytes")
        }
        // RFC 9112 §6.3 rule 5 would allow a second field with the same value. It is refused, because only attackers and
        // faulty clients send two.
        guard contentLength == nil else { throw HTTPRefusal(400, "The request has more than one Content-Length") }
        contentLength = length
    }

    private mutating func readContentEncoding(_ value: UnsafeRawBufferPointer) {
        var members = 0
        var found = RequestHead.Coding.identity
        var isKnown = true
        ASCII.forEachListMember(value) { member in
            members += 1
            if ASCII.equalsLowercased(member, "gzip") || ASCII.equalsLowercased(member, "x-gzip") {
                found = .gzip
            } else if ASCII.equalsLowercased(member, "deflate") {
                found = .deflate
            } else if !ASCII.equalsLowercased(member, "identity") {
                isKnown = false
            }
        }
        coding = isKnown && members <= 1 && coding == .identity ? found : .unsupported
    }

    private mutating func readAcceptEncoding(_ value: UnsafeRawBufferPointer) {
        // A weight for `gzip` overrides the weight for `*` (RFC 9110 §12.5.3).
        var namesGzip = false
        ASCII.forEachListMember(value) { member in
            let end = member.firstIndex(of: UInt8(ascii: ";")) ?? member.count
            let name = ASCII.trimmed(UnsafeRawBufferPointer(rebasing: member[..<end]))
            let isGzip = ASCII.equalsLowercased(name, "gzip")
            guard isGzip || (ASCII.equalsLowercased(name, "*") && !namesGzip) else { return }
            namesGzip = namesGzip || isGzip
            let weight = member[end...].filter { $0 != 0x20 && $0 != 0x09 }
            // A weight of zero, such as `0` or `0.000`, means "not acceptable" (RFC 9110 §12.4.2).
            acceptsGzip =
                !weight.starts(with: ";q=0".utf8) || !weight.dropFirst(4).allSatisfy { $0 == 0x30 || $0 == 0x2E }
        }
    }

    private mutating func setHost(_ bytes: UnsafeRawBufferPointer, authority: Range<Int32>?) throws(HTTPRefusal) {
        if hostRange == nil, isHTTP11 { throw HTTPRefusal(400, "The request has no Host field") }
        let range = authority ?? hostRange ?? 0..<0
        let text = Self.slice(bytes, range)
        // A host must not contain characters that end a line or a value, or that separate a user name from the host
        // (RFC 9110 §4.2.4).
        for byte in text {
            let isPlain = byte > 0x20 && byte < 0x7F
            if !isPlain || byte == UInt8(ascii: "@") || byte == UInt8(ascii: "/") || byte == UInt8(ascii: ",") {
                throw HTTPRefusal(400, "The Host field is not a host name with an optional port")
            }
        }
        host = String(decoding: text, as: UTF8.self)
    }

    private mutating func setFraming() throws(HTTPRefusal) {
        if isChunked {
            // Only an attempt at request smuggling or a faulty client sends both fields (RFC 9112 §6.3 rule 3).
            guard contentLength == nil else {
                throw HTTPRefusal(400, "The request has both Content-Length and Transfer-Encoding")
            }
            guard isHTTP11 else { throw HTTPRefusal(400, "Transfer-Encoding does not exist in HTTP/1.0") }
            framing = .chunked
        } else if let contentLength {
            framing = .length(contentLength)
        }
        if framing == .none || framing == .length(0) { expectsContinue = false }
    }

    private static func slice(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int32>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[Int(range.lowerBound)..<Int(range.upperBound)])
    }
}
