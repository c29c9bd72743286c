internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import Identities
internal import Tracking

/// What the calls about users, roles and grants have in common; their names and rules are those of `mlflow.server.auth`.
///
/// The handler of each call checks the permissions, because they depend on the account that the call is about. The transaction of
/// the change checks that the caller's permissions are still the same; otherwise the handler runs again.
extension MLflowAPI {
    /// The endpoints of these calls; empty if the server has no users, which MLflow's pages notice by calling `users/current`.
    var accountEndpoints: [[Endpoint]] {
        guard settings.access?.users != nil else { return [] }
        return userEndpoints + roleEndpoints + grantEndpoints + oldGrantEndpoints
    }

    /// The endpoints of a call of MLflow's API 2.0 or 3.0 that reads accounts.
    func accountLookUp(
        _ version: String,
        _ path: String,
        _ body: @escaping @Sendable (AccountCall) throws -> HTTPResponse
    ) -> [Endpoint] {
        accountEndpoint(.get, .api, "\(version)/mlflow/\(path)", .lookUp(.account), body)
    }

    /// The endpoints of a call of MLflow's API 2.0 or 3.0 that changes accounts.
    ///
    /// - Parameter access: the access with the form of the audit entry, whose action becomes `path`.
    func accountChange(
        _ method: HTTPMethod,
        _ version: String,
        _ path: String,
        _ access: Access,
        _ body: @escaping @Sendable (AccountCall) throws -> HTTPResponse
    ) -> [Endpoint] {
        var access = access
        if case .entry(var form) = access.audit {
            form.action = path
            access.audit = .entry(form)
        }
        return accountEndpoint(method, .api, "\(version)/mlflow/\(path)", access, body)
    }

    /// Changes accounts for a call, and writes the audit entry in the same transaction.
    func change<Value: Sendable>(
        _ call: AccountCall,
        _ kind: AuditResource.Kind,
        _ id: String,
        _ work: @escaping @Sendable (any TrackingWriting) throws -> Value
    ) throws -> Value {
        try store.writeNow(for: call.request.caller) { [entry = call.audit?.about(kind, id)] session in
            let value = try work(session)
            try session.audit(entry)
            return value
        }
    }

    func accountEndpoint(
        _ method: HTTPMethod,
        _ family: PathFamily,
        _ path: String,
        _ access: Access,
        _ body: @escaping @Sendable (AccountCall) throws -> HTTPResponse
    ) -> [Endpoint] {
        // The hash of a password takes a tenth of a second, so the handlers run on threads that may block.
        endpoint(
            method,
            family,
            path,
            access,
            auditing: { request, responder, audit in
                do {
                    responder.send(
                        try whileAdmitted(request, access) { request in
                            guard let identity = request.caller.identity else {
                                throw TrackingError.permissionDenied(
                                    "Permission denied: this call is for users of the server."
                                )
                            }
                            return try body(AccountCall(try RequestMessage(request), request, identity, audit))
                        }
                    )
                } catch { responder.send(response(to: error)) }
            }
        )
    }
}

/// A call about accounts, with the identity of the caller.
struct AccountCall {
    let message: RequestMessage
    let request: HTTPRequest
    let identity: Identity
    /// The audit entry of a change.
    let audit: AuditEntry?

    init(_ message: RequestMessage, _ request: HTTPRequest, _ identity: Identity, _ audit: AuditEntry?) {
        self.message = message
        self.request = request
        self.identity = identity
        self.audit = audit
    }

    /// Whether a user is the caller.
    func isAbout(_ name: String) -> Bool { identity.kind == .user && identity.name.isExactly(name) }

    func require(_ isAllowed: Bool, _ whom: String) throws {
        guard !isAllowed else { return }
        throw TrackingError.permissionDenied("Permission denied: this call is for \(whom).")
    }

    func requireAdministrator() throws { try require(identity.isAdministrator, "admins") }

    func requireRoleManager() throws { try require(identity.managesRoles, "admins") }
}
