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
    /// Never blocks. The answer is made and compressed on other threads, except that this function makes a long answer itself
    /// while too many answers wait for these threads. If the client has disconnected, the answer is dropped.
    package func send(_ answer: HTTPAnswer) { receiver.receive(answer) }

    /// Sends a response that is already complete.
    package func send(_ response: HTTPResponse) { send(.ready(response)) }
}

/// An answer, or a closure that makes it on another thread, for senders that must not be delayed.
package enum HTTPAnswer: Sendable {
    case ready(HTTPResponse)
    /// Called on the event loop of the connection; for answers that take microseconds to make.
    case short(@Sendable () -> HTTPResponse)
    /// Called on a thread for long answers, or on the sending thread while too many answers wait for those threads.
    case long(@Sendable () -> HTTPResponse)
}

/// Receives the answer to one request, from any thread.
package protocol HTTPAnswerReceiver: AnyObject, Sendable {
    func receive(_ answer: HTTPAnswer)
}

/// Answers an exchange exactly once: ignores further answers, and sends a 500 when it is deallocated without an answer.
final class ResponseToken: HTTPAnswerReceiver {
    private let answered = Atomic<Bool>(false)
    private let loop: EventLoop
    private let connection: ConnectionID
    private let exchange: UInt64
    /// The number of the waiting client in queues where clients have turns (`Caller.clientNumber`).
    private let clientNumber: Int
    private let acceptsGzip: Bool
    private let isHead: Bool

    init(loop: EventLoop, connection: ConnectionID, _ exchange: Exchange, clientNumber: Int) {
        self.clientNumber = clientNumber
        self.loop = loop
        self.connection = connection
        self.exchange = exchange.id
        acceptsGzip = exchange.head?.acceptsGzip ?? false
        isHead = exchange.head?.method == .head
    }

    func receive(_ answer: HTTPAnswer) {
        guard !answered.exchange(true, ordering: .acquiringAndReleasing) else { return }
        switch answer {
        case .ready(let response): compressAndPost(response)
        case .short(let make): loop.post(.makeAnswer(connection) { [self] in compressAndPost(make()) })
        case .long(let make):
            let makeAndPost: @Sendable () -> Void = { [self] in
                var response = make()
                if negotiateCompression(&response) { ResponseCompression.apply(to: &response) }
                post(response)
            }
            // No budget counts the memory of waiting answers, so their number is limited. If the limit is reached, the sending
            // thread makes the answer.
            let limit = SharedResources.maximumWaitingAnswers
            if !loop.shared.packers.run(ifFewerWaitThan: limit, for: clientNumber, makeAndPost) { makeAndPost() }
        }
    }

    private func compressAndPost(_ response: HTTPResponse) {
        var response = response
        guard negotiateCompression(&response) else { return post(response) }
        let limit = SharedResources.maximumWaitingAnswers
        let isAccepted = loop.shared.packers.run(ifFewerWaitThan: limit, for: clientNumber) { [self, response] in
            var response = response
            ResponseCompression.apply(to: &response)
            post(response)
        }
        if !isAccepted { post(response) }
    }

    private func negotiateCompression(_ response: inout HTTPResponse) -> Bool {
        !isHead && ResponseCompression.negotiate(&response, acceptsGzip: acceptsGzip)
    }

    private func post(_ response: HTTPResponse) { loop.post(.answer(connection, exchange: exchange, response)) }

    deinit {
        guard !answered.load(ordering: .acquiring) else { return }
        post(loop.configuration.errorResponse(HTTPRefusal(500, "The request was not answered"), nil))
    }
}
