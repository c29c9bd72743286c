internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import Tracking
internal import TrackingStore

/// The result of a handler that has read and validated its request: work for the store, and an encoder of its value.
///
/// The work runs in a transaction. The encoder runs after the transaction, and not on a thread of the writer or of a
/// reader, so that no other request waits while an answer is written as JSON.
struct Operation: Sendable {
    enum Work: Sendable {
        /// Changes that are part of the next group commit, after which the request is answered.
        case write(@Sendable (WriteSession) throws -> Encoding)
        /// A write that creates an entity. If a client repeats the request because the answer was lost, the repetition
        /// returns the same entity.
        case create(_ kind: String, @Sendable (WriteSession) throws -> Encoding)
        /// Reads in one transaction, on a reader's thread.
        case read(@Sendable (ReadSession) throws -> Encoding)
        /// No work: the handler has already made the answer.
        case none(HTTPResponse)
    }

    /// Makes the answer from the value of the work.
    ///
    /// The closure captures the value, so that the store need not know the value's type.
    enum Encoding: Sendable {
        /// The answer is an empty JSON object.
        case empty
        /// The closure makes the answer. `note` returns what the value adds to the audit entry.
        case value(@Sendable () throws -> HTTPResponse, note: (@Sendable () -> AuditNote)?)

        init<Value: Sendable>(
            _ value: Value,
            noting note: (@Sendable (Value) -> AuditNote)? = nil,
            _ encode: @escaping @Sendable (Value) throws -> HTTPResponse
        ) {
            var ofValue: (@Sendable () -> AuditNote)?
            if let note { ofValue = { note(value) } }
            self = .value({ try encode(value) }, note: ofValue)
        }

        fileprivate var note: AuditNote? {
            if case .value(_, let note?) = self { note() } else { nil }
        }
    }

    let work: Work

    /// Returns an operation that sends a response without using the store.
    static func answered(_ response: HTTPResponse) -> Operation { Operation(work: .none(response)) }

    static func write(_ work: @escaping @Sendable (WriteSession) throws -> Void) -> Operation {
        Operation(
            work: .write { session in
                try work(session)
                return .empty
            }
        )
    }

    /// - Parameter note: returns what the value adds to the audit entry; called in the transaction of the work.
    static func write<Value: Sendable>(
        _ work: @escaping @Sendable (WriteSession) throws -> Value,
        noting note: (@Sendable (Value) -> AuditNote)? = nil,
        encode: @escaping @Sendable (Value) throws -> HTTPResponse
    ) -> Operation {
        Operation(work: .write { Encoding(try work($0), noting: note, encode) })
    }

    static func create<Value: Sendable>(
        _ kind: String,
        _ work: @escaping @Sendable (WriteSession) throws -> Value,
        noting note: (@Sendable (Value) -> AuditNote)? = nil,
        encode: @escaping @Sendable (Value) throws -> HTTPResponse
    ) -> Operation {
        Operation(work: .create(kind) { Encoding(try work($0), noting: note, encode) })
    }

    static func read<Value: Sendable>(
        _ work: @escaping @Sendable (ReadSession) throws -> Value,
        encode: @escaping @Sendable (Value) throws -> HTTPResponse
    ) -> Operation {
        Operation(work: .read { Encoding(try work($0), encode) })
    }
}

extension MLflowAPI {
    /// Passes the work to the store, and answers the request when the work is done.
    ///
    /// - Parameters:
    ///   - cost: the cost of the operation if it is a read.
    ///   - draft: the audit entry that is stored in the transaction of a write; nil for none.
    func perform(
        _ operation: Operation,
        _ cost: ReadCost,
        _ draft: AuditDraft? = nil,
        for request: HTTPRequest,
        _ responder: HTTPResponder
    ) {
        switch operation.work {
        case .none(let response): responder.send(response)
        case .write(let work): write(Self.audited(work, draft), for: request, responder)
        case .create(let kind, let work):
            // The audit entry is inside `onlyOnce`, because a recognised repetition changes nothing.
            write(onlyOnce(kind, request, Self.audited(work, draft)), for: request, responder)
        case .read(let work):
            store.read(work, cost: cost, for: request.caller) { result in
                responder.send(answer(to: result, isShort: cost == .cheap))
            }
        }
    }

    private static func audited(
        _ work: @escaping @Sendable (WriteSession) throws -> Operation.Encoding,
        _ draft: AuditDraft?
    ) -> @Sendable (WriteSession) throws -> Operation.Encoding {
        guard let draft else { return work }
        return { session in
            let encoding = try work(session)
            try session.audit(draft.entry(after: encoding.note))
            return encoding
        }
    }

    private func write(
        _ work: @escaping @Sendable (WriteSession) throws -> Operation.Encoding,
        for request: HTTPRequest,
        _ responder: HTTPResponder
    ) {
        store.write(
            work,
            for: request.caller,
            bytes: request.body.count,
            mayBlock: request.isAloneOnItsThread
        ) { result in
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

    /// Returns an answer whose encoder runs on another thread.
    ///
    /// The function is called on the writer's or a reader's thread, which must not be delayed.
    private func answer(to result: Result<Operation.Encoding, any Error>, isShort: Bool) -> HTTPAnswer {
        switch result {
        case .success(.empty): return .ready(.empty)
        case .success(.value(let encode, _)):
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
