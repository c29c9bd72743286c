internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import Tracking

/// The result of a handler that has read and validated its request: work for the store, and an encoder of its value.
///
/// The work runs in a transaction. The encoder runs after the transaction, and not on a thread of the writer or of a
/// reader, so that no other request waits while an answer is written as JSON.
struct Operation: Sendable {
    typealias Write = @Sendable (any TrackingWriting) throws -> Encoding
    typealias Read = @Sendable (any TrackingReading) throws -> Encoding

    enum Work: Sendable {
        /// Changes that are part of the next group commit, after which the request is answered.
        case write(Write)
        /// A write that only adds metrics, params and tags to runs.
        case log(Write)
        /// A write that creates an entity. If a client repeats the request because the answer was lost, the repetition
        /// returns the same entity.
        case create(_ kind: String, Write)
        /// Reads in one transaction, on a reader's thread.
        case read(Read)
        /// No work: the handler has already made the answer.
        case none(HTTPResponse)
    }

    /// Makes the answer from the value of the work.
    ///
    /// The closure captures the value, so that the store need not know the value's type.
    enum Encoding: Sendable {
        /// The answer is an empty JSON object.
        case empty
        /// The closure makes the answer. `auditNote` returns the value's contribution to the audit entry. `created` is what the
        /// work has created, if a repetition of the request can get the same answer.
        case value(
            @Sendable () throws -> HTTPResponse,
            auditNote: (@Sendable () -> AuditNote)?,
            created: CreatedEntity? = nil
        )

        init<Value: Sendable>(
            _ value: Value,
            auditNote note: (@Sendable (Value) -> AuditNote)? = nil,
            created: CreatedEntity? = nil,
            _ encode: @escaping @Sendable (Value) throws -> HTTPResponse
        ) {
            var noteOfValue: (@Sendable () -> AuditNote)?
            if let note { noteOfValue = { note(value) } }
            self = .value({ try encode(value) }, auditNote: noteOfValue, created: created)
        }

        /// The answer to work that has no value.
        fileprivate init(after work: Void) { self = .empty }

        fileprivate var auditNote: AuditNote? {
            if case .value(_, let note?, _) = self { note() } else { nil }
        }

        fileprivate func canReturnAgain(in session: any TrackingWriting) throws -> Bool {
            if case .value(_, _, let entity?) = self { try session.canReturnAgain(entity) } else { true }
        }
    }

    let work: Work

    /// Returns an operation that sends a response without using the store.
    static func answered(_ response: HTTPResponse) -> Operation { Operation(work: .none(response)) }

    static func write(_ work: @escaping @Sendable (any TrackingWriting) throws -> Void) -> Operation {
        Operation(work: .write { Encoding(after: try work($0)) })
    }

    /// - Parameter work: only adds metrics, params and tags to runs.
    static func log(_ work: @escaping @Sendable (any TrackingWriting) throws -> Void) -> Operation {
        Operation(work: .log { Encoding(after: try work($0)) })
    }

    /// - Parameter note: returns the value's contribution to the audit entry; called in the transaction of the work.
    static func write<Value: Sendable>(
        _ work: @escaping @Sendable (any TrackingWriting) throws -> Value,
        auditNote note: (@Sendable (Value) -> AuditNote)? = nil,
        encode: @escaping @Sendable (Value) throws -> HTTPResponse
    ) -> Operation {
        Operation(work: .write { Encoding(try work($0), auditNote: note, encode) })
    }

    /// - Parameter entity: returns what the work has created. While the entity exists, a client that may read and create it gets
    ///   the same answer if the client repeats the request.
    static func create<Value: Sendable>(
        _ kind: String,
        _ work: @escaping @Sendable (any TrackingWriting) throws -> Value,
        entity: @escaping @Sendable (Value) -> CreatedEntity,
        auditNote note: (@Sendable (Value) -> AuditNote)? = nil,
        encode: @escaping @Sendable (Value) throws -> HTTPResponse
    ) -> Operation {
        Operation(
            work: .create(kind) {
                let value = try work($0)
                return Encoding(value, auditNote: note, created: entity(value), encode)
            }
        )
    }

