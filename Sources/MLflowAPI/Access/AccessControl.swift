internal import Budgets
internal import Dispatch
package import HTTPServer
package import HTTPWire
internal import Hashing
package import Identities
internal import Synchronization
internal import Tracking
package import TrackingStore

/// The refusal of a request that its sender may not send.
package struct AccessRefusal: Sendable {
    package let refusal: HTTPRefusal
    /// What the answer says besides.
    package var fields: [(name: String, value: String)] = []
    /// Whether the request shows nothing at all of who sends it.
    package var lacksCredential = false
}

/// What is asked of those who send requests.
package struct AccessSettings: Sendable {
    /// Whether every request must show who sends it.
    package var isRequired: Bool
    /// What a user may do with things for which nobody has granted anything; nil where there are no users.
    package var usersMay: PermissionLevel?
    /// Users whom others prove.
    package var outside = OutsideUsers()

    package init(isRequired: Bool, usersMay: PermissionLevel? = nil) {
        self.isRequired = isRequired
        self.usersMay = usersMay
    }
}

/// Decides who may send which request: the only place that does.
///
/// It is asked before a request is routed, with what the route declares, and refuses what it cannot allow. What a user may do
/// with a certain experiment or model is asked for by the sessions of the store, which know what belongs to which.
package final class AccessControl: Sendable {
    /// Whether a request may go on.
    package enum Decision: Sendable {
        case admitted
        case refused(AccessRefusal)
        /// It has to be found out who sends it; the closure begins that, and calls its parameter at the end.
        case undecided(@Sendable (@escaping @Sendable () -> Void) -> Void)
    }

    private let settings: AccessSettings
    /// Users whom others prove.
    package let outside: OutsideUsers
    /// What commands on the server's machine send; it is valid as long as this object.
    package let operatorKey: AccessKey
    private let operatorToken: KnownToken
    let store: TrackingStore
    private let logInAudit: LogInAudit?
    let logIns = Mutex(KnownLogIns([]))
    /// What the groups of users allow who were named since the start.
    let lastWords = LastWords()
    /// One object for all requests of a user whom somebody else proves, where there are no users, and for admins.
    let outsideIdentities = Mutex<[OutsideIdentity: Identity]>([:])
    private let tokens: Mutex<KnownTokens>
    /// Grows with each change of tokens, users and log-ins.
    package let version = AccessVersion()
    /// Those who may log in with a password; nil where there are no users.
    let users: KnownUsers?
    /// Taken while the tokens are read and put in place, so that an older reading never replaces a newer one.
    let reloading = Mutex<Void>(())
    private let failures = Atomic<Int>(0)

    /// - Parameters:
    ///   - settings: if nothing is required, nobody is asked, and only the operator's key is known.
    ///   - logInAudit: told of who has shown a credential; nil where that is not audited.
    package init(_ store: TrackingStore, _ settings: AccessSettings, logInAudit: LogInAudit? = nil) throws {
        self.store = store
        self.settings = settings
        self.logInAudit = logInAudit
        outside = settings.outside
        operatorKey = AccessKey()
        let token = AccessToken(name: AccessToken.operatorName, scope: .admin, creationTime: 0)
        operatorToken = KnownToken(token, hash: operatorKey.hash, isOfOperator: true)
        tokens = Mutex(KnownTokens([operatorToken]))
        users = settings.usersMay.map { [version] in
            KnownUsers(store, standard: $0, isAudited: logInAudit != nil, version)
        }
        if isRequired {
            try reload()
            try reloadLogIns()
        }
    }

    /// Whether every request must show who sends it.
    package var isRequired: Bool { settings.isRequired }

    /// Whether there are users with passwords.
    package var hasUsers: Bool { users != nil }

    /// Whether somebody is a user with a password, and not one whom others alone prove.
    func hasPassword(_ identity: Identity?) -> Bool {
        guard let users, let id = identity?.userID, case .user(let known) = users.user(id: id) else { return false }
        return known.password != nil
    }

    /// What users may do with things for which nobody has granted anything.
    var usersMay: PermissionLevel { settings.usersMay ?? .none }

    /// Whether the operator has made any token.
    package var hasTokens: Bool { tokens.withLock { $0.all.count > 1 } }

    /// Takes the tokens as they are stored now.
    ///
    /// Blocks on a read of the store.
    package func reload() throws {
        guard isRequired else { return }
        try reloading.withLock { _ in
            let stored = try store.readNow(.cheap) { try $0.accessTokens() }
            let known = tokens.withLock { $0 }
            let current = stored.map { token, hash in
                known.token(ofHash: hash).flatMap { $0.isSame(as: token) ? $0 : nil } ?? KnownToken(token, hash: hash)
            }
            tokens.withLock { $0 = KnownTokens(current + [operatorToken]) }
        }
        version.advance()
    }

    /// The last uses, by the hashes of the tokens that were used since the start.
    var uses: [[UInt8]: Int64] {
        let all = tokens.withLock { $0.all }
        return Dictionary(
            all.compactMap { known in known.current.lastUsedTime.map { (known.hash, $0) } },
            uniquingKeysWith: max
        )
    }

    /// How many requests came with a token that was unknown or had expired, or with a wrong name or password.
    ///
    /// A request with a wrong token is refused at once, however many there were: nobody finds 256 random bits by trying, the
    /// refusal costs one hash and is logged no more than others, and a client that were told to wait would wait instead of
    /// failing. Passwords can be found by trying; `PasswordChecks` says how many are tried.
    package var wrongTokenCount: Int { failures.load(ordering: .relaxed) }

    /// Notes who sends a request, and refuses it if that one may not send it.
    ///
    /// Does not block.
    /// - Parameter access: what the route declares; nil where there is no route.
    package func decision(on request: inout HTTPRequest, _ access: Access?) -> Decision {
        guard isRequired else { return .admitted }
        let holder = holder(request)
        if case .found(let holder) = holder {
            let isNew = request.caller.identity !== holder.identity
            request.identify(as: holder.identity)
            if isNew, let actor = AuditActor(holder.identity) {
                logInAudit?.noteSuccess(of: actor, by: request.caller)
            }
        } else {
            request.identify(as: nil)
        }
        // Nobody is asked who they are for what everybody may have.
        if let access, access.isOpen(to: request) { return .admitted }
        switch holder {
        case .found(let holder):
            return access.flatMap { holder.refusal(of: $0) }.map { .refused(AccessRefusal(refusal: $0)) } ?? .admitted
        case .failed(let failure):
            note(failure, from: request.caller.peer)
            return .refused(refusal(of: failure))
        case .undecided(let begin): return .undecided(begin)
        }
    }

    /// Decides again about a request with a long body, once that is there, if anything has changed meanwhile.
    ///
    /// Blocks while it is found out who sends it, and notes that in the request.
    /// - Returns: whether anything has changed, so that what the sender may do is to be asked for again.
    /// - Throws: `.permissionDenied` for one that would not be admitted any more.
    func admitAgain(_ request: inout HTTPRequest, _ access: Access) throws -> Bool {
        guard isRequired, request.admissionVersion != version.current else { return false }
        request.admissionVersion = version.current
        let refusal: HTTPRefusal?
        switch decided({ holder(request) }) {
        case .success(let admitted):
            request.identify(as: admitted.identity)
            refusal = admitted.refusal(of: access)
        case .failure(let failure): refusal = self.refusal(of: failure).refusal
        }
        if let refusal { throw TrackingError(.permissionDenied, refusal.message) }
        return true
    }

    /// Who it is, once that has been found out.
    ///
    /// Blocks.
    func decided(_ ask: () -> Holder) -> Result<Admitted, Failure> {
        // What was found out may have changed again meanwhile, but not for ever.
        for _ in 0..<8 {
            switch ask() {
            case .found(let admitted): return .success(admitted)
            case .failed(let failure): return .failure(failure)
            case .undecided(let begin):
                let isKnown = DispatchSemaphore(value: 0)
                begin { isKnown.signal() }
                isKnown.wait()
            }
        }
        return .failure(.other(AccessRefusal(refusal: HTTPRefusal(429, "Who this is changes just now; try again"))))
    }

    /// Whether a request comes from a command on the server's machine.
    func isOfOperator(_ request: HTTPRequest) -> Bool {
        guard case .token(let key) = Credential(request) else { return false }
        return KnownTokens([operatorToken]).token(of: key) != nil
    }

    // MARK: Who sends a request

    /// Why it is not known who sends a request.
    enum Failure: Error {
        case noCredential
        case unknownToken
        case expired(String)
        case wrongPassword(String)
        case tooManyPasswords(String)
        /// Something else shows nobody.
        case other(AccessRefusal)

        /// In a whole sentence.
        var reason: String {
            switch self {
            case .noCredential: "You are not authenticated."
            case .unknownToken: "The server does not know this token: it was revoked, or is not whole."
            case .expired(let name): "The token '\(name)' has expired."
            case .wrongPassword: "You are not authenticated: the name or the password is wrong."
            case .tooManyPasswords:
                "Too many passwords for this name or from this address were wrong, or wait to be checked; try again in a few "
                    + "seconds."
            case .other(let refusal): refusal.refusal.message
            }
        }

        /// Whose the credential was, as far as that is known.
        fileprivate var actor: AuditActor {
            switch self {
            case .noCredential, .unknownToken, .other: .anyone
            case .expired(let name): AuditActor(.token, name)
            case .wrongPassword(let name), .tooManyPasswords(let name): AuditActor(.user, name)
            }
        }
    }

    /// Who sends a request.
    enum Holder {
        case found(Admitted)
        case failed(Failure)
        case undecided(@Sendable (@escaping @Sendable () -> Void) -> Void)

        /// One of the users, whatever has shown who it is.
        init(_ lookUp: KnownUsers.LookUp, _ admit: (KnownUser) -> Holder = { .found(Admitted($0)) }) {
            switch lookUp {
            case .user(let known): self = admit(known)
            case .refused(let failure): self = .failed(failure)
            case .undecided(let begin): self = .undecided(begin)
            }
        }
    }

    private func holder(_ request: HTTPRequest) -> Holder {
        if let holder = holderNamedByProxy(request) { return holder }
        if let known = userWhoLoggedInBefore(request) { return .found(Admitted(known)) }
        switch Credential(request) {
        case .none: return logInHolder(request) ?? .failed(.noCredential)
        case .other: return .failed(.unknownToken)
        case .token(let key): return holder(ofToken: key)
        case .basic(let name, let password):
            let holder = holder(ofToken: password)
            guard let users, case .failed(.unknownToken) = holder else { return holder }
            let key = users.key(of: request.header("authorization") ?? "")
            return Holder(users.user(ShownPassword(name, password, from: request.caller.peer, key)))
        }
    }

    /// The user whose name and password were right a short while ago, which is so for nearly every request.
    private func userWhoLoggedInBefore(_ request: HTTPRequest) -> KnownUser? {
        guard let users, let field = request.header("authorization"), request.count(ofHeaders: "authorization") == 1
        else { return nil }
        return users.known(users.key(of: field))
    }

    private func holder(ofToken key: [UInt8]) -> Holder {
        if outside.isToken(key) { return holder(ofIssuersToken: key, at: currentMilliseconds()) }
        return holder(ofTokenHash: SHA256.digest(of: key))
    }

    func holder(ofTokenHash hash: [UInt8]) -> Holder {
        guard let known = tokens.withLock({ $0 }).token(ofHash: hash) else { return .failed(.unknownToken) }
        let now = currentMilliseconds()
        guard !known.token.hasExpired(at: now) else { return .failed(.expired(known.token.name)) }
        let holder: Holder
        if let userID = known.token.userID {
            // Without users, nobody knows what the owner of a token may do.
            guard let users else { return .failed(.unknownToken) }
            holder = Holder(users.user(id: userID)) { self.holder(of: known.token, $0) }
        } else {
            holder = .found(Admitted(known.identity, known.token))
        }
        if case .found = holder, known !== operatorToken, known.noteUse(at: now) {
            store.write({ [token = known.token] in
                try $0.noteUse(ofAccessToken: token.name, ofUser: token.userID, at: now)
            }) { _ in }
        }
        return holder
    }

    /// Notes that a credential was refused.
    func note(_ failure: Failure, from peer: Peer) {
        if case .noCredential = failure { return }
        failures.add(1, ordering: .relaxed)
        logInAudit?.noteFailure(of: failure.actor, from: peer)
    }

    private func refusal(of failure: Failure) -> AccessRefusal {
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
            ? "Set MLFLOW_TRACKING_TOKEN to a valid one, or send it as the password of any user; who runs the server makes one "
                + "with: apus token create NAME"
            : "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN to a token of yours; an admin "
                + "makes users."
        // A browser understands the first, and asks for a name and a password.
        let fields = [
            ("WWW-Authenticate", "Basic realm=\"Apus\", charset=\"UTF-8\""),
            ("WWW-Authenticate", "Bearer realm=\"Apus\""),
        ]
        return AccessRefusal(refusal: HTTPRefusal(401, "\(reason) \(advice ?? usualAdvice)"), fields: fields)
    }
}

