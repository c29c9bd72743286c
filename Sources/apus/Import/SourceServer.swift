internal import Files
internal import HTTPClient
internal import MLflowClient
internal import Transfer

/// Makes the calls to the server that is the source of an import.
final class SourceServer: ServerCalls {
    /// The longest answer that is kept in memory.
    ///
    /// MLflow 2.9 sends a history of several 100,000 points in one answer.
    private static let maximumBytes = 64 << 20
    /// How long a download may wait for the next byte.
    private static let idleTimeout = Duration.seconds(120)
    /// The bytes per second that a download must reach on average, so that no download runs forever.
    private static let slowestRate: Int64 = 10_000

    private let client: RetryingClient

    init(_ client: TrackingConnection) { self.client = RetryingClient(client) }

    var address: String { "\(client.client.uri)" }

    func get(_ path: String) throws -> ServerAnswer {
        try answer { try $0.get(path, maximumBytes: Self.maximumBytes, by: Deadline(after: RetryingClient.callTime)) }
    }

    func post(_ path: String, json: [UInt8]) throws -> ServerAnswer {
        try answer { client in
            let deadline = Deadline(after: RetryingClient.callTime)
            return try client.post(path, json: json, maximumBytes: Self.maximumBytes, by: deadline)
        }
    }

    func fetch(_ path: String, bytes listed: Int64?) throws -> Descriptor {
        let file = try ScratchFile()
        var received: Int64 = 0
        let deadline = listed.map { Deadline(after: Self.idleTimeout + .seconds(max($0, 0) / Self.slowestRate)) }
        let reply = try withRetries { client in
            // An earlier attempt may have left bytes in the file.
            try file.clear()
            received = 0
            return try client.download(path, idleTimeout: Self.idleTimeout, by: deadline ?? .never) { piece in
                received += Int64(piece.count)
                if let listed, received > listed { throw RefusedCall(unusable: Self.wrongSize(listed, "more")) }
                try file.append(piece[...])
            }
        }
        guard reply.status == 200 else { throw RefusedCall(status: reply.status, message: client.message(of: reply)) }
        if let listed, received != listed { throw RefusedCall(unusable: Self.wrongSize(listed, "only \(received)")) }
        return file.descriptor
    }

    private static func wrongSize(_ listed: Int64, _ received: String) -> String {
        "it lists the file with \(listed) bytes and sends \(received)"
    }

    /// Makes a call with the client that repeats calls after temporary errors, and throws the errors that `ServerCalls`
    /// documents.
    private func withRetries(_ call: (TrackingConnection) throws -> HTTPReply) throws -> HTTPReply {
        do {
            return try client.withRetries(call)
        } catch let failure as ImportFailure {
            throw SourceFailure(failure.description)
        } catch let unusable as UnusableAnswer {
            throw RefusedCall(unusable: unusable.description)
        }
    }

    private func answer(_ call: (TrackingConnection) throws -> HTTPReply) throws -> ServerAnswer {
        let reply = try withRetries(call)
        let message = reply.status == 200 ? "" : client.message(of: reply)
        return ServerAnswer(status: reply.status, body: reply.body, message: message)
    }
}
