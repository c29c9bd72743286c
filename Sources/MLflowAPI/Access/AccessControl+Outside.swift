internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import Identities
internal import Synchronization
internal import Tracking
internal import TrackingStore

/// Requests that others vouch for.
extension AccessControl {
    /// A user and what that one may do, for which there is one identity.
    struct OutsideIdentity: Hashable {
        let name: String
        let scope: AccessScope
        let userID: Int64?
    }

    private static let identityLimit = 10_000

    /// What a user whom somebody else proves is here.
    ///
    /// The scope that the operator has given to the groups bounds what is allowed, as that of a token does. Where there are users,
    /// it is the one of that name, who is made at the first request, and what is granted to that one decides; but who is an admin
    /// by a group may do everything.
    func holder(proven user: ProvenUser) -> Holder {
        guard let scope = outside.scope(of: user) else {
            let reason =
                "The user '\(user.name)' may do nothing here: none of the groups that are known of them has a scope."
            let refusal = HTTPRefusal(403, "\(reason) Who runs the server gives scopes to groups with --group-scopes.")
            return .failed(.other(AccessRefusal(refusal: refusal)))
        }
        let token = AccessToken(name: user.name, scope: scope, creationTime: 0)
        guard let users else {
            let identity = outsideIdentity(OutsideIdentity(name: user.name, scope: scope, userID: nil))
            return .found(Admitted(identity: identity, token: token))
        }
        switch users.lookUp(named: user.name) {
        case .refused(let reason): return .failed(.other(AccessRefusal(refusal: HTTPRefusal(403, reason))))
        case .unknown: return .undecided { users.findOrMake(named: user.name, $0) }
        case .user(let known):
            guard scope == .admin else { return .found(Admitted(identity: known.identity, token: token)) }
            let identity = outsideIdentity(OutsideIdentity(name: user.name, scope: scope, userID: known.user.id))
            return .found(Admitted(identity: identity, token: token))
        }
    }

    private func outsideIdentity(_ key: OutsideIdentity) -> Identity {
        outsideIdentities.withLock { identities in
            if let identity = identities[key] { return identity }
            if identities.count >= Self.identityLimit { identities.removeAll() }
            let identity = Identity(
                key.userID == nil ? .token : .user,
                name: key.name,
                userID: key.userID,
                isAdministrator: key.scope == .admin
            )
            identities[key] = identity
            return identity
        }
    }

    /// Whom a trusted proxy names; nil where none speaks.
    func holderNamedByProxy(_ request: HTTPRequest) -> Holder? {
        guard let proxy = outside.proxy else { return nil }
        switch proxy.user(of: request) {
        case .none: return nil
        case .unusable(let reason): return .failed(.other(AccessRefusal(refusal: HTTPRefusal(400, reason))))
        case .user(let user):
            // What the proxy knows its user by, such as a cookie, a browser sends for pages of others too.
            guard
                OriginPolicy.sender(of: request, publicOrigin: outside.publicOrigin) != .foreign
                    || request.onlyOpensAPage
            else { return .failed(.other(Self.foreignPage)) }
            return holder(proven: user)
        }
    }

    /// Who holds a token that an issuer has made.
    func holder(ofIssuersToken token: [UInt8], at time: Int64) -> Holder {
        guard let prove = outside.tokenHolder else { return .failed(.unknownToken) }
        do throws(OutsideUsers.Fault) {
            return holder(proven: try prove(token, time))
        } catch {
            switch error {
            case .refused(let reason):
                return .failed(.other(challenge(reason, advice: "Ask its issuer for a valid one.")))
            case .unready(let reason):
                let refusal = AccessRefusal(refusal: HTTPRefusal(503, reason), fields: [("Retry-After", "1")])
                return .failed(.other(refusal))
            }
        }
    }

    /// Who has logged in with the browser that sends a request; nil where no cookie says so.
    func logInHolder(_ request: HTTPRequest) -> Holder? {
        guard let known = logIn(of: request) else { return nil }
        let sender = OriginPolicy.sender(of: request, publicOrigin: outside.publicOrigin)
        // A page of another origin must neither change nor read anything by somebody's cookie; a link may be followed.
        let isAccepted =
            request.method.changesState ? sender == .own : sender != .foreign || request.onlyOpensAPage
        guard isAccepted else { return .failed(.other(Self.foreignPage)) }
        let holder = holder(of: known.logIn)
        switch holder {
        case .undecided: return holder
        // Its token or its user is no more: that is as if nobody had logged in.
        case .failed: return nil
        case .found:
            let now = currentMilliseconds()
            if known.noteUse(at: now) {
                store.write({ [hash = known.hash] in try $0.noteUse(ofLogIn: hash, at: now) }) { _ in }
            }
            return holder
        }
    }

    /// Who has logged in, as that one is now.
    func holder(of logIn: LogIn) -> Holder {
        switch logIn.holder {
        case .token(_, let hash): return holder(ofTokenHash: hash)
        case .user(let user): return holder(proven: user)
        case .account(let name, let mark):
            guard let users else { return .failed(.unknownToken) }
            switch users.lookUp(named: name) {
            case .unknown: return .undecided { users.find(named: name, $0) }
            case .refused: return .failed(.wrongPassword(name))
            case .user(let known):
                // Another password ends what was begun with the old one.
                guard known.mark == mark else { return .failed(.wrongPassword(name)) }
                return .found(Admitted(identity: known.identity))
            }
        }
    }

    private static let foreignPage = AccessRefusal(
        refusal: HTTPRefusal(
            403,
            "A log-in of a browser counts for requests of the server's own pages alone, and this one comes from another page or "
                + "does not say where it comes from (Origin, Sec-Fetch-Site). Programs send a token."
        )
    )
}

extension HTTPRequest {
    /// Whether somebody follows a link or enters an address, so that no page can read the answer.
    fileprivate var onlyOpensAPage: Bool {
        (method == .get || method == .head) && header("sec-fetch-mode") == "navigate" && header("origin") == nil
    }
}
