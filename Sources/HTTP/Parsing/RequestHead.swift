/// One header field as ranges over the bytes of its head.
struct FieldRange: Sendable {
    let name: Range<Int32>
    let value: Range<Int32>
}

/// A parsed request head: a copy of its bytes, and ranges over them.
///
/// A class, so that passing a request about costs one reference count.
final class RequestHead: Sendable {
    /// How the end of the body is found (RFC 9112 §6.3).
    enum Framing: Sendable, Equatable {
        case none
        case length(Int)
        case chunked
    }

    /// The content coding of the body (RFC 9110 §8.4.1).
    enum Coding: Sendable, Equatable {
        case identity
        case gzip
        case deflate
        /// One that is not known here, or several: for routes that take the bytes as they are sent.
        case unsupported
    }

    let bytes: [UInt8]
    let fields: [FieldRange]
    let method: HTTPMethod
    let target: Range<Int32>
    /// The raw path, percent-encoded as sent; `/` for an absolute target without one; `*` for `OPTIONS *`.
    let path: Range<Int32>
    let query: [(name: String, value: String)]
    let host: String
    let framing: Framing
    let coding: Coding
    let isHTTP11: Bool
    let keepsAlive: Bool
    let expectsContinue: Bool
    let acceptsGzip: Bool

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

    var contentLength: Int? {
        switch framing {
        case .none: nil
        case .length(let count): count
        case .chunked: nil
        }
    }

    func text(_ range: Range<Int32>) -> String {
        bytes.withUnsafeBytes { String(decoding: $0[Int(range.lowerBound)..<Int(range.upperBound)], as: UTF8.self) }
    }

    func withBytes<Result>(_ range: Range<Int32>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes {
            body(UnsafeRawBufferPointer(rebasing: $0[Int(range.lowerBound)..<Int(range.upperBound)]))
        }
    }

    /// The first field of a name, or nil; the name is given in lower case.
    func value(of name: String) -> String? {
        for field in fields where field.name.count == name.utf8.count {
            if withBytes(field.name, { ASCII.equalsLowercased($0, name) }) { return text(field.value) }
        }
        return nil
    }
}

/// Comparisons of protocol text, which is ASCII and mostly case-insensitive.
enum ASCII {
    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }

    /// Whether bytes equal a word that is already in lower case, whatever their own case.
    static func equalsLowercased(_ bytes: UnsafeRawBufferPointer, _ word: String) -> Bool {
        guard bytes.count == word.utf8.count else { return false }
        for (byte, expected) in zip(bytes, word.utf8) where lowercased(byte) != expected { return false }
        return true
    }

    /// Calls back for each member of a comma-separated list, trimmed; empty members are skipped (RFC 9110 §5.6.1).
    static func forEachListMember(_ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        var start = 0
        for index in 0...bytes.count where index == bytes.count || bytes[index] == UInt8(ascii: ",") {
            let member = trimmed(UnsafeRawBufferPointer(rebasing: bytes[start..<index]))
            if !member.isEmpty { body(member) }
            start = index + 1
        }
    }

    /// Without optional white space at both ends (RFC 9110 §5.6.3: space and tab only).
    static func trimmed(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var start = 0
        var end = bytes.count
        while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
        while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    }

    /// A decimal number of digits alone, or nil when it is none or does not fit.
    static func decimal(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard !bytes.isEmpty else { return nil }
        var value = 0
        for byte in bytes {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowed) = product.addingReportingOverflow(Int(byte - 0x30))
            if overflow || overflowed { return nil }
            value = sum
        }
        return value
    }

    /// Characters that a token may hold (RFC 9110 §5.6.2).
    static func isToken(_ byte: UInt8) -> Bool { tokenTable[Int(byte)] }

    private static let tokenTable: [Bool] = {
        var table = [Bool](repeating: false, count: 256)
        let letters = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        for byte in letters.utf8 { table[Int(byte)] = true }
        return table
    }()
}
