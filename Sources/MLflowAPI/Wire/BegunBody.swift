internal import HTTPWire
internal import Synchronization
internal import Tracking

extension MLflowAPI {
    /// Answers with the body of a producer; if its first piece fails, the client still gets an answer with the error.
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

    /// - Parameter reportFailure: told of what cuts the answer short, which the client sees as a broken connection.
    init(
        _ beginning: [UInt8],
        _ rest: any HTTPBodyProducer,
        reportFailure: @escaping @Sendable (any Error) -> Void
    ) {
        self.beginning = Mutex(beginning)
        self.rest = rest
        self.reportFailure = reportFailure
    }

    /// The first piece is counted separately, because it may be longer than any other.
    var memoryBytes: Int { rest.memoryBytes + beginning.withLock { max(($0?.count ?? 0) - Self.usualBeginning, 0) } }

    /// A first piece up to this length is already counted as one of the pieces of the rest.
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
            // The client has left, or a read gave way to the database's log: nothing that an operator must mend.
            if (error as? TrackingError)?.code != .temporarilyUnavailable { reportFailure(error) }
            throw error
        }
    }
}
