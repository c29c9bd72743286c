internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import JSON
package import Tracking
internal import TrackingStore

/// What a token is to be.
package struct TokenRequest: Sendable {
    package var name: String
    package var scope: AccessScope
    /// The ids or names of the only experiments for it; nil for all.
    package var experiments: [String]?
    /// In milliseconds from now; nil if it is valid until it is revoked.
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
            endpoint(.get, .apus, "tokens/list", .administer(.server).unaudited, handling: .blocking(listTokens)),
            endpoint(.post, .apus, "tokens/create", .administer(.server).audited("scope"), auditing: createToken),
            endpoint(.post, .apus, "tokens/revoke", .administer(.server).audited(), auditing: revokeToken),
        ]
    }

    /// Makes a token.
    ///
    /// Blocks until it is durable.
    /// - Returns: the token with the text that its holder sends, which cannot be shown again.
    package func createToken(
        _ request: TokenRequest,
        _ audit: AuditEntry? = .byCommand("tokens/create")
    ) throws -> (key: AccessKey, token: AccessToken) {
        let now = currentMilliseconds()
        var token = AccessToken(name: request.name, scope: request.scope, creationTime: now)
        if let lifetime = request.lifetime {
            guard (1...Self.longestLifetime).contains(lifetime) else {
                throw TrackingError.invalidParameter(
                    "A token can be valid for up to 100 years; leave that out for no end."
                )
            }
            token.expirationTime = now + lifetime
        }
        if let experiments = request.experiments {
            guard (1...AccessToken.experimentLimit).contains(experiments.count) else {
                throw TrackingError.tokenExperiments(experiments.count)
            }
            token.experimentIDs = Set(try experiments.map { try experimentID(idOrName: $0) }).sorted()
        }
        let key = AccessKey()
        try store.writeNow { [token] session in
            try session.createAccessToken(token, hash: key.hash)
            try session.audit(audit?.about(.token, token.name))
        }
        try settings.access?.reload()
        return (key, token)
    }

    private static let longestLifetime: Int64 = 100 * 366 * 86_400_000

    /// All tokens by name, with their last uses.
    package func accessTokens() throws -> [AccessToken] {
        let uses = settings.access?.uses ?? [:]
        return try store.readNow(.cheap) { try $0.accessTokens() }.map { token, _ in
            var token = token
            if let use = uses[token.name] { token.lastUsedTime = max(use, token.lastUsedTime ?? 0) }
            return token
        }
    }

    /// Makes a token invalid.
    ///
    /// Blocks until that is durable; no request that begins afterwards is admitted with it.
    package func revokeToken(named name: String, _ audit: AuditEntry? = .byCommand("tokens/revoke")) throws {
        try store.writeNow { session in
            try session.revokeAccessToken(named: name)
            try session.audit(audit?.about(.token, name))
        }
        try settings.access?.reload()
    }

    // MARK: Calls

    private func listTokens(_ request: HTTPRequest, _ responder: HTTPResponder) {
        answerManager(request, responder) { _ in
            let tokens = try accessTokens()
            return .json(capacity: 64 + 192 * tokens.count) { writer in
                writer.object(of: tokens)
            }
        }
    }

    private func createToken(_ request: HTTPRequest, _ responder: HTTPResponder, _ audit: AuditEntry?) {
        answerManager(request, responder) { message in
            // A limit that is misspelt or empty must not make a token without one.
            try Self.requireKnown(["name", "scope", "experiments", "expires_in"], message.names)
            let experiments = try message.strings("experiments")
            guard experiments != nil || !message.names.contains("experiments") else {
                throw TrackingError.tokenExperiments(0)
            }
            let wanted = TokenRequest(
                name: try message.requiredString("name"),
                scope: try message.choice("scope", of: AccessScope.self) ?? .write,
                experiments: experiments,
                lifetime: try message.integer("expires_in")
            )
            let (key, token) = try createToken(wanted, audit)
            var response = HTTPResponse.json { writer in
                writer.beginObject()
                writer.member("token", key.text)
                writer.members(of: token)
                writer.endObject()
            }
            response.headers.append(("Cache-Control", "no-store"))
            return response
        }
    }

    private func revokeToken(_ request: HTTPRequest, _ responder: HTTPResponder, _ audit: AuditEntry?) {
        answerManager(request, responder) { message in
            try revokeToken(named: try message.requiredString("name"), audit)
            return .empty
        }
    }

    /// Answers an administrator: on a server that asks nobody who they are, only a command on its machine is one.
    private func answerManager(
        _ request: HTTPRequest,
        _ responder: HTTPResponder,
        _ body: (RequestMessage) throws -> HTTPResponse
    ) {
        do {
            let access = settings.access
            guard access?.isRequired == true || access?.isOfOperator(request) == true else {
                throw TrackingError(
                    .permissionDenied,
                    "This server asks nobody for a token, so that it lets nobody manage them but `apus token` on its own "
                        + "machine. Start it with --require-token."
                )
            }
            responder.send(try body(try RequestMessage(request)))
        } catch {
            responder.send(response(to: error))
        }
    }
}

extension JSONWriter {
    /// An object with a list of tokens, as `tokens/list` answers it.
    package mutating func object(of tokens: [AccessToken]) {
        beginObject()
        memberArray("tokens") { writer in
            for token in tokens {
                writer.beginObject()
                writer.members(of: token)
                writer.endObject()
            }
        }
        endObject()
    }

    package mutating func members(of token: AccessToken) {
        member("name", token.name)
        member("scope", token.scope.rawValue)
        if let ids = token.experimentIDs {
            memberArray("experiment_ids") { writer in for id in ids { writer.string(String(id)) } }
        }
        member("creation_time", token.creationTime)
        member("expiration_time", ifPresent: token.expirationTime)
        member("last_used_time", ifPresent: token.lastUsedTime)
    }
}
