package import Budgets
internal import HTTPServer
internal import HTTPWire
internal import Identities
internal import JSON
package import Tracking

/// The properties of a token that is to be created.
package struct TokenRequest: Sendable {
    package var name: String
    package var scope: AccessScope
    /// The ids or names of the experiments to which the token is limited; nil for no limit.
    package var experiments: [String]?
    /// The time in milliseconds for which the token is valid; nil if it is valid until it is revoked.
    package var lifetime: Int64?

    package init(name: String, scope: AccessScope, experiments: [String]? = nil, lifetime: Int64?) {
        self.name = name
        self.scope = scope
        self.experiments = experiments
        self.lifetime = lifetime
    }
}

extension MLflowAPI {
    /// The calls by which `apus token` works on a running server; `docs/own-calls.md` describes them.
    var tokenEndpoints: [[Endpoint]] {
        [
            endpoint(.get, .apus, "tokens/list", .lookUp(.token), handler: .blocking(listTokens)),
            endpoint(.post, .apus, "tokens/create", Self.tokenChange.audited(), auditing: createToken),
            endpoint(.post, .apus, "tokens/revoke", Self.tokenChange.audited("username"), auditing: revokeToken),
        ]
    }

    private static let tokenChange = Access.change(.token)

    /// Creates a token; blocks until the token is durable.
    ///
    /// - Returns: the token, and the secret that its holder sends, which cannot be shown again.
    package func createToken(
        _ request: TokenRequest,
        for caller: Caller = .server,
        _ audit: AuditEntry? = .byCommand("tokens/create")
    ) throws -> (key: AccessKey, token: AccessToken) {
        let now = currentMilliseconds()
        var token = AccessToken(name: request.name, scope: request.scope, creationTime: now)
        token.userID = caller.identity?.userID
        if let lifetime = request.lifetime {
            guard (1...Self.longestLifetime).contains(lifetime) else {
                throw TrackingError.invalidParameter(
                    "A token can be valid for up to 100 years; leave expires_in out for a token that does not expire."
                )
            }
            token.expirationTime = now + lifetime
        }
        if let experiments = request.experiments {
            guard (1...AccessToken.experimentLimit).contains(experiments.count) else {
                throw TrackingError.tokenExperiments(experiments.count)
            }
            token.experimentIDs = Set(try experiments.map { try experimentID(idOrName: $0, for: caller) }).sorted()
        }
        let key = AccessKey()
        let audit = audit.map { Self.entry($0, of: token) }
        try store.writeNow(for: caller) { [token] session in
            try session.createAccessToken(token, hash: key.hash)
            try session.audit(audit)
        }
        try settings.access?.reload()
        return (key, token)
    }

    /// The audit entry of a new token.
    private static func entry(_ entry: AuditEntry, of token: AccessToken) -> AuditEntry {
        var entry = entry.about(.token, token.name)
        var details = [(name: "scope", value: token.scope.rawValue)]
        if let ids = token.experimentIDs {
            details.append(("experiment_ids", ids.map { String($0) }.joined(separator: ", ")))
        }
        if let time = token.expirationTime { details.append(("expiration_time", String(time))) }
        entry.describe(details)
        return entry
    }

    private static let longestLifetime: Int64 = 100 * 366 * 86_400_000

    /// All tokens, ordered by name, with the times of their last uses.
    package func accessTokens() throws -> [AccessToken] {
        let uses = settings.access?.uses ?? [:]
        return try store.readNow(.cheap) { try $0.accessTokens() }.map { token, hash in
            var token = token
            if let use = uses[hash] { token.lastUsedTime = max(use, token.lastUsedTime ?? 0) }
            return token
        }
    }

    /// Revokes a token.
    ///
    /// Blocks until the change is durable; no request that begins afterwards is admitted with the token.
    ///
    /// - Parameter userID: the owner of the token; nil for a token without an owner.
    package func revokeToken(
        named name: String,
        ofUser userID: Int64? = nil,
        for caller: Caller = .server,
        _ audit: AuditEntry? = .byCommand("tokens/revoke")
    ) throws {
        try store.writeNow(for: caller) { session in
            try session.revokeAccessToken(named: name, ofUser: userID)
            try session.audit(audit?.about(.token, name))
        }
        try settings.access?.reload()
    }

    /// Revokes a token, as `revokeToken(named:ofUser:)` does.
    ///
    /// - Parameter user: the name of the owner of the token; nil for a token without an owner.
    package func revokeToken(named name: String, ofUserNamed user: String?) throws {
        var entry = AuditEntry.byCommand("tokens/revoke")
        entry.describe(user.map { [("username", $0)] } ?? [])
        let id = try user.map { name in try store.readNow(.cheap) { try $0.user(named: name) }.id }
        try revokeToken(named: name, ofUser: id, entry)
    }

    // MARK: Calls

    private func listTokens(_ request: HTTPRequest, _ responder: HTTPResponder) {
        answerTokenManager(request, responder, .lookUp(.token)) { _, request in
            let identity = request.caller.identity
            var tokens = try accessTokens()
            if let identity, !identity.isAdministrator { tokens.removeAll { $0.userID != identity.userID } }
            let users = try store.readNow(.cheap) { try $0.users() }
            let names = Dictionary(users.map { ($0.id, $0.name) }, uniquingKeysWith: { one, _ in one })
            return .json(capacity: 64 + 192 * tokens.count) { [tokens] writer in
                writer.object(of: tokens, users: names)
            }
        }
    }

