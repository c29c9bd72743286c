import Budgets
import Coding
import Files
import HTTPWire
import Threads

/// Collects request bodies in memory.
extension ServerConnection {
    /// Collects the body of a buffered route; false when more bytes are needed.
    func readBody() -> Bool {
        do {
            while !decoder.isFinished {
                if input.isEmpty {
                    guard readMore() else {
                        accountForWaiting()
                        return false
                    }
                    exchange?.bodyReservation?.countTransferred(input.count, at: loop.now)
                    setDeadline(limits.bodyStallTimeout, .body)
                }
                let expected = decoder.remaining ?? 0
                try decoder.consume(input) { try collect($0, expected: expected) }
                try refuseExcess(decoder.announced)
            }
        } catch let refusal as HTTPRefusal {
            refuse(refusal)
            return true
        } catch {
            refuse(HTTPRefusal(500, "The body could not be read"))
            return true
        }
        guard let exchange, let request = exchange.request, isAdmissionOutdated(request) else {
            dispatch()
            return true
        }
        clearDeadline()
        exchange.hasUnreadBody = false
        admitAgain(exchange)
        return true
    }

    private func collect(_ bytes: UnsafeRawBufferPointer, expected: Int) throws(HTTPRefusal) {
        guard let exchange else { return }
        try refuseExcess(bytes.count)
        let size = body.count + bytes.count
        if size > limits.alwaysHeldBytes {
            guard bodyReservation(exchange).grow(to: size) else { throw Self.budgetSpent }
        }
        // The client may announce a long body and not send it, so the reserved memory is limited.
        if body.isEmpty { body.reserveCapacity(min(expected, limits.alwaysHeldBytes)) }
        body.append(contentsOf: bytes)
    }

    private func refuseExcess(_ count: Int) throws(HTTPRefusal) {
        guard let maximum = call?.maximumBodyBytes, count > maximum - body.count else { return }
        throw HTTPRefusal(413, "The body is larger than the \(maximum) bytes allowed here")
    }

    /// Takes memory of the budget for the part of an unfinished body that has arrived.
    ///
    /// If the budget is used up, the bytes are kept uncounted; `collect` refuses more than `HTTPLimits.alwaysHeldBytes` of them.
    private func accountForWaiting() {
        guard phase == .buffering, !body.isEmpty, let exchange else { return }
        _ = bodyReservation(exchange).grow(to: body.count)
    }

    private func bodyReservation(_ exchange: Exchange) -> MemoryReservation {
        if let reservation = exchange.bodyReservation { return reservation }
        let reservation = loop.shared.bodies.reservation(for: caller.client) { [loop, id, number = exchange.id] in
            loop.post(.memoryRevoked(id, exchange: number))
        }
        reservation.beginWaitingForClient(at: loop.now)
        exchange.bodyReservation = reservation
        return reservation
    }

    private static var budgetSpent: HTTPRefusal {
        HTTPRefusal(429, "The memory for request bodies, or this client's share of it, is used up; try again later")
    }

    /// Gives a complete request to its handler.
    func dispatch() {
        guard let exchange, let call, let head = exchange.head, var request = exchange.request else { return }
        self.call = nil
        awaitAnswer()
        exchange.hasUnreadBody = false
        exchange.bodyReservation?.endWaitingForClient()
        request.body = body
        body = []
        let responder = makeResponder(exchange)
        guard head.coding == .identity || request.body.isEmpty else {
            return dispatchCompressed(request, responder, call, head.coding, exchange)
        }
        guard call.mayBlock || request.body.count > limits.inlineBodyBytes else {
            return call.handler(request, responder)
        }
        let pool = call.mayBlock ? workers(for: exchange) : loop.shared.packers
        let admission = lateAdmission(on: pool)
        callLater(on: pool, exchange) { [request] in
            admission.run(request, responder) { request in
                if let request { call.handler(request, responder) }
            }
        }
    }

    private func dispatchCompressed(
        _ request: HTTPRequest,
        _ responder: HTTPResponder,
        _ call: BufferedCall,
        _ coding: RequestHead.Coding,
        _ exchange: Exchange
    ) {
        let reservation = bodyReservation(exchange)
        reservation.endWaitingForClient()
        let configuration = loop.configuration
        let admission = lateAdmission(on: workers(for: exchange))
        callOnWorker(exchange) {
            do {
                var request = request
                let maximum = call.maximumBodyBytes
                request.body = try Self.inflate(request.body, coding, maximum, reservation, configuration.limits)
                admission.run(request, responder) { request in
                    if let request { call.handler(request, responder) }
                }
            } catch {
                let refusal = error as? HTTPRefusal ?? Self.brokenCoding
                responder.send(configuration.errorResponse(refusal, request))
            }
        }
    }

    /// The refusal of a body whose compressed data are damaged or incomplete.
    private static var brokenCoding: HTTPRefusal { HTTPRefusal(400, "The content coding of the body is broken") }

