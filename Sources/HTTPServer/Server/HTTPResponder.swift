package import HTTPWire
import Synchronization

/// Answers one request, from any thread.
///
/// All copies answer the same request: the first `send` counts, and later ones are ignored. When the last copy is
/// released without an answer, the client gets a 500, so that the connection does not hang.
package struct HTTPResponder: Sendable {
    private let token: ResponseToken

    init(_ token: ResponseToken) {
        self.token = token
    }

    /// Sends the answer.
    ///
    /// The calling thread compresses the body; the connection's event loop does everything else. Never blocks. If the
    /// client has disconnected, the answer is dropped and its resources are released.
    package func send(_ response: HTTPResponse) {
        token.answer(response)
    }

    /// Whether an answer was given already.
    package var isAnswered: Bool { token.isAnswered }
}

/// Makes sure that an exchange is answered exactly once.
final class ResponseToken: Sendable {
    private let answered = Atomic<Bool>(false)
    private let loop: EventLoop
    private let connection: ConnectionID
    private let exchange: UInt64
    private let acceptsGzip: Bool
    private let isHead: Bool

    init(loop: EventLoop, connection: ConnectionID, exchange: UInt64, acceptsGzip: Bool, isHead: Bool) {
        self.loop = loop
        self.connection = connection
        self.exchange = exchange
        self.acceptsGzip = acceptsGzip
        self.isHead = isHead
    }

    var isAnswered: Bool { answered.load(ordering: .acquiring) }

    func answer(_ response: HTTPResponse) {
        guard !answered.exchange(true, ordering: .acquiringAndReleasing) else { return }
        let prepared = isHead ? response : ResponseCompression.apply(to: response, acceptsGzip: acceptsGzip)
        loop.post(.answer(connection, exchange: exchange, prepared))
    }

    deinit {
        guard !answered.load(ordering: .acquiring) else { return }
        let response = loop.configuration.errorResponse(500, "The request was not answered", nil)
        loop.post(.answer(connection, exchange: exchange, response))
    }
}
