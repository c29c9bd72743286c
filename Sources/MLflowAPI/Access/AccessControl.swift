internal import Budgets
package import HTTPServer
package import HTTPWire
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

/// Decides who may send which request: the only place that does.
///
/// It is asked before a request is routed, with what the route declares, and refuses what it cannot allow.
package final class AccessControl: Sendable {
    /// Whether every request must show who sends it.
    package let isRequired: Bool
    /// What commands on the server's machine send; it is valid as long as this object.
    package let operatorKey: AccessKey
    private let operatorToken: KnownToken
    let store: TrackingStore
    private let tokens: Mutex<KnownTokens>
    /// Users whom others prove.
    package let outside: OutsideUsers
    let logIns = Mutex(KnownLogIns([]))
    /// One object for all requests of a user with a scope, whoever proves it and how often.
    private let outsideHolders = Mutex<[KnownUser: KnownToken]>([:])
    /// Taken while the tokens are read and put in place, so that an older reading never replaces a newer one.
    let reloading = Mutex<Void>(())
    private let failures = Atomic<Int>(0)

    /// - Parameters:
    ///   - isRequired: if false, nobody is asked, and only the operator's key is known.
    ///   - outside: users whom others prove.
    package init(_ store: TrackingStore, isRequired: Bool, outside: OutsideUsers = OutsideUsers()) throws {
        self.store = store
        self.isRequired = isRequired
        self.outside = outside
        operatorKey = AccessKey()
        let token = AccessToken(name: AccessToken.operatorName, scope: .admin, creationTime: 0)
        operatorToken = KnownToken(token, hash: operatorKey.hash)
        tokens = Mutex(KnownTokens([operatorToken]))
        if isRequired {
            try reload()
            try reloadLogIns()
        }
    }

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

    /// The tokens with their last uses, by the names of those that were used since the start.
    var uses: [String: Int64] {
        let all = tokens.withLock { $0.all }
        return Dictionary(
            all.compactMap { known in known.current.lastUsedTime.map { (known.token.name, $0) } },
            uniquingKeysWith: max
        )
    }

    /// How many requests came with a token that was unknown or had expired.
    ///
    /// Such a request is refused at once, however many there were: nobody finds 256 random bits by trying, the refusal costs
    /// one hash and is logged no more than others, and a client that were told to wait would wait instead of failing.
    package var wrongTokenCount: Int { failures.load(ordering: .relaxed) }

    func noteFailure() { failures.add(1, ordering: .relaxed) }

    /// Notes who sends a request, and refuses it if that one may not send it.
    ///
    /// - Parameter access: what the route declares; nil where there is no route.
    package func refusal(of request: inout HTTPRequest, _ access: Access?) -> AccessRefusal? {
        guard isRequired else { return nil }
        let result = holder(request)
        if case .success(let holder) = result {
            request.identify(as: holder.identity)
        } else {
            request.identify(as: nil)
        }
        if let access, access.isOpen(to: request) { return nil }
        switch result {
        case .success(let holder):
            return access.flatMap { holder.token.refusal(of: $0) }.map { AccessRefusal(refusal: $0) }
        case .failure(let failure): return refusal(of: failure)
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
        /// Something else shows nobody.
        case other(AccessRefusal)
    }

    private func holder(_ request: HTTPRequest) -> Result<KnownToken, Failure> {
        if let result = holderNamedByProxy(request) { return result }
        switch Credential(request) {
        case .none: return logInHolder(request) ?? .failure(.noCredential)
        case .other: return .failure(.unknownToken)
        case .token(let key):
            let now = currentMilliseconds()
            if outside.isToken(key) { return holder(ofIssuersToken: key, at: now) }
            guard let known = tokens.withLock({ $0 }).token(of: key) else { return .failure(.unknownToken) }
            guard !known.token.hasExpired(at: now) else { return .failure(.expired(known.token.name)) }
            if known !== operatorToken, known.noteUse(at: now) {
                store.write({ [name = known.token.name] in try $0.noteUse(ofAccessToken: name, at: now) }) { _ in }
            }
            return .success(known)
        }
    }

    private func refusal(of failure: Failure) -> AccessRefusal {
        switch failure {
        case .noCredential:
            var refusal = Self.challenge("This server needs a token.")
            refusal.lacksCredential = true
            return refusal
        case .unknownToken:
            failures.add(1, ordering: .relaxed)
            return Self.challenge("The server does not know this token: it was revoked, or is not whole.")
        case .expired(let name):
            failures.add(1, ordering: .relaxed)
            return Self.challenge("The token '\(name)' has expired.")
        case .other(let refusal):
            failures.add(1, ordering: .relaxed)
            return refusal
        }
    }

    private static let usualAdvice =
        "Set MLFLOW_TRACKING_TOKEN to a valid one, or send it as the password of any user; who runs the server makes one "
        + "with: apus token create NAME"

    static func challenge(_ reason: String, advice: String = usualAdvice) -> AccessRefusal {
        // A browser understands the first, and asks for a name and a password.
        let fields = [
            ("WWW-Authenticate", "Basic realm=\"Apus\", charset=\"UTF-8\""),
            ("WWW-Authenticate", "Bearer realm=\"Apus\""),
        ]
        return AccessRefusal(refusal: HTTPRefusal(401, "\(reason) \(advice)"), fields: fields)
    }
}

extension AccessControl {
    /// A user and a scope, for which there is one holder.
    private struct KnownUser: Hashable {
        let name: String
        let scope: AccessScope
    }

    private static let userLimit = 10_000

    /// What a user whom somebody else proves is here: somebody with the scope that the operator has given to a group.
    func holder(proven user: ProvenUser) -> Result<KnownToken, Failure> {
        guard let scope = outside.scope(of: user) else {
            let reason =
                "The user '\(user.name)' may do nothing here: none of the groups that are known of them has a scope."
            let refusal = HTTPRefusal(403, "\(reason) Who runs the server gives scopes to groups with --group-scopes.")
            return .failure(.other(AccessRefusal(refusal: refusal)))
        }
        let key = KnownUser(name: user.name, scope: scope)
        return .success(
            outsideHolders.withLock { holders in
                if let holder = holders[key] { return holder }
                if holders.count >= Self.userLimit { holders.removeAll() }
                let holder = KnownToken(AccessToken(name: user.name, scope: scope, creationTime: 0), hash: [])
                holders[key] = holder
                return holder
            }
        )
    }

    /// The token of a hash, if it is one that counts now.
    func token(ofHash hash: [UInt8], at time: Int64) -> KnownToken? {
        tokens.withLock { $0 }.token(ofHash: hash).flatMap { $0.token.hasExpired(at: time) ? nil : $0 }
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
        let needed = access.action.scope
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
