import Budgets
import Files
import HTTPWire
import Synchronization
import TLS
import Threads

/// Reads the heads of requests and calls their handlers.
extension ServerConnection {
    /// Parses a head from the bytes that have arrived; false when more bytes are needed.
    func readHead() -> Bool {
        if input.isEmpty, !readMore() { return false }
        do {
            while true {
                if let (head, length) = try parser.parse(input.bytes) {
                    input.consume(length)
                    beginExchange(head)
                    return true
                }
                guard readMore() else { break }
            }
        } catch {
            refuse(error)
            return true
        }
        if phase == .head, deadlineKind == .idle, parser.hasBegun {
            setDeadline(loop.isDraining ? .seconds(1) : limits.headTimeout, .head)
        }
        return false
    }

    /// Sends the answer to an error that was found before a handler was called, and closes the connection after it.
    func refuse(_ refusal: HTTPRefusal) {
        let exchange = self.exchange ?? makeExchange(head: nil)
        self.exchange = exchange
        exchange.closesAfter = true
        exchange.hasUnreadBody = true
        refuse(exchange, refusal)
    }

    /// Posts the answer to an error to the event loop's mailbox, instead of sending it directly, so that the calls do not nest
    /// when many errors follow one another.
    private func refuse(_ exchange: Exchange, _ refusal: HTTPRefusal) {
        answer(exchange, loop.configuration.errorResponse(refusal, exchange.request))
    }

    /// The threads on which the work of a request may block.
    func workers(for exchange: Exchange?) -> ThreadPool {
        exchange?.isApart == true ? loop.shared.apartWorkers : loop.shared.workers
    }

    var workers: ThreadPool { workers(for: exchange) }

    /// The threads that make the pieces of a long answer to the current request, or store the pieces of its uploaded body.
    var makers: ThreadPool { exchange?.isApart == true ? loop.shared.apartWorkers : loop.shared.makers }

    /// Calls a handler on a worker thread, where it may block, unless too many requests wait for a thread already.
    /// - Returns: true if the handler will be called; false if the request has been refused.
    @discardableResult
    func callOnWorker(_ exchange: Exchange, _ handler: @escaping @Sendable () -> Void) -> Bool {
        callLater(on: workers(for: exchange), exchange, handler)
    }

    /// Calls a handler on a thread of the pool, in which clients take turns, unless too many requests wait for a thread already.
    /// - Returns: true if the handler will be called; false if the request has been refused.
    @discardableResult
    func callLater(on pool: ThreadPool, _ exchange: Exchange, _ handler: @escaping @Sendable () -> Void) -> Bool {
        let budgets = loop.shared.budgets
        let queue = exchange.isApart ? budgets.queuedStorageCalls : budgets.queuedCalls
        let client = caller.client
        guard queue.take(1, for: client) else {
            refuse(exchange, HTTPRefusal(429, "Too many requests wait for the server's threads; try again"))
            return false
        }
        pool.run(for: caller.clientNumber) {
            queue.giveBack(1, for: client)
            handler()
        }
        return true
    }

    private func answer(_ exchange: Exchange, _ response: HTTPResponse) {
        awaitAnswer()
        body = []
        loop.post(.answer(id, exchange: exchange.id, response))
    }

    private func makeExchange(head: RequestHead?) -> Exchange {
        lastExchangeID += 1
        loop.shared.counters.requests.wrappingAdd(1, ordering: .relaxed)
        return Exchange(id: lastExchangeID, head: head, startNanoseconds: SystemCall.preciseNanoseconds())
    }

    private func beginExchange(_ head: RequestHead) {
        let exchange = makeExchange(head: head)
        self.exchange = exchange
        // A client that sends the next request has received the last answer.
        if lastAnswer == .sent { caller.didReceiveAnswer() }
        lastAnswer = .none
        clearDeadline()
        decoder = BodyDecoder(head.framing, limits: limits)
        exchange.hasUnreadBody = !decoder.isFinished
        admit(exchange, head)
    }

