internal import Budgets
internal import Dispatch
package import HTTPServer
package import HTTPWire
internal import Hashing
package import Identities
internal import Synchronization
internal import Threads
package import Tracking

/// The refusal of a request that its sender may not send.
package struct AccessRefusal: Error, Sendable {
    package let refusal: HTTPRefusal
    /// Additional header fields of the answer.
    package var fields: [(name: String, value: String)] = []
    /// Whether the request has no credential.
    package var lacksCredential = false
}

/// The settings of authentication and permissions.
package struct AccessSettings: Sendable {
    /// Whether every request must authenticate its sender.
    package var isRequired: Bool
    /// The permission of users on resources for which they have no grant; nil if the server has no users.
    package var defaultLevel: PermissionLevel?
    /// The users whom a proxy or an issuer identifies.
    package var externalUsers = ExternalUsers()

    package init(isRequired: Bool, defaultLevel: PermissionLevel? = nil) {
        self.isRequired = isRequired
        self.defaultLevel = defaultLevel
    }
}

/// Identifies the sender of each request, and refuses requests that the sender may not send.
///
/// The decision depends on the access that the route declares. The sessions of the store check the permissions on single
/// experiments and models, because they know what belongs to which experiment.
package final class AccessControl: Sendable {
    /// The decision about a request.
    package enum Decision: Sendable {
        case admitted
        case refused(AccessRefusal)
        /// The sender must be looked up first. The closure begins the look-up, and calls its parameter afterwards.
        case undecided(@Sendable (@escaping @Sendable () -> Void) -> Void)
    }

    private let settings: AccessSettings
    /// The users whom a proxy or an issuer identifies.
    package let externalUsers: ExternalUsers
    /// The token that commands on the server's machine send; it is valid as long as this object exists.
    package let operatorKey: AccessKey
    let operatorToken: KnownToken
    let store: any TrackingBackend
    /// Nil if no other server uses the database.
    let otherServers: OtherServers?
    let logInAudit: LogInAudit?
    let logIns = Mutex(KnownLogIns([]))
    /// The scopes of the groups of users whom proxies and issuers have identified since the start.
    let reportedScopes = ReportedScopes()
    /// The identities that the requests of an external user share, if the server has no users or the user is an admin.
    let externalIdentities = Mutex<[ExternalIdentity: Identity]>([:])
    let tokens: Mutex<KnownTokens>
    /// Grows with each change that reduces permissions.
    package let version: AccessVersion
    /// Nil if the server has no users.
    let users: KnownUsers?
    /// Held while tokens or log-ins are read and replaced, so that an older result never replaces a newer one.
    let reloading = Mutex<Void>(())
    let failures = Atomic<Int>(0)

    /// - Parameters:
    ///   - settings: if no authentication is required, only the token of commands is known.
    ///   - logInAudit: records successful and failed authentications; nil if they are not audited.
    package init(_ store: any TrackingBackend, _ settings: AccessSettings, logInAudit: LogInAudit? = nil) throws {
        self.store = store
        self.settings = settings
        self.logInAudit = logInAudit
        version = store.permissionChanges.version
        otherServers = store.permissionChanges.stored.map { OtherServers($0) }
        externalUsers = settings.externalUsers
        operatorKey = AccessKey()
        let token = AccessToken(name: AccessToken.operatorName, scope: .admin, creationTime: 0)
        operatorToken = KnownToken(token, hash: operatorKey.hash, isOfOperator: true)
        tokens = Mutex(KnownTokens([operatorToken]))
        users = settings.defaultLevel.map { KnownUsers(store, defaultLevel: $0, isAudited: logInAudit != nil) }
        if isRequired {
            store.permissionChanges.watch { [weak self] in
                self?.apply($0)
            } forgetting: { [weak self] in
                self?.otherServers?.expire()
            }
            try reload()
            try reloadLogIns()
        }
    }

    /// Applies the changes of a commit to the data in memory, before the commit is answered.
    private func apply(_ change: AccessChange) {
        users?.apply(change)
        if !change.endedTokens.isEmpty { tokens.withLock { $0 = $0.without(change.endedTokens) } }
        if !change.endedLogIns.isEmpty { logIns.withLock { $0 = $0.without(change.endedLogIns) } }
    }

    /// Whether every request must authenticate its sender.
    package var isRequired: Bool { settings.isRequired }

    /// Whether there are users with passwords.
    package var hasUsers: Bool { users != nil }

    /// Whether an identity is that of a user with a password; users whom only a proxy or an issuer identifies have none.
    func hasPassword(_ identity: Identity?) -> Bool {
        guard let users, let id = identity?.userID, case .user(let known) = users.user(id: id) else { return false }
        return known.password != nil
    }

    /// The permission of users on resources for which they have no grant.
    var defaultLevel: PermissionLevel { settings.defaultLevel ?? .none }

    /// Whether there is any token except that of commands.
    package var hasTokens: Bool { tokens.withLock { $0.all.count > 1 } }

    /// Reads the stored tokens into memory.
    ///
    /// Blocks on a read of the store.
    package func reload() throws {
        guard isRequired else { return }
        try reloading.withLock { _ in while try !reloadOnce() {} }
    }

    /// - Returns: false if a token has ended since it was read, so that the result must not be used.
    private func reloadOnce() throws -> Bool {
        let known = tokens.withLock { $0 }
        let stored = try store.readNow(.cheap) { try $0.accessTokens() }
        return replaceTokens(known, by: stored)
    }

    /// Replaces the tokens in memory by those that were read.
    ///
    /// - Parameter old: the tokens that were in memory when the reading began.
    /// - Returns: false, without a replacement, if the tokens in memory have been changed since then.
    func replaceTokens(_ old: KnownTokens, by stored: [(token: AccessToken, hash: [UInt8])]) -> Bool {
        let current = stored.map { token, hash in
            old.token(ofHash: hash).flatMap { $0.isSame(as: token) ? $0 : nil } ?? KnownToken(token, hash: hash)
        }
        let new = KnownTokens(current + [operatorToken], generation: old.generation + 1)
        let isReplaced = tokens.withLock { tokens in
            guard tokens.generation == old.generation else { return false }
            tokens = new
            return true
        }
        // A new token reduces nobody's permissions.
        if isReplaced, old.all.contains(where: { new.token(ofHash: $0.hash) !== $0 }) { version.advance() }
        return isReplaced
    }

    /// The last uses, by the hashes of the tokens that were used since the start.
    var uses: [[UInt8]: Int64] {
        let all = tokens.withLock { $0.all }
        return Dictionary(
            all.compactMap { known in known.current.lastUsedTime.map { (known.hash, $0) } },
            uniquingKeysWith: max
        )
    }

    /// The number of requests with an unknown or expired token, or with a wrong name or password.
    ///
    /// Requests with wrong tokens are refused at once, however many there are: nobody can guess 256 random bits, the refusal
    /// costs one hash and is logged like others, and a client that is told to wait would wait instead of failing. Passwords can
    /// be guessed; `PasswordChecks` limits the attempts.
    package var failedAuthenticationCount: Int { failures.load(ordering: .relaxed) }

    /// Notes the sender of a request, and refuses the request if the sender may not send it.
    ///
    /// Does not block.
    /// - Parameter access: the access that the route declares; nil without a route.
    package func decision(on request: inout HTTPRequest, _ access: Access?) -> Decision {
        guard isRequired else { return .admitted }
        let isOpen = access?.isOpen(to: request) == true
        if !isOpen, let decision = outdatedDecision(on: request, access) { return decision }
        let versionBefore = version.current
        if let identity = identityOfRepeatedCredential(request) {
            request.caller.noteAdmission(at: versionBefore)
            guard !isOpen, let refusal = access.flatMap({ identity.refusal(of: $0) }) else { return .admitted }
            return .refused(AccessRefusal(refusal: refusal))
        }
        let identification = sender(request)
        if case .found(let sender) = identification {
            let isNew = request.caller.identity !== sender.identity
            request.identify(as: sender.identity, by: sender.check)
            request.caller.noteAdmission(at: sender.identity.kind == .operatorCommand ? 0 : versionBefore)
            if isNew, let actor = AuditActor(sender.identity) { logInAudit?.noteSuccess(of: actor, by: request.caller) }
        } else {
            request.identify(as: nil)
        }
        if isOpen { return .admitted }
        switch identification {
        case .found(let sender):
            return access.flatMap { sender.refusal(of: $0) }.map { .refused(AccessRefusal(refusal: $0)) } ?? .admitted
        case .failed(let failure):
            note(failure, from: request.caller.peer)
            return .refused(refusal(of: failure))
        case .undecided(let begin):
            return access.map(usesLastKnownPermissions) == true ? .refused(Self.databaseUnreachable) : .undecided(begin)
        }
    }

    /// Returns the sender of a request, after looking it up if necessary.
    ///
    /// Blocks.
    func waitForSender(_ identify: () -> Identification) -> Result<AuthenticatedSender, Failure> {
        // The permissions may change again during each look-up, so the number of look-ups is limited.
        for _ in 0..<Self.maximumChecks {
            switch identify() {
            case .found(let admitted): return .success(admitted)
            case .failed(let failure): return .failure(failure)
            case .undecided(let begin):
                let isKnown = DispatchSemaphore(value: 0)
                begin { isKnown.signal() }
                if otherServers == nil { isKnown.wait() } else { ThreadPool.wait(for: isKnown) }
            }
        }
        return .failure(.other(Self.changesTooOften))
    }

    /// Whether a request comes from a command on the server's machine.
    func isOfOperator(_ request: HTTPRequest) -> Bool {
        guard case .token(let key) = Credential(request) else { return false }
        return KnownTokens([operatorToken]).token(of: key) != nil
    }
}

extension AuditActor {
    /// The sender who has authenticated; nil for the operator's commands, which write audit entries of their own.
    fileprivate init?(_ identity: Identity) {
        guard identity.kind != .operatorCommand else { return nil }
        self.init(of: identity)
    }
}

extension Access {
    /// Whether a request needs no authentication.
    fileprivate func isOpen(to request: HTTPRequest) -> Bool {
        switch action {
        case .open: true
        // Clients send no credentials to such a URL: its signature is the permission, and the handler checks it first.
        case .change: isUpload && request.queryValue("signature") != nil
        case .read, .administration: false
        }
    }
}
