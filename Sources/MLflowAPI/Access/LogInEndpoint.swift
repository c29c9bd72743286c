internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import Identities
internal import JSON

extension MLflowAPI {
    /// The call by which a page learns who uses it; `docs/own-calls.md` describes it.
    var logInEndpoints: [[Endpoint]] {
        [
            endpoint(
                .get,
                .apus,
                "log-in",
                .lookUp(.server),
                handler: .buffered { request, responder in
                    let identity = request.caller.identity
                    let logIn = settings.access?.isRequired == true ? settings.access?.nameOfLogIn(request) : nil
                    var response = HTTPResponse.jsonObject { writer in
                        writer.member("name", ifPresent: identity?.name)
                        writer.member("kind", ifPresent: identity?.kind.rawValue)
                        writer.member("is_admin", identity?.isAdministrator == true)
                        writer.member("has_users", settings.access?.hasUsers == true)
                        writer.member("has_password", settings.access?.hasPassword(identity) == true)
                        writer.member("can_log_out", logIn != nil)
                        let admitted = settings.access?.admittedSender(of: request)
                        writer.member("makes_tokens", admitted?.mayMakeTokens == true)
                        writer.member("token_lifetime", ifPresent: admitted?.longestTokenLifetime)
                    }
                    response.headers.append(("Cache-Control", "no-store"))
                    responder.send(response)
                }
            )
        ]
    }
}
