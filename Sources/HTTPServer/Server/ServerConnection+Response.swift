import Budgets
import Files
import HTTPWire
import Synchronization
import TLS
import Threads

/// Sends answers.
extension ServerConnection {
    /// Begins to send the answer of a handler, or keeps it while a worker still uses the request's body; drops an answer to an
    /// exchange that has ended.
    func handleAnswer(_ response: HTTPResponse, exchange number: UInt64) {
        guard let exchange, exchange.id == number else { return }
        switch phase {
        case .awaiting: startWriting(response, exchange)
        case .opening: if heldAnswer == nil { heldAnswer = response }
        case .pumping:
            guard let pump, heldAnswer == nil else { return }
            heldAnswer = response
            pump.stop()
            if !isJobRunning { handlePumpOutcome(.stopped) }
        case .encrypting, .head, .buffering, .writing, .discarding, .lingering, .confirming, .closed: return
        }
    }

    private func startWriting(_ made: HTTPResponse, _ exchange: Exchange) {
        var response =
            reserveMemory(made, exchange)
            ? made : loop.configuration.errorResponse(HTTPRefusal(429, Self.budgetSpent), exchange.request)
        response.addRetryAfter(loop.shared.budgets.overload)
        exchange.status = response.status
        decideKeepAlive(exchange)
        let hasBody = response.status >= 200 && response.status != 204 && response.status != 304
        let framing = hasBody ? framing(of: response.body, exchange) : .none
        if case .untilClose = framing { exchange.closesAfter = true }
        writeHead(response, framing, exchange)
        if hasBody, exchange.head?.method != .head { attach(response.body) }
        phase = .writing
        setDeadline(limits.writeStallTimeout, .write)
    }

    private static let budgetSpent =
        "The memory for answers to slow clients, or this client's share of it, is used up; try again later"

    /// Takes memory of the budget for an answer of more than `HTTPLimits.alwaysHeldBytes`; false if the budget is used up.
    private func reserveMemory(_ response: HTTPResponse, _ exchange: Exchange) -> Bool {
        guard exchange.head?.method != .head else { return true }
        let needed =
            switch response.body {
            case .bytes(let bytes): bytes.count
            case .stream(let producer), .sizedStream(let producer, _): producer.memoryBytes
            case .file, .staticBytes: 0
            }
        guard needed > limits.alwaysHeldBytes else { return true }
        let reservation = answerReservation(exchange)
        guard reservation.grow(to: needed) else {
            output.reservation = nil
            return false
        }
        return true
    }

    private func answerReservation(_ exchange: Exchange) -> MemoryReservation {
        if let reservation = output.reservation { return reservation }
        let reservation = loop.shared.answers.reservation(for: caller.client) { [loop, id, number = exchange.id] in
            loop.post(.memoryRevoked(id, exchange: number))
        }
        output.reservation = reservation
        return reservation
    }

    /// Takes memory of the budget for bytes that the client has not read yet; if the budget is used up, the bytes are
    /// kept anyway.
    private func accountForWaiting() {
        guard let exchange, output.waitingBytes > 0 else { return }
        let reservation = answerReservation(exchange)
        reservation.beginWaitingForClient(at: loop.now)
        _ = reservation.grow(to: output.waitingBytes)
    }

    /// Decides whether the connection stays open after the answer, given the unread part of the body.
    private func decideKeepAlive(_ exchange: Exchange) {
        if loop.isDraining { exchange.closesAfter = true }
        guard exchange.hasUnreadBody, !exchange.closesAfter else { return }
        // A client that waits for status 100 may or may not send its body after this answer. The server could not tell
        // the body from the next request, so the connection is closed.
        let isHeldBack = exchange.head?.expectsContinue == true
        let isSmall = decoder.remaining.map { $0 <= limits.keepAliveDrainBytes } ?? false
        if isHeldBack || !isSmall { exchange.closesAfter = true }
    }

    private func framing(of body: HTTPResponseBody, _ exchange: Exchange) -> BodyFraming {
        switch body {
        case .bytes(let bytes): .length(bytes.count)
        case .staticBytes(let bytes): .length(bytes.pointer.count)
        case .file(let file): .length(file.length)
        case .sizedStream(_, let length): .length(length)
        // HTTP/1.0 has no chunked coding (RFC 9112 §6.1): there the end of the connection is the end of the body.
        case .stream: exchange.head?.isHTTP11 == true ? .chunked : .untilClose
        }
    }

