internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import Hashing
internal import Identities
internal import Synchronization
internal import Tracking

/// Requests that others vouch for.
extension AccessControl {
    /// A user and what that one may do, for which there is one identity.
    struct ExternalIdentity: Hashable {
        let name: ExactText
        let scope: AccessScope
        let userID: Int64?
    }

    private static let identityLimit = 10_000

    /// What a user whom somebody else proves is here.
    ///
    /// The scope that the operator has given to the groups bounds what is allowed, as that of a token does. Where there are users,
    /// it is the one of that name, who is made at the first request, and what is granted to that one decides; but who is an admin
    /// by a group may do everything.
    ///
    /// - Parameters:
    ///   - scope: that of the groups; nil if they have none.
    ///   - proof: what was proven, and by that what the user may do with tokens and grants.
    ///   - arrival: when the head came that proves the user; nil for a proof of earlier, which makes no user. A proof does not
    ///     bring back a user who was deleted since.
    func holder(
        proven user: ProvenUser,
        _ scope: AccessScope?,
        _ proof: Admitted.Proof,
        provenAt arrival: UInt64?
    ) -> Holder {
        guard let scope else { return .failed(.other(Self.lackOfScope(user.name))) }
        let token = AccessToken(name: user.name, scope: scope, creationTime: 0)
        guard let users else {
            let identity = externalIdentity(ExternalIdentity(name: ExactText(user.name), scope: scope, userID: nil))
            return .found(Admitted(identity, token, proof: proof))
        }
        return Holder(users.user(named: user.name, provenAt: arrival)) { known in
            guard scope == .admin else { return .found(Admitted(known.proven, token, known, proof: proof)) }
            let identity = externalIdentity(
                ExternalIdentity(name: ExactText(user.name), scope: scope, userID: known.user.id)
            )
            return .found(Admitted(identity, token, known, proof: proof))
        }
    }

    private static func lackOfScope(_ name: String) -> AccessRefusal {
        let reason = "The user '\(name)' may do nothing here: none of the groups that are known of them has a scope."
        return AccessRefusal(
            refusal: HTTPRefusal(
                403,
                "\(reason) The operator of the server gives scopes to groups with --group-scopes."
            )
        )
    }

    /// The scope of a user whom a request names; it bounds the user's tokens and log-ins until a later head says otherwise.
    ///
    /// - Parameter arrival: when the head of the request came. If a later one has said less, that counts for this one too.
    func scope(ofWord user: ProvenUser, at arrival: UInt64) -> AccessScope? {
        let (scope, isNews) = lastWords.note(externalUsers.scope(of: user), of: user, at: arrival)
        if isNews { version.advance() }
        return scope
    }

    /// Who shows a token of a user, whose groups may have been taken away since it was made.
    func holder(of token: AccessToken, _ user: KnownUser) -> Holder {
        let identity = user.identity(limitedTo: token.experimentIDs)
        guard externalUsers.isTrusted, let last = lastWords.scope(ofUserNamed: user.user.name) else {
            return .found(Admitted(identity, token, user))
        }
        guard let last else { return .failed(.other(Self.lackOfScope(user.user.name))) }
        var bounded = token
        if !last.includes(token.scope) { bounded.scope = last }
        return .found(Admitted(identity, bounded, user))
    }

    private func externalIdentity(_ key: ExternalIdentity) -> Identity {
        externalIdentities.withLock { identities in
            if let identity = identities[key] { return identity }
            if identities.count >= Self.identityLimit { identities.removeAll() }
            let identity = Identity(
                key.userID == nil ? .outsider : .user,
                name: key.name.text,
                userID: key.userID,
                isAdministrator: key.scope == .admin
            )
            identities[key] = identity
            return identity
        }
    }

    /// Whom a trusted proxy names; nil where none speaks.
    func holderNamedByProxy(_ request: HTTPRequest) -> Holder? {
        guard let proxy = externalUsers.proxy else { return nil }
        switch proxy.user(of: request) {
        case .none: return nil
        case .unusable(let reason): return .failed(.other(AccessRefusal(refusal: HTTPRefusal(400, reason))))
        case .user(let user):
            // What the proxy knows its user by, such as a cookie, a browser sends for pages of others too.
            guard
                OriginPolicy.sender(of: request, publicOrigin: externalUsers.publicOrigin) != .foreign
                    || request.onlyOpensAPage
            else { return .failed(.other(Self.foreignPage)) }
            return holder(proven: user, scope(ofWord: user, at: request.arrival), .person, provenAt: request.arrival)
        }
    }