    private static func inflate(
        _ body: [UInt8],
        _ coding: RequestHead.Coding,
        _ maximum: Int,
        _ reservation: MemoryReservation,
        _ limits: HTTPLimits
    ) throws -> [UInt8] {
        guard let inflater = Inflater(coding == .gzip ? .gzip : .zlib) else { throw budgetSpent }
        var result: [UInt8] = []
        try body.withUnsafeBytes { bytes in
            try inflater.inflate(bytes) { piece in
                guard piece.count <= maximum - result.count else {
                    throw HTTPRefusal(413, "The decompressed body is larger than the \(maximum) bytes allowed here")
                }
                let size = body.count + result.count + piece.count
                guard size <= limits.alwaysHeldBytes || reservation.grow(to: size) else { throw budgetSpent }
                result.append(contentsOf: piece)
            }
        }
        guard inflater.isFinished else { throw brokenCoding }
        return result
    }
}

/// Moves streamed bodies to their receivers.
extension ServerConnection {
    /// Called when the route has returned a receiver for the body, or nil because the route has already answered.
    func handleReceiver(_ receiver: (any HTTPBodyReceiver)?, exchange number: UInt64) {
        isJobRunning = false
        if phase == .closed {
            if let receiver { workers.run(for: caller.clientNumber) { receiver.abort() } }
            return finishClosing()
        }
        guard let exchange, exchange.id == number else { return }
        guard let receiver, heldAnswer == nil else {
            if let receiver { workers.run(for: caller.clientNumber) { receiver.abort() } }
            awaitAnswer()
            return releaseHeldAnswer()
        }
        sendContinueIfAwaited(exchange)
        exchange.hasUnreadBody = false
        pump = UploadPump(
            channel: channel,
            input: input,
            decoder: decoder,
            receiver: receiver,
            counters: loop.shared.counters
        )
        input = ByteBuffer()
        phase = .pumping
        runPump()
    }

    func startPumpIfReadable() {
        guard !isJobRunning, isReadable else { return }
        runPump()
    }

    private func runPump() {
        guard let pump else { return }
        isJobRunning = true
        isReadable = isPeerFinished
        clearDeadline()
        makers.run(for: caller.clientNumber) { [id, loop] in
            let outcome = pump.run()
            loop.post(.pumped(id, outcome))
            // The receiver is told only now, so that the loop gets the message about the end of the body before the answer.
            if case .finished = outcome { pump.finish() }
        }
    }

    /// Called when a run of the upload pump has ended.
    func handlePumpOutcome(_ outcome: UploadPump.Outcome) {
        isJobRunning = false
        guard let pump else { return }
        if case .finished = outcome {
            self.pump = nil
            input = pump.input
            decoder = pump.decoder
            // Bytes that arrived after the body may not cause an event of their own.
            isReadable = true
        }
        if phase == .closed { return finishClosing() }
        switch outcome {
        case .blocked: if heldAnswer != nil { endPump(pump) } else { setDeadline(limits.bodyStallTimeout, .body) }
        case .yielded: if heldAnswer != nil { endPump(pump) } else { isReadable = true }
        case .stopped: endPump(pump)
        case .finished:
            awaitAnswer()
            releaseHeldAnswer()
        case .peerVanished: close()
        case .failed(let refusal):
            endPump(pump)
            if phase == .awaiting, exchange?.status == 0 { refuse(refusal) }
        }
    }

    /// Takes the receive buffer back from a pump that will not run again, and tells the receiver to remove what it has stored.
    private func endPump(_ pump: UploadPump) {
        self.pump = nil
        input = pump.input
        decoder = pump.decoder
        exchange?.hasUnreadBody = !decoder.isFinished
        isReadable = true
        workers.run(for: caller.clientNumber) { pump.abort() }
        awaitAnswer()
        releaseHeldAnswer()
    }

    private func releaseHeldAnswer() {
        guard let response = heldAnswer, let exchange else { return }
        heldAnswer = nil
        handleAnswer(response, exchange: exchange.id)
    }
}

/// Reads and drops input.
extension ServerConnection {
    /// Drops the rest of a small body so that the next request can be read; false when more bytes are needed.
    func discardBody() -> Bool {
        do {
            while !decoder.isFinished {
                if input.isEmpty {
                    guard readMore() else { return false }
                    setDeadline(limits.bodyStallTimeout, .body)
                }
                try decoder.consume(input) { _ in }
            }
        } catch {
            close()
            return false
        }
        awaitNextRequest()
        return true
    }

    /// Drops input after the last answer, up to `HTTPLimits.closingDrainBytes`, and then closes the connection; false
    /// when there is nothing to read.
    func linger() -> Bool {
        input.consume(input.count)
        guard readMore() else { return false }
        droppedBytes += input.count
        if droppedBytes > limits.closingDrainBytes {
            close()
            return false
        }
        return true
    }
}
