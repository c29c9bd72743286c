import Budgets
import Files
import HTTPWire
import Identities
import Synchronization
import TLS
import Threads

/// One client connection, driven by its loop as a state machine.
///
/// Only the loop's thread uses this object. A job is work on another thread that the connection waits for
/// (`isJobRunning`): only the job may then read or write the socket, and the descriptor stays open until the job has
/// posted its message. Handlers of buffered requests are not jobs.
final class ServerConnection {
    enum Phase {
        /// The TLS handshake of an encrypted connection is in progress.
        case encrypting
        /// Waiting for a head, or inside one.
        case head
        /// Collecting a body in memory.
        case buffering
        /// Another thread is finding out whether the request is admitted, or calls the route's handler, which returns the
        /// receiver of the body.
        case opening
        /// A worker is moving the body to its receiver, or the loop is waiting for more of it.
        case pumping
        /// The connection waits for the answer; the request has been read to its end, or the handler does not want the rest.
        case awaiting
        case writing
        /// The answer has been sent, and the rest of an unread body is being dropped, so that the connection can be used again.
        case discarding
        /// The last answer has been sent, the sending side is closed, and further input is being dropped.
        ///
        /// Closing the socket with unread input would send a reset, and the client could lose the answer.
        case lingering
        /// The client has ended the connection, and its system has not acknowledged the last answer yet.
        case confirming
        case closed
    }

    /// Whether the socket has accepted the whole last answer (`sent`), and whether the caller also counts it as received
    /// (`counted`).
    enum LastAnswer {
        case none, sent, counted
    }

    enum DeadlineKind {
        case idle, head, body, write, linger, confirmation
        /// The client has closed its sending side; it may still read the answer, or it may have disconnected.
        case departure
    }

    let id: ConnectionID
    var channel: Channel
    /// The part of the budget of connections that this connection uses, which is 1; given back when this object is released.
    let reservation: BudgetReservation
    /// The identity for which this connection counts in `Budgets.identifiedConnections`, and the reservation of 1 there.
    private var countedIdentity: (identity: Identity, reservation: BudgetReservation)?
    unowned let loop: EventLoop

    var caller: Caller
    var phase: Phase
    var input = ByteBuffer()
    var parser: RequestHeadParser
    var exchange: Exchange?
    var lastExchangeID: UInt64 = 0
    var decoder = BodyDecoder.length(0)
    /// The part of a buffered request's body that has arrived.
    var body: [UInt8] = []
    /// The handler that gets the buffered request when its body has arrived; nil for other requests.
    var call: BufferedCall?
    var pump: UploadPump?
    /// An answer that the handler sent while a worker was still using the body; sent to the client when the worker has stopped.
    var heldAnswer: HTTPResponse?
    var output = OutgoingResponse()
    /// The number of bytes that were dropped while `lingering`.
    var droppedBytes = 0
    var lastAnswer = LastAnswer.none
    /// The time until the connection checks again whether the client's system has acknowledged the last answer.
    private var confirmationDelay = Duration.milliseconds(10)

    /// Whether a read may find bytes: an event sets the flag, and a read that would block clears it.
    var isReadable = true
    /// The same for a write.
    var isWritable = true
    /// Whether the client has closed its sending side.
    var isPeerFinished = false
    var isJobRunning = false
    /// Whether the loop serves the connection only after those of other clients.
    var waitsForTurn = false

    /// When the connection began to wait for its next request, in nanoseconds of the loop's clock.
    var idleSince: UInt64 = 0
    /// When `handleDeadline` must be called, in nanoseconds of the loop's clock; `.max` means never.
    var deadline = UInt64.max
    private(set) var deadlineKind = DeadlineKind.idle

    struct BufferedCall {
        let handler: @Sendable (HTTPRequest, HTTPResponder) -> Void
        let maximumBodyBytes: Int
        let mayBlock: Bool
    }

    var limits: HTTPLimits { loop.configuration.limits }

    init(id: ConnectionID, channel: Channel, reservation: BudgetReservation, peer: Peer, loop: EventLoop) {
        self.id = id
        self.channel = channel
        phase = channel.session == nil ? .head : .encrypting
        self.reservation = reservation
        caller = Caller(peer: peer)
        self.loop = loop
        parser = RequestHeadParser(limits: loop.configuration.limits)
    }

