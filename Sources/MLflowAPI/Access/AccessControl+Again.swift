internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import Identities
internal import Tracking

/// Checks requests again if their bodies arrived late or they waited, because their senders' permissions may have changed.
extension AccessControl {
    /// The maximum number of admission checks for one request; the permissions may change again after each check.
    static let maximumChecks = 8
    static let changesTooOften = AccessRefusal(
        refusal: HTTPRefusal(429, "The permissions of this client are being changed; try again.")
    )

    /// Checks again whether a request is admitted, because its client's permissions may have been reduced.
    ///
    /// Calls `done`, on the calling thread or another one, with the refusal, or with the request and the sender that this check
    /// has found. Does not block.
    func checkAgain(
        _ request: HTTPRequest,
        _ access: Access,
        earlierChecks count: Int = 0,
        _ done: @escaping @Sendable (Result<HTTPRequest, AccessRefusal>) -> Void
    ) {
        var request = request
        request.admissionVersion = version.current
        switch decision(on: &request, access) {
        case .admitted: done(.success(request))
        case .refused(let refusal): done(.failure(refusal))
        case .undecided(let begin):
            guard count < Self.maximumChecks else { return done(.failure(Self.changesTooOften)) }
            begin { [request] in self.checkAgain(request, access, earlierChecks: count + 1, done) }
        }
    }

    /// Checks again whether a request is admitted, and records its sender in the request.
    ///
    /// Blocks while the sender is looked up.
    /// - Throws: `AccessRefusal` if the request is no longer admitted.
    func checkAgain(_ request: inout HTTPRequest, _ access: Access) throws(AccessRefusal) {
        try catchUp(since: request.arrival)
        request.admissionVersion = version.current
        switch waitForSender({ sender(request) }) {
        case .success(let admitted):
            request.identify(as: admitted.identity)
            request.caller.noteAdmission(at: admitted.identity.kind == .operatorCommand ? 0 : request.admissionVersion)
            if let refusal = admitted.refusal(of: access) { throw AccessRefusal(refusal: refusal) }
        case .failure(let failure): throw refusal(of: failure)
        }
    }

    /// Checks a request again if anybody's permissions were reduced since its last check; otherwise only compares two numbers.
    ///
    /// If other servers may share the database, blocks until their changes are known.
    /// - Returns: whether the request was checked again, so that the sender's permissions must be read again.
    /// - Throws: `AccessRefusal` if the request is no longer admitted.
    func admitAgain(_ request: inout HTTPRequest, _ access: Access) throws(AccessRefusal) -> Bool {
        guard isRequired else { return false }
        try catchUp()
        guard request.admissionVersion != version.current else { return false }
        try checkAgain(&request, access)
        return true
    }
}

extension AccessRefusal {
    /// The response with which a handler answers.
    var response: HTTPResponse {
        var response = APIError(httpStatus: refusal.status, message: refusal.message).response
        response.headers += fields
        return response
    }
}

extension MLflowAPI {
    /// Runs `body` for a request, and runs it again from the start if it throws `AccessChanged` and the request is still
    /// admitted.
    ///
    /// Blocks while the sender is looked up.
    /// - Parameters:
    ///   - access: the access that the endpoint declares.
    ///   - body: called with the request after its latest check; must change nothing if it throws `AccessChanged`.
    /// - Throws: `AccessRefusal`, and what `body` throws.
    func whileAdmitted<Value>(
        _ request: HTTPRequest,
        _ access: Access,
        _ body: (HTTPRequest) throws -> Value
    ) throws -> Value {
        var request = request
        for _ in 0..<AccessControl.maximumChecks {
            do {
                return try body(request)
            } catch is AccessChanged { try settings.access?.checkAgain(&request, access) }
        }
        throw AccessControl.changesTooOften
    }
}
