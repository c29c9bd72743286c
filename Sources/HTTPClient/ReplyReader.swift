internal import HTTPWire

/// Assembles a response from the bytes that arrive and skips interim (1xx) responses.
struct ReplyReader {
    /// The longest body that is taken.
    private let maximumBytes: Int
    private static let limits: HTTPLimits = {
        var limits = HTTPLimits()
        limits.headBytes = 64 * 1_024
        return limits
    }()

    private var parser = ResponseHeadParser(limits: limits)
    private var head: ResponseHead?
    private var decoder = BodyDecoder.length(0)
    private var body: [UInt8] = []

    init(maximumBytes: Int) {
        self.maximumBytes = maximumBytes
    }

    /// Consumes the bytes that have arrived; returns the response once it is complete.
    mutating func take(from input: ByteBuffer) throws(CallFailure) -> HTTPReply? {
        do {
            while head == nil {
                try Self.checkBeginning(input.bytes)
                guard let (found, length) = try parser.parse(input.bytes) else { return nil }
                input.consume(length)
                if !found.isInterim { try begin(found) }
            }
            var received: [UInt8] = []
            try decoder.consume(input) { received.append(contentsOf: $0) }
            try requireRoom(for: received.count + decoder.announced)
            body += received
        } catch let failure as CallFailure {
            throw failure
        } catch {
            throw .notHTTP((error as? HTTPRefusal)?.message ?? "\(error)")
        }
        return decoder.isFinished ? reply : nil
    }

    /// Handles the end of the connection; returns the response if the end of the connection completes it.
    /// - Parameter input: the bytes that have not been consumed yet.
    func finish(_ input: ByteBuffer) throws(CallFailure) -> HTTPReply {
        if case .untilClose = decoder, let reply { return reply }
        guard head == nil else { throw .notHTTP("the connection ended within the body") }
        throw input.isEmpty ? .disconnected : .notHTTP("the connection ended within the head")
    }

    private var reply: HTTPReply? { head.map { HTTPReply(head: $0, body: body) } }

    private mutating func begin(_ found: ResponseHead) throws {
        decoder = BodyDecoder(try found.framing, limits: Self.limits)
        try requireRoom(for: decoder.announced)
        head = found
    }

    private func requireRoom(for count: Int) throws(CallFailure) {
        guard count <= maximumBytes - body.count else {
            throw .notHTTP("the answer is larger than \(maximumBytes) bytes")
        }
    }

    /// Recognizes from the first bytes a peer that does not speak HTTP, because the rest of the line may never come.
    private static func checkBeginning(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) {
        // RFC 8446 §5.1: a record of type alert, from a peer that expected a handshake.
        if bytes.starts(with: [0x15, 0x03]) { throw .speaksTLS }
        guard zip(bytes, "HTTP/1.".utf8).allSatisfy({ $0 == $1 }) else {
            throw .notHTTP("the answer does not begin like HTTP")
        }
    }
}
