package import HTTPWire
import Synchronization
import Threads

/// Answers one request, from any thread.
///
/// All copies answer the same request: the first `send` counts, and later ones are ignored. When the last copy is
/// released without an answer, the client gets a 500, so that the connection does not hang.
package struct HTTPResponder: Sendable {
    private let receiver: any HTTPAnswerReceiver

    /// - Parameter receiver: gets every answer that is sent, and ignores all but the first.
    package init(_ receiver: any HTTPAnswerReceiver) { self.receiver = receiver }

    /// Sends the answer.
    ///
    /// Never blocks. The answer is made and compressed later, or on other threads; only while too many answers wait for
    /// these threads does this function make a long answer itself. If the client has disconnected, the answer is
    /// dropped and its resources are released.
    package func send(_ answer: HTTPAnswer) { receiver.take(answer) }

    /// Sends a response that is already complete.
    package func send(_ response: HTTPResponse) { send(.ready(response)) }
}

/// An answer, or a closure that makes it on another thread, for senders that must not be held up.
package enum HTTPAnswer: Sendable {
    case ready(HTTPResponse)
    /// Called on the event loop of the connection; for answers that take microseconds to make.
    case short(@Sendable () -> HTTPResponse)
    /// Called on a thread for long answers, or on the sending thread while too many answers wait for those threads.
    case long(@Sendable () -> HTTPResponse)
}

/// Receives the answer to one request, from any thread.
package protocol HTTPAnswerReceiver: AnyObject, Sendable {
    func take(_ answer: HTTPAnswer)
}

/// Makes sure that an exchange is answered exactly once.
final class ResponseToken: HTTPAnswerReceiver {
    private let answered = Atomic<Bool>(false)
    private let loop: EventLoop
    private let connection: ConnectionID
    private let exchange: UInt64
    /// The number of the waiting client in queues where clients have turns (`Caller.turn`).
    private let turn: Int
    private let acceptsGzip: Bool
    private let isHead: Bool

    init(loop: EventLoop, connection: ConnectionID, exchange: UInt64, turn: Int, acceptsGzip: Bool, isHead: Bool) {
        self.turn = turn
        self.loop = loop
        self.connection = connection
        self.exchange = exchange
        self.acceptsGzip = acceptsGzip
        self.isHead = isHead
    }

    func take(_ answer: HTTPAnswer) {
        guard !answered.exchange(true, ordering: .acquiringAndReleasing) else { return }
        switch answer {
        case .ready(let response): compressAndPost(response)
        case .short(let make): loop.post(.make(connection) { [self] in compressAndPost(make()) })
        case .long(let make):
            let pack: @Sendable () -> Void = { [self] in
                var response = make()
                if isToCompress(&response) { ResponseCompression.apply(to: &response) }
                post(response)
            }
            // Waiting answers are in memory and count towards no budget, so their number is limited. Beyond the limit
            // the sending thread makes its own answer.
            if !loop.shared.packers.run(ifFewerWaitThan: SharedParts.waitingAnswers, for: turn, pack) { pack() }
        }
    }

    private func compressAndPost(_ response: HTTPResponse) {
        var response = response
        guard isToCompress(&response) else { return post(response) }
        let isTaken = loop.shared.packers.run(ifFewerWaitThan: SharedParts.waitingAnswers, for: turn) {
            [self, response] in
            var response = response
            ResponseCompression.apply(to: &response)
            post(response)
        }
        if !isTaken { post(response) }
    }

    private func isToCompress(_ response: inout HTTPResponse) -> Bool {
        !isHead && ResponseCompression.isWanted(for: &response, acceptsGzip: acceptsGzip)
    }

    private func post(_ response: HTTPResponse) { loop.post(.answer(connection, exchange: exchange, response)) }

    deinit {
        guard !answered.load(ordering: .acquiring) else { return }
        post(loop.configuration.errorResponse(HTTPRefusal(500, "The request was not answered"), nil))
    }
}