/// One of whom it is known who it is.
struct Admitted {
    let identity: Identity
    /// The token that was shown, or what bounds like one; nil for a password.
    let token: AccessToken?
    /// nil for one that is none of the users.
    let user: KnownUser?

    init(_ identity: Identity, _ token: AccessToken? = nil, _ user: KnownUser? = nil) {
        self.identity = identity
        self.token = token
        self.user = user
    }

    init(_ user: KnownUser) { self.init(user.identity, nil, user) }

    /// Nil if such a call may be made; what it is about is asked for later.
    func refusal(of access: Access) -> HTTPRefusal? {
        if let refusal = token?.refusal(of: access) { return refusal }
        let isForAdministrators =
            access.action == .administration || identity.kind == .user && access.resources == [.statistics]
        guard isForAdministrators, !identity.isAdministrator else { return nil }
        return HTTPRefusal(
            403,
            "Permission denied: this call looks after the server, and '\(identity.name)' is no admin. An admin can make you one."
        )
    }
}

/// Counts the changes by which a request that was admitted may not be any more.
package final class AccessVersion: Sendable {
    private let count = Atomic<Int>(0)

    package var current: Int { count.load(ordering: .acquiring) }

    /// Call it when the change counts already: who sees the new number finds what is new.
    func advance() { count.add(1, ordering: .releasing) }
}

