internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import Hashing
internal import Identities
internal import Synchronization
internal import Tracking

/// Requests whose senders a proxy, an issuer or the cookie of a browser identifies.
extension AccessControl {
    /// An external user with a scope: the key of the identity that all requests of this user with this scope share.
    struct ExternalIdentity: Hashable {
        let name: ExactText
        let scope: AccessScope
        let userID: Int64?
    }

    private static let identityLimit = 10_000

    /// Returns the sender of a request of an external user.
    ///
    /// The scope of the user's groups limits the requests, as the scope of a token does. If the server has users, the permissions
    /// are those of the user with this name, who is created at the first request; a member of an admins' group may do everything.
    ///
    /// - Parameters:
    ///   - scope: the scope of the groups; nil if they have none.
    ///   - arrival: when the head that identifies the user arrived; nil if an earlier request has identified the user, so that
    ///     no user is created. A user who was deleted after the arrival is not created again.
    func sender(
        of user: ExternalUser,
        _ scope: AccessScope?,
        _ authentication: AuthenticatedSender.Authentication,
        identifiedAt arrival: UInt64?
    ) -> Identification {
        guard let scope else { return .failed(.other(Self.lackOfScope(user.name))) }
        let token = AccessToken(name: user.name, scope: scope, creationTime: 0)
        guard let users else {
            let identity = externalIdentity(ExternalIdentity(name: ExactText(user.name), scope: scope, userID: nil))
            return .found(AuthenticatedSender(identity, token, authentication: authentication))
        }
        return Identification(users.user(named: user.name, identifiedAt: arrival)) { known in
            guard scope == .admin else {
                return .found(AuthenticatedSender(known.externalIdentity, token, known, authentication: authentication))
            }
            let identity = externalIdentity(
                ExternalIdentity(name: ExactText(user.name), scope: scope, userID: known.user.id)
            )
            return .found(AuthenticatedSender(identity, token, known, authentication: authentication))
        }
    }

    private static func lackOfScope(_ name: String) -> AccessRefusal {
        let reason = "The user '\(name)' has no access: none of the user's groups has a scope."
        return AccessRefusal(
            refusal: HTTPRefusal(
                403,
                "\(reason) The operator of the server gives scopes to groups with --group-scopes."
            )
        )
    }

    /// Records and returns the scope of a user whom a request identifies; from now on, the scope limits the user's tokens and
    /// log-ins.
    ///
    /// - Parameter arrival: the arrival of the request's head. If a head that arrived later has reported a smaller scope, the
    ///   smaller scope is returned.
    func scope(reportedFor user: ExternalUser, at arrival: UInt64) -> AccessScope? {
        let (scope, hasChanged) = reportedScopes.note(externalUsers.scope(of: user), of: user, at: arrival)
        if hasChanged { version.advance() }
        return scope
    }

