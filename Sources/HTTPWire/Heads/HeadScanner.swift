/// Finds the end of a head, and the range of each of its lines, in bytes that arrive in pieces of any size.
///
/// The scanner remembers how far it has read, so the cost is linear even if the pieces are small. Lines must end in
/// CRLF. RFC 9112 §2.2 also allows a server to accept a bare LF, but a proxy might not split such a head into the same lines
/// as this server, so a bare LF or CR is refused.
struct HeadScanner {
    /// The kind of message; a refusal contains the raw value.
    enum Message: String, Sendable {
        case request
        case response

        var firstLine: String { self == .request ? "request line" : "status line" }
    }

    /// The largest number of empty lines that are skipped before the first line (RFC 9112 §2.2).
    private static let maximumEmptyLines = 4

    /// The range of the request line or status line, then the range of each field line, without the line ends.
    ///
    /// Offsets count from the first byte given to `scan`.
    private(set) var lines: [Range<Int32>] = []
    private let message: Message
    private var scanned = 0
    private var lineStart = 0
    private var emptyLines = 0

    init(_ message: Message) { self.message = message }

    /// Whether the scanner has read any byte of the head.
    var hasBegun: Bool { scanned > 0 }

    /// Scans all bytes that have arrived so far.
    ///
    /// - Parameter bytes: the bytes of the last call, possibly followed by more.
    /// - Returns: the length of the head with its final empty line; nil if the head is not complete.
    /// - Throws: 400 for a line without CRLF, 414 for a request target that is too long, 431 for a head with too many
    ///   bytes or fields.
    mutating func scan(_ bytes: UnsafeRawBufferPointer, limits: HTTPLimits) throws(HTTPRefusal) -> Int? {
        let end = min(bytes.count, limits.headBytes)
        skipToLineEnd(bytes, end, limits)
        while scanned < end {
            let byte = bytes[scanned]
            if byte == 0x0A {
                if try finishLine(bytes, limits: limits) { return scanned }
                skipToLineEnd(bytes, end, limits)
                continue
            }
            // A CR is checked only when the next byte has arrived, because that byte must be an LF.
            if scanned > lineStart, bytes[scanned - 1] == 0x0D {
                throw HTTPRefusal(400, "A line of the \(message.rawValue) head contains a bare carriage return")
            }
            scanned += 1
            if message == .request, lines.isEmpty, scanned - lineStart > limits.targetBytes + 64 {
                throw HTTPRefusal(414, "The request target is longer than \(limits.targetBytes) bytes")
            }
        }
        if scanned >= limits.headBytes {
            throw HTTPRefusal(431, "The \(message.rawValue) head is larger than \(limits.headBytes) bytes")
        }
        return nil
    }

    /// Passes over bytes that are neither CR nor LF, eight at a time; stops at the first CR or LF, or when fewer than eight are
    /// left.
    private mutating func skipToLineEnd(_ bytes: UnsafeRawBufferPointer, _ end: Int, _ limits: HTTPLimits) {
        // The byte after a CR is checked by `scan`, and so is the length of the request line.
        if scanned > lineStart, bytes[scanned - 1] == 0x0D { return }
        let isInRequestLine = message == .request && lines.isEmpty
        let end = isInRequestLine ? min(end, lineStart + limits.targetBytes + 64) : end
        while end - scanned >= 8 {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: scanned, as: UInt64.self))
            let lineEnds = ASCII.occurrences(of: 0x0D, in: word) | ASCII.occurrences(of: 0x0A, in: word)
            guard lineEnds == 0 else { return scanned += lineEnds.trailingZeroBitCount / 8 }
            scanned += 8
        }
    }

    /// Records the line whose LF is at `scanned`.
    ///
    /// - Returns: whether the line is the empty line that ends the head.
    private mutating func finishLine(_ bytes: UnsafeRawBufferPointer, limits: HTTPLimits) throws(HTTPRefusal) -> Bool {
        guard scanned > lineStart, bytes[scanned - 1] == 0x0D else {
            throw HTTPRefusal(400, "A line of the \(message.rawValue) head ends in a bare line feed")
        }
        let line = Int32(lineStart)..<Int32(scanned - 1)
        scanned += 1
        lineStart = scanned
        if line.isEmpty {
            if !lines.isEmpty { return true }
            emptyLines += 1
            if emptyLines > Self.maximumEmptyLines { throw HTTPRefusal(400, "The \(message.firstLine) is missing") }
            return false
        }
        if lines.isEmpty { lines.reserveCapacity(16) }
        lines.append(line)
        if lines.count > limits.fieldCount + 1 {
            throw HTTPRefusal(431, "The \(message.rawValue) has more than \(limits.fieldCount) header fields")
        }
        return false
    }
}