extension AuditActor {
    /// The one who has shown a credential; nil for a command, which leaves entries of its own.
    fileprivate init?(_ identity: Identity) {
        guard identity.kind != .operatorCommand else { return nil }
        self.init(of: identity)
    }
}

extension Access {
    /// Whether nobody has to show who they are.
    fileprivate func isOpen(to request: HTTPRequest) -> Bool {
        switch action {
        case .open: true
        // The signature of such a URL is its permission, and clients send nothing else to it; the handler checks it
        // before it takes a byte.
        case .change: resources == [.upload] && request.queryValue("signature") != nil
        case .read, .administration: false
        }
    }
}

extension Access.Action {
    /// The least scope that allows the action.
    fileprivate var scope: AccessScope {
        switch self {
        case .open, .read: .read
        case .change: .write
        case .administration: .admin
        }
    }

    fileprivate var phrase: String {
        switch self {
        case .open, .read: "reads"
        case .change: "changes something"
        case .administration: "looks after the server"
        }
    }
}

extension AccessToken {
    /// Nil if the token allows a call.
    fileprivate func refusal(of access: Access) -> HTTPRefusal? {
        // A token that logs things must not change who may log in.
        let concernsAccounts = access.action == .change && access.resources == [.account]
        let needed = concernsAccounts ? .admin : access.action.scope
        guard scope.includes(needed) else {
            return HTTPRefusal(
                403,
                "The token '\(name)' has the scope \(scope.rawValue), and this call \(access.action.phrase). Use a token of the "
                    + "scope \(needed.rawValue): apus token create NAME --scope \(needed.rawValue)"
            )
        }
        guard experimentIDs != nil, !access.isWithinExperiments else { return nil }
        return HTTPRefusal(
            403,
            "The token '\(name)' is limited to experiments, and this call concerns more. Use a token without that limit."
        )
    }
}