    static func read<Value: Sendable>(
        _ work: @escaping @Sendable (any TrackingReading) throws -> Value,
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
    ///   - access: the access that the endpoint declares.
    ///   - draft: the audit entry that is stored in the transaction of a write; nil for none.
    func perform(
        _ operation: Operation,
        _ cost: ReadCost,
        _ access: Access,
        _ draft: AuditDraft? = nil,
        for request: HTTPRequest,
        _ responder: HTTPResponder
    ) {
        switch operation.work {
        case .none(let response): responder.send(response)
        case .write(let work): write(Self.audited(work, draft), access, for: request, responder)
        case .log(let work): write(Self.audited(work, draft), access, logsOnly: draft == nil, for: request, responder)
        case .create(let kind, let work):
            // The audit entry is inside `once`, because a recognized repetition changes nothing.
            write(once(kind, request, Self.audited(work, draft)), access, for: request, responder)
        case .read(let work): read(work, cost, access, for: request, responder)
        }
    }

    private func read(
        _ work: @escaping Operation.Read,
        _ cost: ReadCost,
        _ access: Access,
        for request: HTTPRequest,
        earlierChecks count: Int = 0,
        _ responder: HTTPResponder
    ) {
        store.read(work, cost: cost, for: request.caller) { result in
            guard case .failure(let error) = result, error is AccessChanged else {
                return responder.send(answer(to: result, isShort: cost == .cheap))
            }
            ifStillAdmitted(request, access, earlierChecks: count, responder) { request in
                read(work, cost, access, for: request, earlierChecks: count + 1, responder)
            }
        }
    }

    private static func audited(_ work: @escaping Operation.Write, _ draft: AuditDraft?) -> Operation.Write {
        guard let draft else { return work }
        return { session in
            let encoding = try work(session)
            try session.audit(draft.entry(after: encoding.auditNote))
            return encoding
        }
    }

    private func write(
        _ work: @escaping Operation.Write,
        _ access: Access,
        logsOnly: Bool = false,
        for request: HTTPRequest,
        earlierChecks count: Int = 0,
        _ responder: HTTPResponder
    ) {
        store.write(
            work,
            for: request.caller,
            bytes: request.body.count,
            mayBlock: request.isAloneOnItsThread && count == 0,
            logsOnly: logsOnly
        ) { result in
            guard case .failure(let error) = result, error is AccessChanged else {
                return responder.send(answer(to: result, isShort: true))
            }
            ifStillAdmitted(request, access, earlierChecks: count, responder) { request in
                write(work, access, logsOnly: logsOnly, for: request, earlierChecks: count + 1, responder)
            }
        }
    }

    /// Checks the permissions of a client again, because they may have changed while its request waited, and calls
    /// `again` if the request is still admitted.
    ///
    /// Called on a thread of the store; does not block.
    private func ifStillAdmitted(
        _ request: HTTPRequest,
        _ access: Access,
        earlierChecks count: Int,
        _ responder: HTTPResponder,
        _ again: @escaping @Sendable (HTTPRequest) -> Void
    ) {
        guard let control = settings.access, count < AccessControl.maximumChecks else {
            return responder.send(response(to: AccessControl.changesTooOften))
        }
        control.checkAgain(request, access) { result in
            switch result {
            case .failure(let refusal): responder.send(.short { response(to: refusal) })
            case .success(let request): again(request)
            }
        }
    }

    /// Returns work that looks for an earlier, equal request of the same client; if that request has created the entity, the
    /// work creates nothing and returns the earlier result.
    private func once(_ kind: String, _ request: HTTPRequest, _ work: @escaping Operation.Write) -> Operation.Write {
        guard settings.recognizesRetries, let creation = Creation(kind, body: request.body, caller: request.caller)
        else { return work }
        return { session in
            try session.creations.answer(
                to: creation,
                canReturn: { try $0.canReturnAgain(in: session) },
                orMake: { try work(session) }
            )
        }
    }

    /// Returns an answer whose encoder runs on another thread.
    ///
    /// This method is called on the writer's or a reader's thread, which must not be delayed.
    private func answer(to result: Result<Operation.Encoding, any Error>, isShort: Bool) -> HTTPAnswer {
        switch result {
        case .success(.empty): return .ready(.empty)
        case .success(.value(let encode, _, _)):
            let make: @Sendable () -> HTTPResponse = {
                do {
                    return try encode()
                } catch { return response(to: error) }
            }
            return isShort ? .short(make) : .long(make)
        case .failure(let error): return .short { response(to: error) }
        }
    }
}
