internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import Hashing
internal import Identities
internal import Synchronization
internal import Tracking

// MARK: The sender of a request, identified by its credential

extension AccessControl {
    /// Why the sender of a request cannot be identified.
    enum Failure: Error {
        case noCredential
        case unknownToken
        case expired(String)
        case wrongPassword(String)
        case tooManyPasswords(String)
        /// Another reason, with the refusal to send.
        case other(AccessRefusal)

        /// The reason as a sentence.
        var reason: String {
            switch self {
            case .noCredential: "You are not authenticated."
            case .unknownToken: "The server does not know this token: it was revoked, or is incomplete."
            case .expired(let name): "The token '\(name)' has expired."
            case .wrongPassword: "You are not authenticated: the name or the password is wrong."
            case .tooManyPasswords:
                "Too many passwords for this name or from this address were wrong or are waiting to be checked; try again in a "
                    + "few seconds."
            case .other(let refusal): refusal.refusal.message
            }
        }

        /// The owner of the credential; `.anyone` if the owner is unknown.
        fileprivate var actor: AuditActor {
            switch self {
            case .noCredential, .unknownToken, .other: .anyone
            case .expired(let name): AuditActor(.token, name)
            case .wrongPassword(let name), .tooManyPasswords(let name): AuditActor(.user, name)
            }
        }
    }

    enum Identification {
        case found(AuthenticatedSender)
        case failed(Failure)
        case undecided(@Sendable (@escaping @Sendable () -> Void) -> Void)

        /// The result for a user who was looked up.
        init(_ lookUp: KnownUsers.LookUp, _ make: (KnownUser) -> Identification = { .found(AuthenticatedSender($0)) }) {
            switch lookUp {
            case .user(let known): self = make(known)
            case .refused(let failure): self = .failed(failure)
            case .undecided(let begin): self = .undecided(begin)
            }
        }
    }

    /// The longest lifetime, in milliseconds, of a token that the sender of a request creates; nil if there is no limit.
    ///
    /// Blocks while the sender is looked up.
    /// - Throws: `AccessRefusal` if the sender can no longer be identified.
    func longestTokenLifetime(of request: HTTPRequest) throws(AccessRefusal) -> Int64? {
        guard isRequired else { return nil }
        switch waitForSender({ sender(request) }) {
        case .success(let admitted): return admitted.longestTokenLifetime
        case .failure(let failure): throw refusal(of: failure)
        }
    }

    /// The sender of a request that was just admitted; nil if the sender would have to be looked up again.
    func admittedSender(of request: HTTPRequest) -> AuthenticatedSender? {
        guard isRequired, case .found(let admitted) = sender(request) else { return nil }
        return admitted
    }

    func sender(_ request: HTTPRequest) -> Identification {
        if let sender = senderNamedByProxy(request) { return sender }
        if let users, let key = credentialKey(request), let (user, check) = users.recentlyCheckedUser(key) {
            // What a proxy says about the sender counts more than the Authorization field, so it is asked each time.
            return .found(AuthenticatedSender(user, check: externalUsers.proxy == nil ? check : nil))
        }
        switch Credential(request) {
        case .none: return logInSender(request) ?? .failed(.noCredential)
        case .other: return .failed(.unknownToken)
        case .token(let key): return sender(ofToken: key, arrival: request.arrival)
        case .basic(let name, let password):
            let tokenHolder = sender(ofToken: password, arrival: request.arrival)
            guard let users, case .failed(.unknownToken) = tokenHolder else { return tokenHolder }
            // If the field is spelled unusually, its own key is not that of the name and password.
            return Identification(users.user(users.passwordCredential(name, password, from: request.caller.peer)))
        }
    }

    /// The identity of the last request of the connection, if this request has the same Authorization field with a password; nil
    /// if the sender must be looked up.
    ///
    /// For nearly all requests with a password, this finds the identity, and needs neither a lock nor memory.
    func identityOfRepeatedCredential(_ request: HTTPRequest) -> Identity? {
        guard let users, let check = request.caller.credential, users.isCurrent(check),
            credentialKey(request) == check.key
        else { return nil }
        return request.caller.identity
    }

    /// The key of the whole Authorization field as it was sent; nil if there is no field or more than one.
    private func credentialKey(_ request: HTTPRequest) -> CredentialKey? {
        guard let users else { return nil }
        return request.withOnlyHeader("authorization") { users.key(of: $0) }
    }

    private func sender(ofToken key: [UInt8], arrival: UInt64) -> Identification {
        if externalUsers.isToken(key) {
            return sender(ofIssuersToken: key, at: currentMilliseconds(), arrival: arrival)
        }
        return sender(ofTokenHash: SHA256.digest(of: key))
    }

    func sender(ofTokenHash hash: [UInt8]) -> Identification {
        guard let known = tokens.withLock({ $0 }).token(ofHash: hash) else { return .failed(.unknownToken) }
        let now = currentMilliseconds()
        guard !known.token.hasExpired(at: now) else { return .failed(.expired(known.token.name)) }
        let identification: Identification
        if let userID = known.token.userID {
            // On a server without users, the permissions of the owner of a token are unknown, so the token is refused.
            guard let users else { return .failed(.unknownToken) }
            identification = Identification(users.user(id: userID)) { self.sender(of: known.token, $0) }
        } else {
            identification = .found(AuthenticatedSender(known.identity, known.token))
        }
        if case .found = identification, known !== operatorToken, known.noteUse(at: now) {
            store.write({ [token = known.token] in
                try $0.noteUse(ofAccessToken: token.name, ofUser: token.userID, at: now)
            }) { _ in }
        }
        return identification
    }

    /// Counts a refused credential, and records it in the audit log.
    func note(_ failure: Failure, from peer: Peer) {
        if case .noCredential = failure { return }
        failures.add(1, ordering: .relaxed)
        logInAudit?.noteFailure(of: failure.actor, from: peer)
    }

    func refusal(of failure: Failure) -> AccessRefusal {
        switch failure {
        case .noCredential:
            var refusal = challenge(users == nil ? "This server needs a token." : failure.reason)
            refusal.lacksCredential = true
            return refusal
        case .unknownToken, .expired, .wrongPassword: return challenge(failure.reason)
        case .tooManyPasswords:
            let fields = [("Retry-After", String(PasswordChecks.secondsUntilRetry))]
            return AccessRefusal(refusal: HTTPRefusal(429, failure.reason), fields: fields)
        case .other(let refusal): return refusal
        }
    }

    func challenge(_ reason: String, advice: String? = nil) -> AccessRefusal {
        let usualAdvice =
            users == nil
            ? "Set MLFLOW_TRACKING_TOKEN to a valid token, or send the token as the password of any user name; the operator of "
                + "the server creates a token with: apus token create NAME"
            : "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or set MLFLOW_TRACKING_TOKEN to one of your tokens; "
                + "an admin creates users."
        // Browsers understand the first field, and ask for a name and a password.
        let fields = [
            ("WWW-Authenticate", "Basic realm=\"Apus\", charset=\"UTF-8\""),
            ("WWW-Authenticate", "Bearer realm=\"Apus\""),
        ]
        return AccessRefusal(refusal: HTTPRefusal(401, "\(reason) \(advice ?? usualAdvice)"), fields: fields)
    }
}
