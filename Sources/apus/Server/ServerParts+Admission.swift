internal import Forwarding
internal import HTTPServer
internal import HTTPWire
internal import Identities
internal import MLflowAPI

extension ServerParts {
    /// The check of every request when its head has arrived; nil if every request is accepted.
    func admission(_ routes: DeclaredRoutes, _ table: RouteTable) -> (@Sendable (inout HTTPRequest) -> HTTPAdmission)? {
        let security = settings.security
        let trail = settings.upstream?.trail
        guard security.isEnabled || access.isRequired || requestLimits != nil || trail != nil else { return nil }
        let origins = security.origins.refusingCrossSiteReads { routes.isForScripts($0) }
        return { [access, requestLimits] request in
            if security.isEnabled {
                if let refusal = security.hosts.refusal(of: request) ?? origins.refusal(of: request) {
                    return .refused(Refusal.response(refusal, to: request))
                }
                // A browser sends a preflight request without credentials; the answer contains only which requests
                // pages may send.
                if let preflight = security.origins.preflight(request) { return .refused(preflight) }
            }
            if access.isRequired {
                let decision = decide(on: &request, table)
                guard case .admitted = decision else { return decision }
            }
            if let requestLimits, let refusal = requestLimits.refusal(of: request, table.access(for: request)) {
                return .refused(refusal)
            }
            return trail?.refusal(of: request).map { .refused($0) } ?? .admitted
        }
    }

    /// Decides by the credentials of a request whether it is accepted.
    private func decide(on request: inout HTTPRequest, _ table: RouteTable) -> HTTPAdmission {
        switch access.decision(on: &request, table.access(for: request)) {
        case .admitted: return .admitted
        case .undecided(let begin): return .undecided(begin)
        case .refused(let refusal):
            if refusal.lacksCredential,
                let logIn = LogInRoutes.redirection(of: request, prefix: settings.listening.prefix)
            {
                return .refused(logIn)
            }
            var response = Refusal.response(refusal.refusal, to: request)
            // A page may send requests by script when its log-in has ended. A Basic challenge would make the browser ask for a
            // name and a password on that page.
            let isByScript = request.header("sec-fetch-mode").map { $0 != "navigate" } ?? false
            response.headers += refusal.fields.filter { !isByScript || !$0.value.hasPrefix("Basic") }
            return .refused(response)
        }
    }

    /// The repeated check of requests that were admitted before permissions changed; nil if requests need no credentials.
    func readmission(_ table: RouteTable) -> HTTPReadmission? {
        guard access.isRequired else { return nil }
        return HTTPReadmission(version: { [version = access.version] in version.current }) { decide(on: &$0, table) }
    }
}

extension ForwardTrail {
    /// The refusal of a call that this server has sent itself; nil for any other call.
    fileprivate func refusal(of request: HTTPRequest) -> HTTPResponse? {
        guard let value = request.header(Self.field.lowercased()), detectsLoop(value) else { return nil }
        return APIError(status: 409, code: Self.errorCode, message: Self.refusal).response
    }
}
