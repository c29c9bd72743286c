package import HTTPWire
import Synchronization

/// The one chance to answer a request, from any thread.
///
/// Copies share the chance: the first `send` counts, later ones are ignored. When the last copy is dropped without an
/// answer, the client gets a 500, so that no connection hangs.
package struct HTTPResponder: Sendable {
    private let token: ResponseToken

    init(_ token: ResponseToken) {
        self.token = token
    }

    /// Answers.
    ///
    /// Compression happens on the calling thread; everything else on the connection's loop.
    ///
    /// Never blocks. If the client has gone, the answer is dropped and its resources are released.
    package func send(_ response: HTTPResponse) {
        token.answer(response)
    }

    /// Whether an answer was given already.
    package var isAnswered: Bool { token.isAnswered }
}

/// Sees to it that an exchange is answered exactly once.
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