    private func writeHead(_ response: HTTPResponse, _ framing: BodyFraming, _ exchange: Exchange) {
        let buffer = output.buffer
        buffer.reserve(512)
        HeadWriter.appendStatus(response.status, to: buffer)
        buffer.append(loop.date.line())
        loop.responseFields.append(to: buffer, except: response.headers)
        HeadWriter.appendFields(response.headers, to: buffer)
        if !exchange.extraHeaders.isEmpty { HeadWriter.appendFields(exchange.extraHeaders, to: buffer) }
        HeadWriter.appendFraming(framing, to: buffer)
        if exchange.closesAfter {
            buffer.append("Connection: close\r\n")
        } else if exchange.head?.isHTTP11 == false {
            buffer.append("Connection: keep-alive\r\n")
        }
        buffer.append("\r\n")
        if case .chunked = framing { output.isChunked = true }
    }

    private func attach(_ body: HTTPResponseBody) {
        switch body {
        case .bytes(let bytes):
            let isCopied = bytes.count <= OutgoingResponse.maximumCopiedBytes
            if isCopied { output.buffer.append(bytes) } else { output.bytes = bytes }
        case .staticBytes(let bytes): if !bytes.pointer.isEmpty { output.staticBytes = bytes }
        case .file(let file): if file.length > 0 { output.file = file }
        case .stream(let producer): output.producer = producer
        case .sizedStream(let producer, let length): if length > 0 { output.producer = producer }
        }
    }

    /// Sends until the answer is complete, and then returns true; returns false if the socket is full, a worker must make or send
    /// the next part, or the connection has ended.
    func writeOut() -> Bool {
        guard !isJobRunning else { return false }
        while isWritable {
            if output.buffer.isEmpty, output.remainderCount == 0 {
                if output.fileRemaining > 0 {
                    sendFile()
                    return false
                }
                if let producer = output.producer {
                    makeNextPiece(of: producer)
                    return false
                }
                finishExchange()
                return true
            }
            if output.holdsLastBytes { report(upcoming: output.buffer.count + output.remainderCount) }
            let moreFollows = output.fileRemaining > 0
            let result = output.withRemainder {
                channel.send(output.buffer.bytes, $0, moreFollows: moreFollows)
            }
            switch result {
            case .bytes(let count): didSend(count)
            case .wouldBlock:
                isWritable = false
                accountForWaiting()
            case .endOfFile, .failed:
                close()
                return false
            }
        }
        return false
    }

    private func didSend(_ count: Int) {
        output.consume(count)
        output.reservation?.countTransferred(count, at: loop.now)
        exchange?.bytesSent += count
        loop.shared.counters.bytesSent.wrappingAdd(count, ordering: .relaxed)
        if output.remainderCount > 0 { setDeadline(limits.writeStallTimeout, .write) }
    }

    private func sendFile() {
        guard let file = output.file else { return }
        if output.fileRemaining <= FileSending.bytesPerRun { report(upcoming: output.fileRemaining) }
        isJobRunning = true
        isWritable = false
        clearDeadline()
        let position = output.filePosition
        workers.run(for: caller.clientNumber) { [id, loop, channel] in
            let (count, outcome) = FileSending.run(channel, file: file, position: position)
            loop.post(.fileSent(id, count: count, outcome))
        }
    }

    /// Called when a worker has sent a part of the file.
    func handleFileProgress(_ count: Int, _ outcome: Transfer) {
        isJobRunning = false
        output.filePosition += count
        exchange?.bytesSent += count
        loop.shared.counters.bytesSent.wrappingAdd(count, ordering: .relaxed)
        if phase == .closed { return finishClosing() }
        switch outcome {
        case .bytes: isWritable = true
        case .wouldBlock: setDeadline(limits.writeStallTimeout, .write)
        // The file is unreadable, or shorter than announced; the client notices this only if the connection is closed.
        case .endOfFile, .failed: close()
        }
    }

    private func makeNextPiece(of producer: any HTTPBodyProducer) {
        isJobRunning = true
        clearDeadline()
        output.reservation?.endWaitingForClient()
        let isChunked = output.isChunked
        makers.run(for: caller.clientNumber) { [id, loop] in
            let (bytes, hasMore) = PieceMaking.run(producer, isChunked: isChunked)
            loop.post(.produced(id, bytes, hasMore: hasMore))
        }
    }