    /// Called when the data for the decision about an undecided request have arrived; checks the request again.
    func handleDataForDecision(exchange number: UInt64) {
        isJobRunning = false
        if phase == .closed { return finishClosing() }
        guard let exchange, exchange.id == number, let head = exchange.head else { return }
        if call == nil { admit(exchange, head) } else { admitAgain(exchange) }
    }

    private func admit(_ exchange: Exchange, _ head: RequestHead) {
        var request = HTTPRequest(
            head: head,
            caller: callerOfNextRequest(),
            isAloneOnItsThread: loop.servesOneConnection,
            arrival: exchange.startNanoseconds
        )
        request.isEncrypted = channel.session != nil
        let match = head.withBytes(head.path) { loop.router.match(head.method, $0) }
        if case .found(_, let pattern, let parameters, let number) = match {
            request.routePattern = pattern
            request.routeNumber = number
            request.parameters = parameters
        }
        if let requestHeaders = loop.configuration.requestHeaders { exchange.extraHeaders = requestHeaders(request) }
        if let readmission = loop.configuration.readmission { request.admissionVersion = readmission.version() }
        let admission = loop.configuration.admit?(&request) ?? .admitted
        caller = request.caller
        loop.shared.budgets.contention.recordRequest(of: caller.clientNumber, at: loop.now)
        exchange.request = request
        switch admission {
        case .admitted: call(match, exchange, request)
        case .refused(let response): answer(exchange, response)
        case .undecided(let fetchData): waitForData(fetchData, exchange)
        }
    }

    /// Whether permissions have changed since the request was admitted, so that it must be checked again.
    func isAdmissionOutdated(_ request: HTTPRequest) -> Bool {
        loop.configuration.readmission.map { $0.version() != request.admissionVersion } ?? false
    }

    /// Decides again about a request whose body is complete, and gives the request to its handler if it is admitted.
    func admitAgain(_ exchange: Exchange) {
        guard let readmission = loop.configuration.readmission, var request = exchange.request else { return }
        request.admissionVersion = readmission.version()
        let admission = readmission.check(&request)
        caller = request.caller
        exchange.request = request
        switch admission {
        case .admitted: dispatch()
        case .refused(let response):
            call = nil
            answer(exchange, response)
        case .undecided(let fetchData): waitForData(fetchData, exchange)
        }
    }

    /// Begins to fetch the data that the decision about the request needs; `handleDataForDecision` then decides again.
    private func waitForData(_ fetchData: (@escaping @Sendable () -> Void) -> Void, _ exchange: Exchange) {
        exchange.decisionCount += 1
        // Permissions may change again while they are read, so the number of checks is limited.
        guard exchange.decisionCount <= LateAdmission.limit else {
            call = nil
            return refuse(exchange, LateAdmission.changesTooOften)
        }
        phase = .opening
        isJobRunning = true
        fetchData { [id, loop, number = exchange.id] in loop.post(.dataForDecision(id, exchange: number)) }
    }

    private func call(_ match: HTTPRouteMatch, _ exchange: Exchange, _ request: HTTPRequest) {
        guard let head = exchange.head else { return }
        guard countForIdentity() else {
            refuse(HTTPRefusal(429, "\(caller.client.phrase) has too many connections; close some, or try again later"))
            return
        }
        let concernsServer = head.withBytes(head.path) { $0.elementsEqual("*".utf8) }
        if concernsServer { return answerOptions(exchange, HTTPMethod.allCases) }
        switch match {
        case .notFound: refuse(exchange, HTTPRefusal(404, "No route for \(head.method.rawValue) \(request.path)"))
        case .methodNotAllowed(let allow) where head.method == .options: answerOptions(exchange, allow)
        case .methodNotAllowed(let allow):
            let message = "\(head.method.rawValue) is not allowed for \(request.path)"
            var response = loop.configuration.errorResponse(HTTPRefusal(405, message), request)
            response.headers.append(("Allow", Self.list(allow)))
            answer(exchange, response)
        case .found(let handler, _, _, _): start(handler, exchange, request)
        }
    }

