internal import HTTPServer
internal import HTTPWire
internal import Identities
internal import Tracking

/// The sender of a request whose credential was checked.
struct AuthenticatedSender {
    let identity: Identity
    /// The token of the request or, for a user whom a proxy or an issuer has identified, a token with the scope of the user's
    /// groups; nil for a password.
    let token: AccessToken?
    /// Nil if the sender is not one of the server's users.
    let user: KnownUser?
    let authentication: Authentication
    /// The check of the name and password; nil if the sender was identified by other means.
    let check: CheckedCredential?

    /// How the sender was identified.
    enum Authentication {
        /// By a password or a token of this server.
        case credential
        /// By a proxy or an issuer, as a person.
        case externalPerson
        /// By an issuer, as a machine, such as a job of a pipeline.
        case externalMachine
    }

    init(
        _ identity: Identity,
        _ token: AccessToken? = nil,
        _ user: KnownUser? = nil,
        authentication: Authentication = .credential,
        check: CheckedCredential? = nil
    ) {
        self.identity = identity
        self.token = token
        self.user = user
        self.authentication = authentication
        self.check = check
    }

    init(_ user: KnownUser, check: CheckedCredential? = nil) { self.init(user.identity, nil, user, check: check) }

    /// The refusal of a call that the sender may make on no resource at all; nil for other calls.
    func refusal(of access: Access) -> HTTPRefusal? {
        token?.refusal(of: access, authentication) ?? identity.refusal(of: access)
    }

    /// Whether the sender may create tokens; the call decides for which user.
    var mayMakeTokens: Bool {
        (identity.isAdministrator || identity.kind == .user) && refusal(of: .change(.token)) == nil
    }

    /// The longest lifetime, in milliseconds, of a token that the sender creates; nil if there is no limit.
    var longestTokenLifetime: Int64? { authentication == .credential ? nil : AccessToken.longestLifetimeOfExternalUser }
}

extension Identity {
    /// The refusal of a call that the sender may make on no resource at all, whatever the credential; nil for other calls.
    func refusal(of access: Access) -> HTTPRefusal? {
        let isForAdministrators = access.action == .administration || kind == .user && access.isAboutStatistics
        guard isForAdministrators, !isAdministrator else { return nil }
        return HTTPRefusal(
            403,
            "Permission denied: this call is for admins, and '\(name)' is not an admin. An admin can make you one."
        )
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
        case .administration: "administers the server"
        }
    }
}

extension AccessToken {
    /// The refusal of a call that the token does not allow; nil for other calls.
    ///
    /// - Parameter authentication: how the sender was identified. If not by a credential of this server, the token has the scope
    ///   of the user's groups.
    fileprivate func refusal(of access: Access, _ authentication: AuthenticatedSender.Authentication) -> HTTPRefusal? {
        // Changes of accounts need the scope admin, so that a token for logging cannot change who may log in. But people whom a
        // proxy or an issuer has identified may manage their own tokens and share their own data.
        let isForAdmins = access.action == .change && access.isAboutAccounts
        let needed: AccessScope =
            isForAdmins && !(authentication == .externalPerson && access.isForEveryUser) ? .admin : access.action.scope
        guard scope.includes(needed) else {
            let advice =
                authentication == .credential
                ? "Use a token of the scope \(needed.rawValue): apus token create NAME --scope \(needed.rawValue)"
                : "It needs the scope \(needed.rawValue), which the operator of the server gives to groups with --group-scopes."
            let holder = authentication == .credential ? "The token '\(name)'" : "By its groups, '\(name)'"
            return HTTPRefusal(
                403,
                "\(holder) has the scope \(scope.rawValue), and this call \(access.action.phrase). \(advice)"
            )
        }
        guard experimentIDs != nil, !access.isWithinExperiments else { return nil }
        return HTTPRefusal(
            403,
            "The token '\(name)' is limited to experiments, and this call concerns other data too. Use a token without a limit."
        )
    }
}