    private func createToken(_ request: HTTPRequest, _ responder: HTTPResponder, _ audit: AuditEntry?) {
        answerTokenManager(request, responder, Self.tokenChange) { message, request in
            let identity = request.caller.identity
            // A misspelt or empty list of experiments must not create a token without a limit.
            try Self.requireOnly(["name", "scope", "experiments", "expires_in"], message.names)
            let experiments = try message.strings("experiments")
            guard experiments != nil || !message.names.contains("experiments") else {
                throw TrackingError.tokenExperiments(0)
            }
            let longest = try settings.access?.longestTokenLifetime(of: request)
            let tokenRequest = TokenRequest(
                name: try message.requiredString("name"),
                scope: try message.choice("scope", of: AccessScope.self) ?? .write,
                experiments: experiments,
                lifetime: try message.integer("expires_in") ?? longest
            )
            if let longest, let lifetime = tokenRequest.lifetime, lifetime > longest {
                throw TrackingError.invalidParameter(
                    "A token of a user whom a proxy or an issuer names is valid for up to \(longest / 86_400_000) days, because this "
                        + "server is not told when such a user loses access. Make expires_in at most \(longest)."
                )
            }
            if let identity, tokenRequest.scope == .admin, !identity.isAdministrator {
                throw TrackingError.permissionDenied(
                    "Permission denied: only admins may create a token of the scope admin. Use the scope write."
                )
            }
            let (key, token) = try createToken(tokenRequest, for: request.caller, audit)
            var response = HTTPResponse.jsonObject { writer in
                writer.member("token", key.text)
                writer.members(of: token, user: identity?.userID == nil ? nil : identity?.name)
            }
            response.headers.append(("Cache-Control", "no-store"))
            return response
        }
    }

    private func revokeToken(_ request: HTTPRequest, _ responder: HTTPResponder, _ audit: AuditEntry?) {
        answerTokenManager(request, responder, Self.tokenChange) { message, request in
            let identity = request.caller.identity
            let name = try message.requiredString("name")
            var userID = identity?.userID
            if let owner = try message.string("username") {
                guard identity?.isAdministrator ?? true || identity?.name.isExactly(owner) == true else {
                    throw TrackingError.permissionDenied("Permission denied: only admins revoke the tokens of others.")
                }
                // No user has an empty name, so an empty name means a token without an owner.
                userID = owner.isEmpty ? nil : try store.readNow(.cheap) { try $0.user(named: owner) }.id
            }
            try revokeToken(named: name, ofUser: userID, for: request.caller, audit)
            return .empty
        }
    }

    /// Answers a sender who may manage tokens: an administrator or, for their own tokens, a user.
    ///
    /// On a server without authentication, only commands on its machine count as administrators.
    private func answerTokenManager(
        _ request: HTTPRequest,
        _ responder: HTTPResponder,
        _ access: Access,
        _ body: (RequestMessage, HTTPRequest) throws -> HTTPResponse
    ) {
        do {
            responder.send(
                try whileAdmitted(request, access) { request in
                    try requireTokenManager(request)
                    return try body(try RequestMessage(request), request)
                }
            )
        } catch { responder.send(response(to: error)) }
    }

    /// Throws unless the sender of a request may manage tokens, at least its own.
    private func requireTokenManager(_ request: HTTPRequest) throws(TrackingError) {
        let access = settings.access
        guard access?.isRequired == true || access?.isOfOperator(request) == true else {
            throw TrackingError.permissionDenied(
                "This server does not require tokens, so only `apus token` on its own machine can manage them. To allow this "
                    + "call, start the server with --require-token."
            )
        }
        let identity = request.caller.identity
        guard identity == nil || identity?.isAdministrator == true || identity?.kind == .user else {
            guard identity?.kind != .outsider else {
                throw TrackingError.permissionDenied(
                    "This server has no users to whom tokens could belong. The operator of the server can add users by starting "
                        + "it with --app-name basic-auth."
                )
            }
            throw TrackingError.permissionDenied(
                "The token '\(identity?.name ?? "")' may not manage tokens. Use a token of the scope admin: apus token create "
                    + "NAME --scope admin"
            )
        }
    }
}

extension JSONWriter {
    /// Writes an object with a list of tokens, which is the answer of `tokens/list`.
    ///
    /// - Parameter users: the names of users by their ids.
    package mutating func object(of tokens: [AccessToken], users: [Int64: String] = [:]) {
        beginObject()
        memberArray("tokens") { writer in
            for token in tokens {
                writer.beginObject()
                writer.members(of: token, user: token.userID.flatMap { users[$0] })
                writer.endObject()
            }
        }
        endObject()
    }

    package mutating func members(of token: AccessToken, user: String? = nil) {
        member("name", token.name)
        member("username", ifPresent: user)
        member("scope", token.scope.rawValue)
        if let ids = token.experimentIDs {
            memberArray("experiment_ids") { writer in for id in ids { writer.string(String(id)) } }
        }
        member("creation_time", token.creationTime)
        member("expiration_time", ifPresent: token.expirationTime)
        member("last_used_time", ifPresent: token.lastUsedTime)
    }
}
