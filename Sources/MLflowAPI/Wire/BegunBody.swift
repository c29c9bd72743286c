internal import HTTPWire
internal import Synchronization
internal import Tracking

extension MLflowAPI {
    /// Returns a response with a streamed body.
    ///
    /// Makes the first piece before it returns, so that an error in the first piece can still be sent as an error response.
    func stream(
        _ body: any HTTPBodyProducer,
        headers: [(name: String, value: String)] = [("Content-Type", "application/json")]
    ) throws -> HTTPResponse {
        var beginning: [UInt8] = []
        guard try body.next(into: &beginning) else { return HTTPResponse(headers: headers, body: .bytes(beginning)) }
        let rest = BegunBody(beginning, body, reportFailure: reportFailure)
        return HTTPResponse(headers: headers, body: .stream(rest))
    }
}

/// A body whose first piece has already been made.
private final class BegunBody: HTTPBodyProducer {
    private let beginning: Mutex<[UInt8]?>
    private let rest: any HTTPBodyProducer
    private let reportFailure: @Sendable (any Error) -> Void

    /// - Parameter reportFailure: called with an error that ends the body early, which the client sees as a closed connection.
    init(_ beginning: [UInt8], _ rest: any HTTPBodyProducer, reportFailure: @escaping @Sendable (any Error) -> Void) {
        self.beginning = Mutex(beginning)
        self.rest = rest
        self.reportFailure = reportFailure
    }

    /// The memory for the rest of the body and, if the first piece is longer than usual, for the excess.
    var memoryBytes: Int { rest.memoryBytes + beginning.withLock { max(($0?.count ?? 0) - Self.usualBeginning, 0) } }

    /// The length of a first piece, in bytes, that `memoryBytes` of the rest already includes.
    private static let usualBeginning = 128 * 1_024

    func next(into buffer: inout [UInt8]) throws -> Bool {
        let first = beginning.withLock { bytes in
            defer { bytes = nil }
            return bytes
        }
        if let first {
            buffer.append(contentsOf: first)
            return true
        }
        do {
            return try rest.next(into: &buffer)
        } catch {
            // `.temporarilyUnavailable` is not reported, because the operator need not do anything: the client has
            // disconnected, or the read was stopped so that the database could empty its log.
            if (error as? TrackingError)?.code != .temporarilyUnavailable { reportFailure(error) }
            throw error
        }
    }
}