    /// Returns the sender of a request with a token of a user; the scope last reported for the user's groups limits the token.
    func sender(of token: AccessToken, _ user: KnownUser) -> Identification {
        let identity = user.identity(limitedTo: token.experimentIDs)
        guard externalUsers.isTrusted, let last = reportedScopes.scope(ofUserNamed: user.user.name) else {
            return .found(AuthenticatedSender(identity, token, user))
        }
        guard let last else { return .failed(.other(Self.lackOfScope(user.user.name))) }
        var limited = token
        if !last.includes(token.scope) { limited.scope = last }
        return .found(AuthenticatedSender(identity, limited, user))
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

    /// Returns the sender whom a trusted proxy names; nil if none names one.
    func senderNamedByProxy(_ request: HTTPRequest) -> Identification? {
        guard let proxy = externalUsers.proxy else { return nil }
        switch proxy.user(of: request) {
        case .none: return nil
        case .unusable(let reason): return .failed(.other(AccessRefusal(refusal: HTTPRefusal(400, reason))))
        case .user(let user):
            // Other sites' pages may only link here, because browsers send the proxy's cookie or password with their requests.
            guard
                OriginPolicy.sender(of: request, publicOrigin: externalUsers.publicOrigin) != .foreign
                    || request.onlyOpensAPage
            else { return .failed(.other(Self.foreignPage)) }
            return sender(
                of: user,
                scope(reportedFor: user, at: request.arrival),
                .externalPerson,
                identifiedAt: request.arrival
            )
        }
    }

    /// Returns the sender of a request with an issuer's token.
    ///
    /// - Parameter arrival: the arrival of the request's head.
    func sender(ofIssuersToken token: [UInt8], at time: Int64, arrival: UInt64) -> Identification {
        guard let identify = externalUsers.userOfToken else { return .failed(.unknownToken) }
        do throws(ExternalUsers.TokenFailure) {
            let user = try identify(token, time)
            let scope = scope(reportedFor: user, at: arrival)
            return sender(of: user, scope, externalUsers.authentication(by: user.source), identifiedAt: arrival)
        } catch {
            switch error {
            case .refused(let reason):
                return .failed(.other(challenge(reason, advice: "Ask the issuer for a valid token.")))
            case .undecided(let begin): return .undecided(begin)
            case .issuerUnreachable(let reason):
                let refusal = AccessRefusal(refusal: HTTPRefusal(503, reason), fields: [("Retry-After", "1")])
                return .failed(.other(refusal))
            }
        }
    }

    /// Returns the user who has logged in with the browser that sends a request; nil without a valid cookie.
    func logInSender(_ request: HTTPRequest) -> Identification? {
        guard let known = logIn(of: request) else { return nil }
        let origin = OriginPolicy.sender(of: request, publicOrigin: externalUsers.publicOrigin)
        // A page of another origin must neither change nor read anything with a user's cookie; following a link is allowed.
        let isAccepted =
            request.method.changesState ? origin == .own : origin != .foreign || request.onlyOpensAPage
        guard isAccepted else { return .failed(.other(Self.foreignPage)) }
        let identification = sender(of: known.logIn)
        switch identification {
        case .undecided: return identification
        // The token or the user of the log-in no longer exists, which counts as no log-in.
        case .failed: return nil
        case .found:
            let now = currentMilliseconds()
            if known.noteUse(at: now) {
                store.write({ [hash = known.hash] in try $0.noteUse(ofLogIn: hash, at: now) }) { _ in }
            }
            return identification
        }
    }

    /// Returns the holder of a log-in, with the permissions that the holder has now.
    func sender(of logIn: LogIn) -> Identification {
        switch logIn.holder {
        case .token(_, let hash): return sender(ofTokenHash: hash)
        case .user(let user):
            let scope = externalUsers.scope(of: user)
            let last = reportedScopes.scope(of: user) ?? scope
            return sender(of: user, AccessScope.lesser(scope, last), .externalPerson, identifiedAt: nil)
        case .account(let name, let fingerprint):
            guard let users else { return .failed(.unknownToken) }
            return Identification(users.user(named: name, identifiedAt: nil)) { known in
                // A log-in ends when the user's password is changed.
                ConstantTime.areEqual(known.passwordFingerprint, fingerprint)
                    ? .found(AuthenticatedSender(known)) : .failed(.wrongPassword(name))
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

/// The latest scopes of external users that proxies and issuers have reported since the start of the server.
final class ReportedScopes: Sendable {
    /// What a proxy or an issuer has reported about a user.
    private struct Report {
        /// Nil for groups without a scope.
        var scope: AccessScope?
        /// The arrival of the request's head.
        var arrival: UInt64
    }

    /// The reports by the bytes of the user's name, and then by the proxy or issuer.
    private let reports = Mutex<[[UInt8]: [String: Report]]>([:])

    /// The largest number of users that are remembered.
    private static let maximumUsers = 100_000

    /// Records a report, unless the report of a head that arrived later is recorded already.
    ///
    /// - Returns: the scope for the request with this report, and whether the recorded scope has changed.
    func note(
        _ scope: AccessScope?,
        of user: ExternalUser,
        at arrival: UInt64
    ) -> (scope: AccessScope?, hasChanged: Bool) {
        let name = Array(user.name.utf8)
        return reports.withLock { reports in
            guard reports[name] != nil || reports.count < Self.maximumUsers else { return (scope, false) }
            let before = reports[name]?[user.source]
            if let before, before.arrival > arrival { return (AccessScope.lesser(before.scope, scope), false) }
            reports[name, default: [:]][user.source] = Report(scope: scope, arrival: arrival)
            guard let before else { return (scope, true) }
            return (scope, before.scope != scope)
        }
    }

    /// The scope of a user by the last report of the proxy or issuer that has identified the user; nil without a report.
    func scope(of user: ExternalUser) -> AccessScope?? {
        reports.withLock { $0[Array(user.name.utf8)]?[user.source] }.map(\.scope)
    }

    /// The widest scope by the last reports of all proxies and issuers about a user; nil without a report.
    func scope(ofUserNamed name: String) -> AccessScope?? {
        guard let reports = self.reports.withLock({ $0[Array(name.utf8)] }) else { return nil }
        let all = reports.values.compactMap(\.scope)
        return .some(AccessScope.allCases.last { scope in all.contains(scope) })
    }
}

extension AccessScope {
    /// The scope that both include; nil if one is nil.
    fileprivate static func lesser(_ one: AccessScope?, _ other: AccessScope?) -> AccessScope? {
        guard let one, let other else { return nil }
        return one.includes(other) ? other : one
    }
}

extension HTTPRequest {
    /// Whether the browser opens the address as a page, because of a link or because a person typed the address.
    ///
    /// No other page can read the answer to such a request.
    fileprivate var onlyOpensAPage: Bool {
        (method == .get || method == .head) && header("sec-fetch-mode") == "navigate" && header("origin") == nil
    }
}