    /// Starts the first deadline: for the handshake, or for the first request.
    func begin() {
        // No read is necessary now: if the first bytes have arrived already, epoll will report them (epoll(7)).
        isReadable = false
        idleSince = loop.now
        if phase == .encrypting {
            setDeadline(limits.headTimeout, .head)
        } else {
            setDeadline(limits.idleTimeout, .idle)
        }
    }

    /// Counts this connection towards the budget of the identity that sends the request; false if the identity has too
    /// many connections.
    func countForIdentity() -> Bool {
        guard let identity = caller.identity else {
            countedIdentity = nil
            return true
        }
        if countedIdentity?.identity === identity { return true }
        countedIdentity = nil
        let reservation = BudgetReservation(of: loop.shared.budgets.identifiedConnections, for: caller.client)
        guard reservation.grow(by: 1) else { return false }
        countedIdentity = (identity, reservation)
        return true
    }

    /// Whether no request is in progress: before the first one, between two of them, or during the handshake.
    var isBetweenRequests: Bool { phase == .encrypting || (phase == .head && !parser.hasBegun && input.isEmpty) }

    func handle(_ event: Epoll.Event) {
        if phase == .closed { return }
        if phase == .confirming { return confirmAnswer() }
        if event.isHungUp {
            if event.isReset { recordLostAnswer() }
            return close()
        }
        if event.isReadable { isReadable = true }
        if event.isWritable {
            isWritable = true
            // TLS may have to send before it can continue to read, so a read can wait for a writable socket.
            if channel.session != nil { isReadable = true }
        }
        if event.isPeerFinished {
            isPeerFinished = true
            isReadable = true
            if phase == .awaiting { awaitAnswer() }
        }
    }

    /// Continues with the phases of the connection as far as possible without waiting.
    func drive() {
        while true {
            switch phase {
            case .encrypting: if !encrypt() { return }
            case .head: if !readHead() { return }
            case .buffering: if !readBody() { return }
            case .pumping: return startPumpIfReadable()
            case .writing: if !writeOut() { return }
            case .discarding: if !discardBody() { return }
            case .lingering: if !linger() { return }
            case .opening, .awaiting, .confirming, .closed: return
            }
        }
    }

    /// Reads once into the receive buffer; false when there is nothing to read or the connection has ended.
    func readMore() -> Bool {
        guard isReadable else { return false }
        // 4 KiB hold an ordinary head. The buffer is released when the read finds nothing.
        let isSmall = phase == .head && input.count < 4_096
        input.reserve(isSmall ? 4_096 : 65_536)
        let space = input.space
        switch channel.receive(space) {
        case .bytes(let count):
            input.didFill(count)
            loop.shared.counters.bytesReceived.wrappingAdd(count, ordering: .relaxed)
            // Once the peer has closed its sending side, another read must find the end of the stream.
            if !isPeerFinished, channel.isDrained(afterReading: count, of: space.count) { isReadable = false }
            return true
        case .wouldBlock:
            isReadable = false
            input.releaseIfEmpty()
            return false
        case .endOfFile:
            closeWhenDelivered()
            return false
        case .failed:
            recordLostAnswer()
            close()
            return false
        }
    }

    /// Called when the client has reset the connection; it may not have read the last answer to its end.
    private func recordLostAnswer() {
        switch phase {
        case .head, .discarding, .lingering, .writing:
            if lastAnswer == .counted { caller.didLoseAnswer() }
            lastAnswer = .none
        case .encrypting, .opening, .buffering, .pumping, .awaiting, .confirming, .closed: return
        }
    }

    /// Ends the connection, at once or after the last answer is acknowledged; called when the client has closed its sending side.
    ///
    /// Such a client may still read the last answer. The answer counts as lost until the client's system acknowledges it; if that
    /// system resets the connection instead, the client has not read the answer.
    func closeWhenDelivered() {
        guard lastAnswer != .none else { return close() }
        switch SystemCall.delivery(channel.descriptor.rawValue) {
        case .complete:
            if lastAnswer == .sent { caller.didReceiveAnswer() }
            lastAnswer = .none
            close()
        case .broken:
            recordLostAnswer()
            close()
        case .pending:
            if lastAnswer == .counted { caller.didLoseAnswer() }
            lastAnswer = .sent
            caller.leave()
            channel.session?.sendCloseNotify()
            channel.shutdownWriting()
            phase = .confirming
            setDeadline(confirmationDelay, .confirmation)
        }
    }