    /// Who holds a token that an issuer has made.
    ///
    /// - Parameter arrival: when the head came that shows it.
    func holder(ofIssuersToken token: [UInt8], at time: Int64, arrival: UInt64) -> Holder {
        guard let prove = externalUsers.tokenHolder else { return .failed(.unknownToken) }
        do throws(ExternalUsers.Fault) {
            let user = try prove(token, time)
            let scope = scope(ofWord: user, at: arrival)
            return holder(proven: user, scope, externalUsers.proof(by: user.source), provenAt: arrival)
        } catch {
            switch error {
            case .refused(let reason):
                return .failed(.other(challenge(reason, advice: "Ask its issuer for a valid one.")))
            case .awaited(let begin): return .undecided(begin)
            case .unready(let reason):
                let refusal = AccessRefusal(refusal: HTTPRefusal(503, reason), fields: [("Retry-After", "1")])
                return .failed(.other(refusal))
            }
        }
    }

    /// Who has logged in with the browser that sends a request; nil where no cookie says so.
    func logInHolder(_ request: HTTPRequest) -> Holder? {
        guard let known = logIn(of: request) else { return nil }
        let sender = OriginPolicy.sender(of: request, publicOrigin: externalUsers.publicOrigin)
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
        case .user(let user):
            let scope = externalUsers.scope(of: user)
            let last = lastWords.scope(of: user) ?? scope
            return holder(proven: user, AccessScope.lesser(scope, last), .person, provenAt: nil)
        case .account(let name, let mark):
            guard let users else { return .failed(.unknownToken) }
            return Holder(users.user(named: name, provenAt: nil)) { known in
                // Another password ends what was begun with the old one.
                ConstantTime.areEqual(known.mark, mark) ? .found(Admitted(known)) : .failed(.wrongPassword(name))
            }
        }
    }

    private static let foreignPage = AccessRefusal(
        refusal: HTTPRefusal(
            403,
            "A browser's log-in is valid only for requests of the server's own pages, and this request comes from another page or "
                + "does not say where it comes from (Origin, Sec-Fetch-Site). Programs must send a token."
        )
    )
}

/// What the groups allow of users whom others have named since the server was started.
final class LastWords: Sendable {
    /// What a source has said of a user.
    private struct Word {
        /// nil for groups that allow nothing.
        var scope: AccessScope?
        /// When the head came that says so.
        var arrival: UInt64
    }

    /// By the bytes of the name, then by who has named the user.
    private let words = Mutex<[[UInt8]: [String: Word]]>([:])

    /// Beyond that, users who are new are not remembered.
    private static let mostUsers = 100_000

    /// Notes a word, unless a head that came later has said another one already.
    ///
    /// - Returns: what counts for the request with this word, and whether the last word is another one now.
    func note(
        _ scope: AccessScope?,
        of user: ProvenUser,
        at arrival: UInt64
    ) -> (scope: AccessScope?, isNews: Bool) {
        let name = Array(user.name.utf8)
        return words.withLock { words in
            guard words[name] != nil || words.count < Self.mostUsers else { return (scope, false) }
            let before = words[name]?[user.source]
            if let before, before.arrival > arrival { return (AccessScope.lesser(before.scope, scope), false) }
            words[name, default: [:]][user.source] = Word(scope: scope, arrival: arrival)
            guard let before else { return (scope, true) }
            return (scope, before.scope != scope)
        }
    }

    /// What the groups of a user allow by the last word of the one who has proven it; nil without a word.
    func scope(of user: ProvenUser) -> AccessScope?? {
        words.withLock { $0[Array(user.name.utf8)]?[user.source] }.map(\.scope)
    }

    /// The widest scope by the last words of all who have named a user; nil if nobody has.
    func scope(ofUserNamed name: String) -> AccessScope?? {
        guard let words = self.words.withLock({ $0[Array(name.utf8)] }) else { return nil }
        let all = words.values.compactMap(\.scope)
        return .some(AccessScope.allCases.last { scope in all.contains(scope) })
    }
}

extension AccessScope {
    /// What both allow; nil for nothing.
    fileprivate static func lesser(_ one: AccessScope?, _ other: AccessScope?) -> AccessScope? {
        guard let one, let other else { return nil }
        return one.includes(other) ? other : one
    }
}

extension HTTPRequest {
    /// Whether somebody follows a link or enters an address, so that no page can read the answer.
    fileprivate var onlyOpensAPage: Bool {
        (method == .get || method == .head) && header("sec-fetch-mode") == "navigate" && header("origin") == nil
    }
}
