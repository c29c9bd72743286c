/// Finds the end of the head of a request or response in bytes that arrive in any split, and the range of each of its lines.
///
/// The scanner remembers how far it has read, so that the cost is linear however the bytes are split. Lines must end
/// in CRLF: a bare LF and a bare CR are refused (RFC 9112 §2.2 allows either). A proxy therefore cannot see other
/// lines than this server.
struct HeadScanner {
    /// The kind of message, as it is named in a refusal.
    enum Message: String, Sendable {
        case request
        case response

        var firstLine: String { self == .request ? "request line" : "status line" }
    }

    /// Empty lines before the request line are skipped, but only a few (RFC 9112 §2.2).
    private static let leadingEmptyLines = 4

    /// Request or status line first, then one range per field line, without line ends.
    ///
    /// Offsets count from the first byte seen.
    private(set) var lines: [Range<Int32>] = []
    private let message: Message
    private var scanned = 0
    private var lineStart = 0
    private var emptyLines = 0

    init(_ message: Message) {
        self.message = message
    }

    /// Whether any byte of the head has been seen.
    var hasBegun: Bool { scanned > 0 }

    /// Scans all bytes that have arrived so far.
    ///
    /// - Parameter bytes: the bytes of the last call, possibly followed by more.
    /// - Returns: the length of the head with its final empty line, or nil when more is needed.
    mutating func scan(_ bytes: UnsafeRawBufferPointer, limits: HTTPLimits) throws(HTTPRefusal) -> Int? {
        let end = min(bytes.count, limits.headBytes)
        while scanned < end {
            let byte = bytes[scanned]
            if byte == 0x0A {
                if try finishLine(bytes, limits: limits) { return scanned }
                continue
            }
            // A CR is checked only when the next byte is there, because a CR at the end may still be followed by its
            // LF.
            if scanned > lineStart, bytes[scanned - 1] == 0x0D {
                throw HTTPRefusal(400, "A line of the \(message.rawValue) head holds a bare carriage return")
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

    /// Records the line that ends at `scanned`; true when it was the empty line after the fields.
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
            if emptyLines > Self.leadingEmptyLines { throw HTTPRefusal(400, "The \(message.firstLine) is missing") }
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