    /// Checks again whether the client's system has acknowledged the last answer.
    private func confirmAnswer() {
        switch SystemCall.delivery(channel.descriptor.rawValue) {
        case .complete:
            caller.didReceiveAnswer()
            close()
        case .broken: close()
        case .pending:
            confirmationDelay = confirmationDelay * 2
            guard confirmationDelay < limits.drainTimeout else { return close() }
            setDeadline(confirmationDelay, .confirmation)
        }
    }

    /// Ends the connection.
    ///
    /// The receiver of an unfinished body is told on a worker thread. If a job is running, the descriptor is closed
    /// only after the job has ended.
    func close() {
        guard phase != .closed else { return }
        if phase == .head { channel.session?.sendCloseNotify() }
        phase = .closed
        deadline = .max
        heldAnswer = nil
        caller.leave()
        if isJobRunning {
            pump?.stop()
            // The shutdown does not wake the job, but the job's next call on the socket fails.
            SystemCall.shutdownBoth(channel.descriptor.rawValue)
        } else {
            finishClosing()
        }
    }

    /// Releases what the connection holds and removes it from the loop; called when no job is running any more.
    func finishClosing() {
        if let pump {
            self.pump = nil
            workers.run(for: caller.clientNumber) { pump.abort() }
        }
        output = OutgoingResponse()
        exchange = nil
        loop.remove(id)
    }

    /// Shortens the deadline of the connection for a shutdown.
    ///
    /// A client between two requests has a moment to send one more. A request head that has begun to arrive must be complete
    /// within a second, so that a client that stopped in the middle does not delay the shutdown. Other connections end after
    /// their answer.
    func shortenDeadline() {
        guard phase == .head || phase == .encrypting else { return }
        if isBetweenRequests {
            setDeadline(limits.lastRequestTimeout, .idle)
        } else {
            setDeadline(.seconds(1), .head)
        }
    }

    /// Tells a client that is still sending a body to send the body again, because the server is stopping.
    func refuseBody() {
        switch phase {
        case .buffering: refuse(HTTPRefusal(429, "The server is stopping; send the request again"))
        case .pumping:
            guard let exchange else { return }
            let refusal = HTTPRefusal(429, "The server is stopping; send the file again")
            handleAnswer(loop.configuration.errorResponse(refusal, exchange.request), exchange: exchange.id)
        case .encrypting, .head, .opening, .awaiting, .writing, .discarding, .lingering, .confirming, .closed: break
        }
    }

    /// Refuses the body of this slow client, or ends its answer, because other clients have been given the client's memory.
    func handleRevokedMemory(exchange number: UInt64) {
        guard let exchange, exchange.id == number else { return }
        switch phase {
        case .buffering:
            let reason = "The body arrived too slowly, and other clients needed its memory; send the request again"
            refuse(HTTPRefusal(408, reason))
        case .writing: close()
        case .encrypting, .head, .opening, .pumping, .awaiting, .discarding, .lingering, .confirming, .closed: break
        }
    }
}

/// The deadlines of a connection.
extension ServerConnection {
    func setDeadline(_ span: Duration, _ kind: DeadlineKind) {
        let (sum, overflow) = loop.now.addingReportingOverflow(span.nanoseconds)
        deadline = overflow ? .max - 1 : sum
        deadlineKind = kind
        loop.require(wakeUpBy: deadline)
    }

    /// Enters the phase in which the handler makes the answer.
    ///
    /// A client that has closed its sending side may still be reading, but a client process that has ended looks the same. After
    /// `HTTPLimits.halfClosedTimeout` long work for such a client is cancelled; the client still gets an answer.
    func awaitAnswer() {
        phase = .awaiting
        if isPeerFinished { setDeadline(limits.halfClosedTimeout, .departure) } else { clearDeadline() }
    }

    func clearDeadline() { deadline = .max }

    /// Called when the deadline has passed without the event that the connection was waiting for.
    func handleDeadline() {
        clearDeadline()
        switch deadlineKind {
        case .idle, .write, .linger: close()
        case .confirmation: confirmAnswer()
        case .departure: caller.recordProbableDisconnection()
        case .head:
            if parser.hasBegun, !loop.isDraining {
                refuse(HTTPRefusal(408, "The request head did not arrive in time"))
            } else {
                close()
            }
        case .body:
            let refusal = HTTPRefusal(408, "The request body stopped arriving")
            if phase == .pumping, !isJobRunning {
                handlePumpOutcome(.failed(refusal))
            } else if phase == .buffering {
                refuse(refusal)
            } else if phase == .discarding {
                close()
            }
        }
    }
}
