internal import Budgets
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
    /// One object for all requests of a user whom somebody else proves, where there are no users, and for admins.
    let outsideIdentities = Mutex<[OutsideIdentity: Identity]>([:])
    private let tokens: Mutex<KnownTokens>
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
        users = settings.usersMay.map { KnownUsers(store, standard: $0) }
        if isRequired {
            try reload()
            try reloadLogIns()
        }
    }

    /// Whether every request must show who sends it.
    package var isRequired: Bool { settings.isRequired }

    /// Whether there are users with passwords.
    package var hasUsers: Bool { users != nil }

    /// What users may do with things for which nobody has granted anything.
    var usersMay: PermissionLevel { settings.usersMay ?? .none }

    /// Whether the operator has made any token.
    package var hasTokens: Bool { tokens.withLock { $0.all.count > 1 } }

    /// Takes the tokens as they are stored now.
    ///
    /// Blocks on a read of the store.
    func reload() throws {
        guard isRequired else { return }
        try reloading.withLock { _ in
            let stored = try store.readNow(.cheap) { try $0.accessTokens() }
            let known = tokens.withLock { $0.all }
            let current = stored.map { token, hash in
                known.first { $0.isSame(as: token, hash: hash) } ?? KnownToken(token, hash: hash)
            }
            tokens.withLock { $0 = KnownTokens(current + [operatorToken]) }
        }
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

    func noteFailure(of actor: AuditActor = .anyone, from peer: Peer) {
        failures.add(1, ordering: .relaxed)
        logInAudit?.noteFailure(of: actor, from: peer)
    }

    /// Notes who sends a request, and refuses it if that one may not send it.
    ///
    /// Does not block.
    /// - Parameter access: what the route declares; nil where there is no route.
    package func decision(on request: inout HTTPRequest, _ access: Access?) -> Decision {
        guard isRequired else { return .admitted }
        let holder = holder(request)
        if case .found(let holder) = holder {
            if request.caller.identity !== holder.identity, let actor = AuditActor(holder.identity) {
                logInAudit?.noteSuccess(of: actor, from: request.caller.peer)
            }
            request.identify(as: holder.identity)
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

    /// Whether a request comes from a command on the server's machine.
    func isOfOperator(_ request: HTTPRequest) -> Bool {
        guard case .token(let key) = Credential(request) else { return false }
        return KnownTokens([operatorToken]).token(of: key) != nil
    }

    enum Failure: Error {
        case noCredential
        case unknownToken
        case expired(String)
        case wrongPassword(String)
        case tooManyPasswords
        /// Something else shows nobody.
        case other(AccessRefusal)
    }

    /// Who sends a request.
    enum Holder {
        case found(Admitted)
        case failed(Failure)
        case undecided(@Sendable (@escaping @Sendable () -> Void) -> Void)
    }

    func holder(_ request: HTTPRequest) -> Holder {
        if let holder = holderNamedByProxy(request) { return holder }
        if let known = userWhoLoggedInBefore(request) { return .found(Admitted(identity: known.identity)) }
        switch Credential(request) {
        case .none: return logInHolder(request) ?? .failed(.noCredential)
        case .other: return .failed(.unknownToken)
        case .token(let key): return holder(ofToken: key)
        case .basic(let name, let password):
            let holder = holder(ofToken: password)
            guard let users, case .failed(.unknownToken) = holder else { return holder }
            let key = users.key(of: request.header("authorization") ?? "")
            return self.holder(users, key, name, password, request.caller.peer)
        }
    }

    /// The user whose name and password were right a short while ago, which is so for nearly every request.
    private func userWhoLoggedInBefore(_ request: HTTPRequest) -> KnownUser? {
        guard let users, let field = request.header("authorization"), request.count(ofHeaders: "authorization") == 1,
            case .user(let known) = users.lookUp(users.key(of: field))
        else {
            return nil
        }
        return known
    }

    private func holder(ofToken key: [UInt8]) -> Holder {
        if outside.isToken(key) { return holder(ofIssuersToken: key, at: currentMilliseconds()) }
        return holder(ofTokenHash: SHA256.digest(of: key))
    }

    func holder(ofTokenHash hash: [UInt8]) -> Holder {
        guard let known = tokens.withLock({ $0 }).token(ofHash: hash) else { return .failed(.unknownToken) }
        let now = currentMilliseconds()
        guard !known.token.hasExpired(at: now) else { return .failed(.expired(known.token.name)) }
        var admitted = Admitted(identity: known.identity, token: known.token)
        if let userID = known.token.userID {
            // Without users, nobody knows what the owner of a token may do.
            guard let users else { return .failed(.unknownToken) }
            guard let user = users.known(id: userID) else { return .undecided { users.load(id: userID, $0) } }
            admitted.identity = user.identity(limitedTo: known.token.experimentIDs)
        }
        if known !== operatorToken, known.noteUse(at: now) {
            store.write({ [token = known.token] in
                try $0.noteUse(ofAccessToken: token.name, ofUser: token.userID, at: now)
            }) { _ in }
        }
        return .found(admitted)
    }

    func holder(
        _ users: KnownUsers,
        _ key: KnownUsers.Key,
        _ name: String,
        _ password: [UInt8],
        _ peer: Peer
    ) -> Holder {
        switch users.lookUp(key) {
        case .user(let known): return .found(Admitted(identity: known.identity))
        case .outdated(let id): return .undecided { users.load(id: id, $0) }
        case .wrong: return .failed(.wrongPassword(name))
        case .unknown:
            guard users.mayCheck(key, for: peer) else { return .failed(.tooManyPasswords) }
            return .undecided { users.find(key, name: name, password: password, peer: peer, $0) }
        }
    }

    private func note(_ failure: Failure, from peer: Peer) {
        switch failure {
        case .noCredential: break
        case .unknownToken, .tooManyPasswords, .other: logInAudit?.noteFailure(from: peer)
        case .expired(let name): logInAudit?.noteFailure(of: AuditActor(.token, name), from: peer)
        case .wrongPassword(let name): logInAudit?.noteFailure(of: AuditActor(.user, name), from: peer)
        }
    }

    private func refusal(of failure: Failure) -> AccessRefusal {
        if case .noCredential = failure {
            var refusal = challenge(users == nil ? "This server needs a token." : "You are not authenticated.")
            refusal.lacksCredential = true
            return refusal
        }
        failures.add(1, ordering: .relaxed)
        switch failure {
        case .noCredential, .unknownToken:
            return challenge("The server does not know this token: it was revoked, or is not whole.")
        case .expired(let name): return challenge("The token '\(name)' has expired.")
        case .wrongPassword: return challenge("You are not authenticated: the name or the password is wrong.")
        case .tooManyPasswords:
            let reason =
                "Too many passwords from this address were wrong, or wait to be checked; try again in a few seconds."
            return AccessRefusal(refusal: HTTPRefusal(429, reason))
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

/// One who has shown a token or a password.
struct Admitted {
    var identity: Identity
    /// The token that was shown; nil for a password.
    var token: AccessToken?

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

extension AuditActor {
    /// The one who has shown a credential; nil for a command, which leaves entries of its own.
    fileprivate init?(_ identity: Identity) {
        switch identity.kind {
        case .operatorCommand: return nil
        case .token: self.init(.token, identity.name)
        case .user: self.init(.user, identity.name)
        }
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