    /// Called when a worker has made the next piece of the body; `bytes` is nil if the producer threw an error.
    func handlePiece(_ bytes: [UInt8]?, hasMore: Bool) {
        isJobRunning = false
        if phase == .closed { return finishClosing() }
        guard let bytes else { return close() }
        if !hasMore { output.producer = nil }
        output.bytes = bytes
        output.position = 0
        setDeadline(limits.writeStallTimeout, .write)
    }

    private func finishExchange() {
        guard let exchange else { return }
        report(upcoming: 0)
        output.reservation = nil
        recordSentAnswer()
        output.file = nil
        output.filePosition = 0
        output.isChunked = false
        output.buffer.releaseIfEmpty()
        if exchange.closesAfter {
            closeAfterAnswer(exchange)
        } else if exchange.hasUnreadBody {
            phase = .discarding
            setDeadline(limits.bodyStallTimeout, .body)
        } else {
            awaitNextRequest()
        }
    }

    /// Counts the answer as received, unless the client has closed its sending side: it may have disconnected, and
    /// `closeWhenDelivered` finds out later whether it has received the answer.
    private func recordSentAnswer() {
        guard !isPeerFinished else { return lastAnswer = .sent }
        caller.didReceiveAnswer()
        lastAnswer = .counted
    }

    /// Reports the exchange to `HTTPServer.Configuration.onExchange`, at most once.
    /// - Parameter upcoming: the number of bytes of the answer that are about to be sent.
    private func report(upcoming: Int) {
        guard let exchange, !exchange.isReported, let onExchange = loop.configuration.onExchange else { return }
        exchange.isReported = true
        onExchange(
            HTTPExchange(
                routePattern: exchange.request?.routePattern ?? "",
                method: exchange.head?.method,
                status: exchange.status,
                durationNanoseconds: SystemCall.preciseNanoseconds() &- exchange.startNanoseconds,
                bytesSent: exchange.bytesSent + upcoming
            )
        )
    }

    /// Closes the connection; if there may be unread input, closes only the sending side and drops the input first.
    ///
    /// Closing a socket with unread bytes sends a reset, which can overtake the answer (RFC 9112 §9.6).
    private func closeAfterAnswer(_ exchange: Exchange) {
        guard exchange.hasUnreadBody || !input.isEmpty || isReadable, !isPeerFinished else {
            channel.session?.sendCloseNotify()
            self.exchange = nil
            if isPeerFinished { closeWhenDelivered() } else { close() }
            return
        }
        self.exchange = nil
        channel.shutdownWriting()
        phase = .lingering
        droppedBytes = 0
        setDeadline(limits.drainTimeout, .linger)
    }

    func awaitNextRequest() {
        exchange = nil
        phase = .head
        input.releaseIfEmpty()
        idleSince = loop.now
        setDeadline(loop.isDraining ? limits.lastRequestTimeout : limits.idleTimeout, .idle)
    }
}

/// Sends file bodies on worker threads, which may block.
enum FileSending {
    static let bytesPerRun = 8 * 1_048_576

    /// Sends until the socket is full, the file ends, or `bytesPerRun` bytes are sent (`.bytes`).
    static func run(_ channel: Channel, file: HTTPFileBody, position: Int) -> (count: Int, outcome: Transfer) {
        var sent = 0
        while position + sent < file.length {
            if sent >= bytesPerRun { return (sent, .bytes(sent)) }
            let count = min(file.length - position - sent, 1_048_576)
            let result = channel.sendFile(file.descriptor, offset: file.offset + position + sent, count: count)
            guard case .bytes(let moved) = result else { return (sent, result) }
            sent += moved
        }
        return (sent, .bytes(sent))
    }
}

/// Makes the pieces of produced bodies on worker threads, which may block.
enum PieceMaking {
    /// Makes the next piece, framed for the wire; nil if the producer threw an error.
    ///
    /// Nothing is sent for an empty piece: a producer that works for long before its next byte returns empty pieces, so that the
    /// worker can serve others, and the server notices if the client has disconnected.
    static func run(_ producer: any HTTPBodyProducer, isChunked: Bool) -> (bytes: [UInt8]?, hasMore: Bool) {
        var piece: [UInt8] = []
        let hasMore: Bool
        do {
            hasMore = try producer.next(into: &piece)
        } catch {
            return (nil, false)
        }
        return (isChunked ? ChunkedEncoder.encode(piece, isLast: !hasMore) : piece, hasMore)
    }
}
