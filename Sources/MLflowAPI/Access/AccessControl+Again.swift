internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import Identities
internal import Tracking

/// Requests that were admitted a while ago: their bodies came late, or they have waited.
extension AccessControl {
    /// The most judgements of one request; each may be outdated when it is acted upon.
    static let judgementLimit = 8
    static let changesTooOften = AccessRefusal(
        refusal: HTTPRefusal(429, "What this client may do changes just now; try again.")
    )

    /// Decides again about a request whose rights may have been taken; calls `done` with the request as it was judged, or with
    /// the refusal.
    ///
    /// Does not block; `done` is called on the calling thread or another one.
    func judgeAgain(
        _ request: HTTPRequest,
        _ access: Access,
        judgedBefore count: Int = 0,
        _ done: @escaping @Sendable (Result<HTTPRequest, AccessRefusal>) -> Void
    ) {
        var request = request
        request.admissionVersion = version.current
        switch decision(on: &request, access) {
        case .admitted: done(.success(request))
        case .refused(let refusal): done(.failure(refusal))
        case .undecided(let begin):
            guard count < Self.judgementLimit else { return done(.failure(Self.changesTooOften)) }
            begin { [request] in self.judgeAgain(request, access, judgedBefore: count + 1, done) }
        }
    }

    /// Decides again about a request.
    ///
    /// Blocks while it is found out who sends it, and notes that in the request.
    /// - Throws: `AccessRefusal` for one that would not be admitted any more.
    func judgeAgain(_ request: inout HTTPRequest, _ access: Access) throws(AccessRefusal) {
        try catchUp(since: request.arrival)
        request.admissionVersion = version.current
        switch decided({ holder(request) }) {
        case .success(let admitted):
            request.identify(as: admitted.identity)
            request.caller.noteAdmission(
                at: admitted.identity.kind == .operatorCommand ? 0 : request.admissionVersion
            )
            if let refusal = admitted.refusal(of: access) { throw AccessRefusal(refusal: refusal) }
        case .failure(let failure): throw refusal(of: failure)
        }
    }

    /// Decides again about a request if anything was taken from anybody since the last decision; else compares two numbers.
    ///
    /// Blocks, if there may be other servers, until it is known what they have changed.
    /// - Returns: whether it was decided again, so that what the sender may do is to be asked for again.
    /// - Throws: `AccessRefusal` for one that would not be admitted any more.
    func admitAgain(_ request: inout HTTPRequest, _ access: Access) throws(AccessRefusal) -> Bool {
        guard isRequired else { return false }
        try catchUp()
        guard request.admissionVersion != version.current else { return false }
        try judgeAgain(&request, access)
        return true
    }
}

extension AccessRefusal {
    /// The answer of a handler.
    var response: HTTPResponse {
        var response = APIError(httpStatus: refusal.status, message: refusal.message).response
        response.headers += fields
        return response
    }
}

extension MLflowAPI {
    /// Does something for a request, and again from the start while its sender's rights change, as long as it has them.
    ///
    /// Blocks while it is found out who sends the request.
    /// - Parameters:
    ///   - access: what the endpoint declares.
    ///   - body: gets the request as it was judged last; changes nothing if it throws `AccessChanged`.
    /// - Throws: `AccessRefusal`, and what `body` throws.
    func whileAdmitted<Value>(
        _ request: HTTPRequest,
        _ access: Access,
        _ body: (HTTPRequest) throws -> Value
    ) throws -> Value {
        var request = request
        for _ in 0..<AccessControl.judgementLimit {
            do {
                return try body(request)
            } catch is AccessChanged {
                try settings.access?.judgeAgain(&request, access)
            }
        }
        throw AccessControl.changesTooOften
    }
}
