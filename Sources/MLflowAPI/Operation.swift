internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import TrackingStore

/// What a handler wants done once its request has been read and found legal: work that gives a value, and an encoder of
/// the value.
///
/// The work runs inside a transaction. The encoder runs after the transaction, on a thread that neither the writer nor
/// a reader needs, so that no request of the store waits while an answer is written as JSON.
struct Operation: Sendable {
    enum Work: Sendable {
        /// Part of the next group commit; answered when that is durable.
        case write(@Sendable (WriteSession) throws -> Encoding)
        /// As `write`, but a request that is repeated because its answer was lost returns what the first one created.
        case create(_ kind: String, @Sendable (WriteSession) throws -> Encoding)
        /// On a reader's thread, at one moment in time.
        case read(@Sendable (ReadSession) throws -> Encoding)
        /// The request alone decides the answer.
        case none(HTTPResponse)
    }

    /// Makes the answer from the value of the work, which the closure holds: the store knows the type of neither.
    enum Encoding: Sendable {
        /// The answer is an empty JSON object.
        case empty
        case value(@Sendable () throws -> HTTPResponse)

        init<Value: Sendable>(_ value: Value, _ encode: @escaping @Sendable (Value) throws -> HTTPResponse) {
            self = .value { try encode(value) }
        }
    }

    let work: Work

    /// Answers without asking the store.
    static func answered(_ response: HTTPResponse) -> Operation { Operation(work: .none(response)) }

    static func write(_ work: @escaping @Sendable (WriteSession) throws -> Void) -> Operation {
        Operation(
            work: .write { session in
                try work(session)
                return .empty
            }
        )
    }

    static func write<Value: Sendable>(
        _ work: @escaping @Sendable (WriteSession) throws -> Value,
        encode: @escaping @Sendable (Value) throws -> HTTPResponse
    ) -> Operation {
        Operation(work: .write { Encoding(try work($0), encode) })
    }

    static func create<Value: Sendable>(
        _ kind: String,
        _ work: @escaping @Sendable (WriteSession) throws -> Value,
        encode: @escaping @Sendable (Value) throws -> HTTPResponse
    ) -> Operation {
        Operation(work: .create(kind) { Encoding(try work($0), encode) })
    }

    static func read<Value: Sendable>(
        _ work: @escaping @Sendable (ReadSession) throws -> Value,
        encode: @escaping @Sendable (Value) throws -> HTTPResponse
    ) -> Operation {
        Operation(work: .read { Encoding(try work($0), encode) })
    }
}

extension MLflowAPI {
    /// Has the store do the work, and answers when it is done.
    ///
    /// - Parameter cost: the cost of the operation if it is a read.
    func perform(
        _ operation: Operation,
        _ cost: ReadCost,
        for request: HTTPRequest,
        _ responder: HTTPResponder
    ) {
        switch operation.work {
        case .none(let response): responder.send(response)
        case .write(let work): write(work, for: request, responder)
        case .create(let kind, let work): write(onlyOnce(kind, request, work), for: request, responder)
        case .read(let work):
            store.read(work, cost: cost, for: request.caller) { result in
                responder.send(answer(to: result, isShort: cost == .cheap))
            }
        }
    }

    private func write(
        _ work: @escaping @Sendable (WriteSession) throws -> Operation.Encoding,
        for request: HTTPRequest,
        _ responder: HTTPResponder
    ) {
        store.write(work, for: request.caller, mayBlock: request.isAloneOnItsThread) { result in
            responder.send(answer(to: result, isShort: true))
        }
    }

    private func onlyOnce(
        _ kind: String,
        _ request: HTTPRequest,
        _ work: @escaping @Sendable (WriteSession) throws -> Operation.Encoding
    ) -> @Sendable (WriteSession) throws -> Operation.Encoding {
        guard settings.recognizesRetries,
            let creation = Creation(kind, body: request.body, caller: request.caller)
        else { return work }
        return { session in try session.once(creation) { try work(session) } }
    }

    /// Called on the writer's or a reader's thread, which must not be held up, so the encoder runs on another thread.
    private func answer(to result: Result<Operation.Encoding, any Error>, isShort: Bool) -> HTTPAnswer {
        switch result {
        case .success(.empty): return .ready(.empty)
        case .success(.value(let encode)):
            let make: @Sendable () -> HTTPResponse = {
                do {
                    return try encode()
                } catch {
                    return response(to: error)
                }
            }
            return isShort ? .short(make) : .long(make)
        case .failure(let error): return .short { response(to: error) }
        }
    }
}
