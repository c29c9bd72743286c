package import ArtifactStore
internal import JSON

/// An endpoint's answer.
package struct APIResponse: Sendable {
    package enum Body: Sendable {
        case bytes([UInt8])
        /// Sent from the file without passing through memory.
        case file(OpenArtifact, range: Range<Int64>)
        /// Made piece by piece as the peer takes it.
        case stream(any APIBodyProducer)
    }

    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: Body

    package init(status: Int = 200, headers: [(name: String, value: String)], body: Body) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A JSON answer.
    static func json(
        status: Int = 200,
        capacity: Int = 256,
        _ write: (inout JSONWriter) throws -> Void
    ) rethrows
        -> APIResponse
    {
        var writer = JSONWriter(capacity: capacity)
        try write(&writer)
        return json(status: status, bytes: writer.takeBytes())
    }

    static func json(status: Int = 200, bytes: [UInt8]) -> APIResponse {
        APIResponse(status: status, headers: [("Content-Type", "application/json")], body: .bytes(bytes))
    }

    /// The answer of a write that has nothing to say.
    static let empty = json(bytes: Array("{}".utf8))
}

/// Makes the body of a long answer piece by piece.
package protocol APIBodyProducer: AnyObject, Sendable {
    /// Appends the next piece, some tens of kilobytes.
    ///
    /// Called on a thread that may block, after the piece before has been sent.
    /// - Returns: whether there is more.
    /// - Throws: ends the connection, so that the peer sees that the answer is not whole.
    func next(into buffer: inout [UInt8]) throws -> Bool

    /// What it holds between two pieces, and its longest piece, in bytes.
    var memoryBytes: Int { get }
}

extension APIBodyProducer {
    package var memoryBytes: Int { 192 * 1_024 }
}
