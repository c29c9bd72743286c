internal import Coding
internal import Forwarding
internal import HTTPServer
internal import HTTPWire
internal import MLflowAPI

extension RunningServer {
    /// What every request passes before it is routed; nil where all pass.
    static func admission(
        _ security: SecuritySettings,
        _ access: AccessControl,
        _ rate: RequestLimits?,
        _ trail: ForwardTrail?,
        _ routes: DeclaredRoutes,
        _ table: RouteTable,
        prefix: String
    ) -> (@Sendable (inout HTTPRequest) -> HTTPAdmission)? {
        guard security.isEnabled || access.isRequired || rate != nil || trail != nil else { return nil }
        let origins = security.origins.guarding { routes.isForScripts($0) }
        return { request in
            if security.isEnabled {
                if let refusal = security.hosts.refusal(of: request) ?? origins.refusal(of: request) {
                    return .refused(Refusal.response(refusal, to: request))
                }
                // A browser asks beforehand without credentials; the answer tells nothing but what pages may send.
                if let preflight = security.origins.preflight(request) { return .refused(preflight) }
            }
            if access.isRequired {
                switch access.decision(on: &request, table.access(for: request)) {
                case .admitted: break
                case .undecided(let begin): return .undecided(begin)
                case .refused(let refusal):
                    if refusal.lacksCredential, let logIn = LogInRoutes.redirection(of: request, prefix: prefix) {
                        return .refused(logIn)
                    }
                    var response = Refusal.response(refusal.refusal, to: request)
                    // A browser would ask for a name and a password in the middle of a page whose log-in has ended.
                    let isByScript = request.header("sec-fetch-mode").map { $0 != "navigate" } ?? false
                    response.headers += refusal.fields.filter { !isByScript || !$0.value.hasPrefix("Basic") }
                    return .refused(response)
                }
            }
            if let rate, let refusal = rate.refusal(of: request, table.access(for: request)) {
                return .refused(refusal)
            }
            return trail?.refusal(of: request).map { .refused($0) } ?? .admitted
        }
    }

    /// What a person is told whose server asks for tokens and knows none.
    static func lackOfTokens(_ layout: StorageLayout) -> String {
        var place = "--backend-store-uri \(layout.databasePath.printable(limit: 300))"
        if layout.databasePath.hasSuffix("/apus.db") {
            place = "--data-dir \(layout.databasePath.dropLast("/apus.db".count).printable(limit: 300))"
        }
        return "apus: every request needs a token, and there is none yet. Make one: "
            + "apus token create NAME --scope admin \(place)"
    }
}

extension ForwardTrail {
    /// The answer to a call that comes from this server itself; nil for any other one.
    fileprivate func refusal(of request: HTTPRequest) -> HTTPResponse? {
        guard let value = request.header(Self.field.lowercased()), comesBack(value) else { return nil }
        return APIError(status: 409, code: Self.errorCode, message: Self.refusal).response
    }
}
