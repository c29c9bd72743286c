package import HTTPWire

/// A response whose head has arrived and whose body is read piece by piece.
///
/// When the body was read to its end, another request can use the connection. If this object is deallocated earlier,
/// the connection is closed.
package final class ReplyStream {
    package let head: ResponseHead

    private let connection: ClientConnection
    private let limits: CallLimits
    private var decoder: BodyDecoder
    /// Gives the connection back to the pool at the end of the body; nil if the connection cannot be used again.
    private var giveBack: (() -> Void)?
    private var hasEnded = false

    static let headLimits: HTTPLimits = {
        var limits = HTTPLimits()
        limits.headBytes = 64 * 1_024
        return limits
    }()

    /// Waits for the head of the response.
    ///
    /// - Parameters:
    ///   - isForHead: whether the request was HEAD, whose response has no body.
    ///   - giveBack: called when another request can use the connection.
    init(
        on connection: ClientConnection,
        isForHead: Bool,
        _ limits: CallLimits,
        giveBack: @escaping () -> Void
    ) throws(CallFailure) {
        head = try Self.receiveHead(on: connection, limits)
        self.connection = connection
        self.limits = limits
        do throws(HTTPRefusal) {
            decoder = BodyDecoder(isForHead ? .none : try head.framing, limits: Self.headLimits)
        } catch {
            throw .notHTTP(error.message)
        }
        self.giveBack = head.keepsConnection ? giveBack : nil
    }

    /// Waits for the head of a response, and skips interim (1xx) responses.
    static func receiveHead(on connection: ClientConnection, _ limits: CallLimits) throws(CallFailure) -> ResponseHead {
        var parser = ResponseHeadParser(limits: headLimits)
        let input = connection.input
        while true {
            do throws(HTTPRefusal) {
                while let (found, length) = try parser.parse(input.bytes) {
                    input.consume(length)
                    if !found.isInterim { return found }
                }
            } catch {
                throw error.status == 431 ? .longAnswer(error.message) : .notHTTP(error.message)
            }
            guard try connection.receive(limits) else {
                throw input.isEmpty ? .disconnected : .brokenAnswer("the connection ended within the head")
            }
            try checkBeginning(input.bytes)
        }
    }

    /// Waits for the next piece of the body; returns nil at its end.
    package func next() throws(CallFailure) -> [UInt8]? {
        let input = connection.input
        while !hasEnded {
            if decoder.isFinished {
                end()
                break
            }
            if input.isEmpty, try !receiveMore() { break }
            var piece: [UInt8] = []
            do {
                try decoder.consume(input) { piece.append(contentsOf: $0) }
            } catch {
                throw .brokenAnswer((error as? HTTPRefusal)?.message ?? "\(error)")
            }
            if !piece.isEmpty {
                if decoder.isFinished { end() }
                return piece
            }
        }
        return nil
    }

    /// Reads the body to its end.
    ///
    /// - Throws: `.longAnswer` as soon as the body is known to be longer than `maximumBytes`.
    package func body(atMost maximumBytes: Int) throws(CallFailure) -> [UInt8] {
        var body: [UInt8] = []
        try require(decoder.announced, atMost: maximumBytes)
        while let piece = try next() {
            try require(piece.count + decoder.announced, atMost: maximumBytes - body.count)
            if body.isEmpty { body = piece } else { body += piece }
        }
        return body
    }

    private func require(_ count: Int, atMost maximum: Int) throws(CallFailure) {
        guard count <= maximum else { throw .longAnswer("its answer is larger than expected") }
    }

    /// Receives at least one byte; returns false if the connection has ended and so marks the end of the body.
    private func receiveMore() throws(CallFailure) -> Bool {
        do throws(CallFailure) {
            if try connection.receive(limits) { return true }
        } catch .disconnected {
            throw .brokenAnswer("the connection ended within the body")
        }
        guard case .untilClose = decoder else { throw .brokenAnswer("the connection ended within the body") }
        hasEnded = true
        return false
    }

    private func end() {
        hasEnded = true
        // A connection with further bytes cannot be used again: these bytes would be read as the next response.
        if connection.input.isEmpty { giveBack?() }
        giveBack = nil
    }

    /// Throws if the first bytes of an answer are not HTTP; without this check, the call might wait for the rest of a
    /// line that never arrives.
    private static func checkBeginning(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) {
        // The first bytes of a TLS alert, which a peer that expected a handshake sends (RFC 8446 §5.1).
        if bytes.starts(with: [0x15, 0x03]) { throw .speaksTLS }
        guard zip(bytes, "HTTP/1.".utf8).allSatisfy({ $0 == $1 }) else {
            throw .notHTTP("the answer does not begin like HTTP")
        }
    }
}

extension ResponseHead {
    /// Whether the connection may serve another request (RFC 9112 §9.3).
    fileprivate var keepsConnection: Bool {
        let options = fields.filter { $0.name == "connection" }
            .flatMap { $0.value.split(separator: ",").map { $0.filter { $0 != " " }.lowercased() } }
        if options.contains("close") { return false }
        return isHTTP11 || options.contains("keep-alive")
    }
}
