internal import HTTPServer
internal import HTTPWire
internal import Identities
internal import Tracking

/// One of whom it is known who it is.
struct Admitted {
    let identity: Identity
    /// The token that was shown, or what bounds like one; nil for a password.
    let token: AccessToken?
    /// nil for one that is none of the users.
    let user: KnownUser?
    let proof: Proof

    /// What shows who somebody is.
    enum Proof {
        /// A credential of this server: a password, or a token.
        case credential
        /// The word of a proxy or an issuer about a person.
        case person
        /// The word of an issuer about a machine, such as a job of a pipeline.
        case machine
    }

    init(_ identity: Identity, _ token: AccessToken? = nil, _ user: KnownUser? = nil, proof: Proof = .credential) {
        self.identity = identity
        self.token = token
        self.user = user
        self.proof = proof
    }

    init(_ user: KnownUser) { self.init(user.identity, nil, user) }

    /// Nil if such a call may be made; what it is about is asked for later.
    func refusal(of access: Access) -> HTTPRefusal? {
        if let refusal = token?.refusal(of: access, proof) { return refusal }
        let isForAdministrators =
            access.action == .administration || identity.kind == .user && access.resources == [.statistics]
        guard isForAdministrators, !identity.isAdministrator else { return nil }
        return HTTPRefusal(
            403,
            "Permission denied: this call is for admins, and '\(identity.name)' is not an admin. An admin can make you one."
        )
    }

    /// Whether this one may make tokens; whose they are is for the call itself.
    var mayMakeTokens: Bool {
        (identity.isAdministrator || identity.kind == .user) && refusal(of: .change(.token)) == nil
    }

    /// How long a token may be valid that this one makes, in milliseconds; nil for any time.
    var longestTokenLifetime: Int64? { proof == .credential ? nil : AccessToken.longestLifetimeOfProvenUser }
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
    /// Nil if the token allows a call.
    ///
    /// - Parameter proof: what has shown whose it is; for one whom others prove, the token stands for the groups.
    fileprivate func refusal(of access: Access, _ proof: Admitted.Proof) -> HTTPRefusal? {
        // What logs things must not change who may log in, but people look after their own tokens and share what is theirs.
        let isForAdmins = access.action == .change && access.isAboutAccounts
        let needed: AccessScope =
            isForAdmins && !(proof == .person && access.isForEveryUser) ? .admin : access.action.scope
        guard scope.includes(needed) else {
            let advice =
                proof == .credential
                ? "Use a token of the scope \(needed.rawValue): apus token create NAME --scope \(needed.rawValue)"
                : "It needs the scope \(needed.rawValue), which who runs the server gives to groups with --group-scopes."
            let holder = proof == .credential ? "The token '\(name)'" : "By its groups, '\(name)'"
            return HTTPRefusal(
                403,
                "\(holder) has the scope \(scope.rawValue), and this call \(access.action.phrase). \(advice)"
            )
        }
        guard experimentIDs != nil, !access.isWithinExperiments else { return nil }
        return HTTPRefusal(
            403,
            "The token '\(name)' is limited to experiments, and this call concerns more. Use a token without that limit."
        )
    }
}