    private static func list(_ methods: [HTTPMethod]) -> String { methods.map(\.rawValue).joined(separator: ", ") }

    private func answerOptions(_ exchange: Exchange, _ allow: [HTTPMethod]) {
        answer(exchange, HTTPResponse(status: 204, headers: [("Allow", Self.list(allow))]))
    }

    private func start(_ handler: HTTPHandler, _ exchange: Exchange, _ request: HTTPRequest) {
        switch handler {
        case .apart(let handler):
            exchange.isApart = true
            start(handler, exchange, request)
        case .buffered(let maximum, let handler):
            let maximum = maximum ?? limits.bodyBytes
            buffer(BufferedCall(handler: handler, maximumBodyBytes: maximum, mayBlock: false), exchange)
        case .blocking(let maximum, let handler):
            let maximum = maximum ?? limits.bodyBytes
            buffer(BufferedCall(handler: handler, maximumBodyBytes: maximum, mayBlock: true), exchange)
        case .streamed(let open):
            let responder = makeResponder(exchange)
            let admission = lateAdmission(on: workers(for: exchange))
            let isCalled = callOnWorker(exchange) { [id, loop, number = exchange.id] in
                admission.run(request, responder) { request in
                    let receiver = request.flatMap { open($0, responder) }
                    loop.post(.opened(id, exchange: number, receiver))
                }
            }
            guard isCalled else { return }
            phase = .opening
            isJobRunning = true
        }
    }

    private func buffer(_ call: BufferedCall, _ exchange: Exchange) {
        guard exchange.head?.coding != .unsupported else {
            return refuse(exchange, HTTPRefusal(415, "Content-Encoding must be one of gzip, deflate, identity"))
        }
        if let remaining = decoder.remaining, remaining > call.maximumBodyBytes {
            let message = "The body of \(remaining) bytes is larger than the \(call.maximumBodyBytes) allowed here"
            return refuse(exchange, HTTPRefusal(413, message))
        }
        self.call = call
        phase = .buffering
        guard !decoder.isFinished else { return }
        exchange.hasUnreadBody = false
        sendContinueIfAwaited(exchange)
        setDeadline(limits.bodyStallTimeout, .body)
    }

    /// Sends status 100 if the client waits for it before it sends the body (RFC 9110 §10.1.1).
    func sendContinueIfAwaited(_ exchange: Exchange) {
        guard exchange.head?.expectsContinue == true, input.isEmpty else { return }
        let line: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"
        let bytes = UnsafeRawBufferPointer(start: line.utf8Start, count: line.utf8CodeUnitCount)
        // The send buffer is empty, so the 25 bytes fail only on a broken connection, which the next read reports.
        let sent = channel.send(bytes, UnsafeRawBufferPointer(rebasing: bytes[..<0]), moreFollows: false)
        if sent != .bytes(bytes.count) { channel.session?.invalidate() }
    }

    /// The caller of the connection's next request: the caller of the last request, or a new one if the client seemed to have
    /// disconnected, so that work for it was cancelled.
    private func callerOfNextRequest() -> Caller {
        if caller.hasLeft { caller = Caller(peer: caller.peer) }
        return caller
    }

    /// The check of a request just before its handler is called on a thread of the pool.
    func lateAdmission(on pool: ThreadPool) -> LateAdmission {
        LateAdmission(
            readmission: loop.configuration.readmission,
            pool: pool,
            clientNumber: caller.clientNumber,
            errorResponse: loop.configuration.errorResponse
        )
    }

    func makeResponder(_ exchange: Exchange) -> HTTPResponder {
        HTTPResponder(ResponseToken(loop: loop, connection: id, exchange, clientNumber: caller.clientNumber))
    }
}
