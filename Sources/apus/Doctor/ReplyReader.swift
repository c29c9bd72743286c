/// Puts an answer together from the bytes that arrive (RFC 9112 §4 to §7); interim answers are passed over.
struct ReplyReader {
    private enum Framing {
        case head
        case length(Int)
        case untilClose
        case chunkSize
        case chunk(Int)
        case chunkEnd
        case trailer
    }

    private static let maximumHeadBytes = 64 * 1024
    private static let maximumBytes = 8 * 1_048_576

    private var bytes: [UInt8] = []
    /// Where what has not been understood yet begins.
    private var position = 0
    private var framing = Framing.head
    private var status = 0
    private var fields: [(name: String, value: String)] = []
    private var body: [UInt8] = []

    /// Takes bytes from the peer; the answer once it is whole.
    mutating func append(_ received: ArraySlice<UInt8>) throws(CallFailure) -> ServerReply? {
        guard bytes.count + received.count <= Self.maximumBytes + Self.maximumHeadBytes else {
            throw .notHTTP("the answer is larger than \(Self.maximumBytes) bytes")
        }
        bytes += received
        while true {
            switch framing {
            case .head:
                guard try readHead() else { return nil }
            case .length(let count):
                guard bytes.count - position >= count else { return nil }
                body = Array(bytes[position..<position + count])
                return reply
            case .untilClose:
                return nil
            case .chunkSize:
                guard let line = try takeLine() else { return nil }
                framing = try Self.framing(afterChunkSize: line)
            case .chunk(let count):
                let part = bytes[position...].prefix(count)
                body += part
                position += part.count
                framing = part.count == count ? .chunkEnd : .chunk(count - part.count)
                if part.count < count { return nil }
            case .chunkEnd:
                guard let line = try takeLine() else { return nil }
                guard line.isEmpty else { throw .notHTTP("a chunk is longer than it says") }
                framing = .chunkSize
            case .trailer:
                guard let line = try takeLine() else { return nil }
                if line.isEmpty { return reply }
            }
        }
    }

    /// The peer has closed: the answer if that ends it.
    mutating func finish() throws(CallFailure) -> ServerReply {
        guard case .untilClose = framing else {
            guard !bytes.isEmpty else { throw .disconnected }
            throw .notHTTP(
                status == 0 ? "the connection ended within the head" : "the connection ended within the body"
            )
        }
        body = Array(bytes[position...])
        return reply
    }

    private var reply: ServerReply { ServerReply(status: status, fields: fields, body: body) }

    /// A line without its end; nil when it is not complete.
    private mutating func takeLine() throws(CallFailure) -> ArraySlice<UInt8>? {
        guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else {
            guard bytes.count - position <= Self.maximumHeadBytes else { throw .notHTTP("a line is too long") }
            return nil
        }
        let line = bytes[position..<end]
        position = end + 1
        return line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    }
}

extension ReplyReader {
    /// Reads lines of the head as far as they go; false when more must come.
    private mutating func readHead() throws(CallFailure) -> Bool {
        // RFC 8446 §5.1: a record of type alert, from a peer that expected a handshake.
        if status == 0, bytes.starts(with: [0x15, 0x03]) { throw .speaksTLS }
        while let line = try takeLine() {
            if status == 0 {
                status = try Self.status(line)
            } else if !line.isEmpty {
                fields.append(try Self.field(line))
            } else if (100..<200).contains(status) {
                status = 0
                fields = []
            } else {
                framing = try framingOfBody()
                return true
            }
            guard position <= Self.maximumHeadBytes else { throw .notHTTP("the head is too long") }
        }
        guard status != 0 || Self.mayBeHTTP(bytes[position...]) else {
            throw .notHTTP("the answer does not begin like HTTP")
        }
        return false
    }

    private static func mayBeHTTP(_ start: ArraySlice<UInt8>) -> Bool {
        zip(start, "HTTP/1.".utf8).allSatisfy { $0 == $1 }
    }

    private static func status(_ line: ArraySlice<UInt8>) throws(CallFailure) -> Int {
        let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
        guard mayBeHTTP(line), line.count >= 12, parts.count >= 2, parts[1].count == 3,
            parts[1].allSatisfy(\.isDigit), let status = Int(String(decoding: parts[1], as: UTF8.self)), status >= 100
        else { throw .notHTTP("the answer does not begin like HTTP") }
        return status
    }

    private static func field(_ line: ArraySlice<UInt8>) throws(CallFailure) -> (name: String, value: String) {
        let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { throw .notHTTP("a field of the head has no name") }
        var value = parts[1].drop { $0 == 0x20 || $0 == 0x09 }
        while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
        return (String(decoding: parts[0], as: UTF8.self).lowercased(), String(decoding: value, as: UTF8.self))
    }

    /// RFC 9112 §6.3, for answers to GET and POST.
    private func framingOfBody() throws(CallFailure) -> Framing {
        if status == 204 || status == 304 { return .length(0) }
        let codings = fields.filter { $0.name == "transfer-encoding" }
        if let coding = codings.first {
            guard codings.count == 1, coding.value.lowercased() == "chunked" else {
                throw .notHTTP("the transfer coding is not chunked")
            }
            return .chunkSize
        }
        let lengths = Set(fields.filter { $0.name == "content-length" }.map(\.value))
        guard let length = lengths.first else { return .untilClose }
        guard lengths.count == 1, length.utf8.allSatisfy(\.isDigit), let count = Int(length),
            count <= Self.maximumBytes
        else { throw .notHTTP("the length of the body is malformed, or more than \(Self.maximumBytes) bytes") }
        return .length(count)
    }

    private static func framing(afterChunkSize line: ArraySlice<UInt8>) throws(CallFailure) -> Framing {
        let digits = line.prefix { $0.hexadecimalValue != nil }
        let rest = line.dropFirst(digits.count).first { $0 != 0x20 && $0 != 0x09 }
        guard rest == nil || rest == UInt8(ascii: ";"),
            let count = Int(String(decoding: digits, as: UTF8.self), radix: 16), count <= maximumBytes
        else { throw .notHTTP("the size of a chunk is malformed, or more than \(maximumBytes) bytes") }
        return count == 0 ? .trailer : .chunk(count)
    }
}
