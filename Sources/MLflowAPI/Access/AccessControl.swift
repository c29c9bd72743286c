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
    private let store: TrackingStore
    private let logIns: LogInAudit?
    private let tokens: Mutex<KnownTokens>
    /// Taken while the tokens are read and put in place, so that an older reading never replaces a newer one.
    private let reloading = Mutex<Void>(())
    private let failures = Atomic<Int>(0)

    /// - Parameters:
    ///   - isRequired: if false, nobody is asked, and only the operator's key is known.
    ///   - logIns: told of who has shown a credential; nil where that is not audited.
    package init(_ store: TrackingStore, isRequired: Bool, logIns: LogInAudit? = nil) throws {
        self.store = store
        self.logIns = logIns
        self.isRequired = isRequired
        operatorKey = AccessKey()
        let token = AccessToken(name: AccessToken.operatorName, scope: .admin, creationTime: 0)
        operatorToken = KnownToken(token, hash: operatorKey.hash)
        tokens = Mutex(KnownTokens([operatorToken]))
        if isRequired { try reload() }
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

    /// Notes who sends a request, and refuses it if that one may not send it.
    ///
    /// - Parameter access: what the route declares; nil where there is no route.
    package func refusal(of request: inout HTTPRequest, _ access: Access?) -> AccessRefusal? {
        guard isRequired else { return nil }
        let result = holder(request)
        if case .success(let holder) = result {
            if request.caller.identity !== holder.identity, holder !== operatorToken {
                logIns?.noteSuccess(of: AuditActor(.token, holder.token.name), from: request.caller.peer)
            }
            request.identify(as: holder.identity)
        } else {
            request.identify(as: nil)
        }
        if let access, access.isOpen(to: request) { return nil }
        switch result {
        case .success(let holder):
            return access.flatMap { holder.token.refusal(of: $0) }.map { AccessRefusal(refusal: $0) }
        case .failure(let failure):
            switch failure {
            case .noCredential: break
            case .unknownToken: logIns?.noteFailure(from: request.caller.peer)
            case .expired(let name): logIns?.noteFailure(of: AuditActor(.token, name), from: request.caller.peer)
            }
            return refusal(of: failure)
        }
    }

    /// Whether a request comes from a command on the server's machine.
    func isOfOperator(_ request: HTTPRequest) -> Bool {
        guard case .token(let key) = Credential(request) else { return false }
        return KnownTokens([operatorToken]).token(of: key) != nil
    }

    private enum Failure: Error {
        case noCredential
        case unknownToken
        case expired(String)
    }

    private func holder(_ request: HTTPRequest) -> Result<KnownToken, Failure> {
        switch Credential(request) {
        case .none: return .failure(.noCredential)
        case .other: return .failure(.unknownToken)
        case .token(let key):
            guard let known = tokens.withLock({ $0 }).token(of: key) else { return .failure(.unknownToken) }
            let now = currentMilliseconds()
            guard !known.token.hasExpired(at: now) else { return .failure(.expired(known.token.name)) }
            if known !== operatorToken, known.noteUse(at: now) {
                store.write({ [name = known.token.name] in try $0.noteUse(ofAccessToken: name, at: now) }) { _ in }
            }
            return .success(known)
        }
    }

    private func refusal(of failure: Failure) -> AccessRefusal {
        switch failure {
        case .noCredential: return Self.challenge("This server needs a token.")
        case .unknownToken:
            failures.add(1, ordering: .relaxed)
            return Self.challenge("The server does not know this token: it was revoked, or is not whole.")
        case .expired(let name):
            failures.add(1, ordering: .relaxed)
            return Self.challenge("The token '\(name)' has expired.")
        }
    }

    private static func challenge(_ reason: String) -> AccessRefusal {
        let advice =
            "Set MLFLOW_TRACKING_TOKEN to a valid one, or send it as the password of any user; who runs the server makes one "
            + "with: apus token create NAME"
        // A browser understands the first, and asks for a name and a password.
        let fields = [
            ("WWW-Authenticate", "Basic realm=\"Apus\", charset=\"UTF-8\""),
            ("WWW-Authenticate", "Bearer realm=\"Apus\""),
        ]
        return AccessRefusal(refusal: HTTPRefusal(401, "\(reason) \(advice)"), fields: fields)
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
