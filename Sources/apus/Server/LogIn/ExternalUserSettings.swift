internal import Coding
internal import HTTPClient
internal import HTTPServer
internal import Logging
internal import MLflowAPI
internal import OpenID
internal import TLS
internal import Tracking

/// The settings of the proxies and issuers that identify users.
struct ExternalUserSettings {
    /// The settings of external users, without the check of tokens, which needs the issuers' keys.
    private(set) var users = ExternalUsers()
    /// The flag or variable that trusts a proxy or an issuer, for messages; nil if none is trusted.
    private(set) var source: String?
    /// The address at which browsers see the server, without a slash at its end.
    private(set) var publicURL: String?
    private(set) var issuers: [IssuerSettings] = []
    /// Sends requests to the issuers; nil if there are no issuers.
    private var issuerCalls: IssuerCalls?

    /// Trusts no proxy and no issuer.
    init() {}

    init(_ options: ExternalUserOptions, _ environment: Environment) throws(StartFailure) {
        if let setting = environment.setting(.publicURL, options.publicUrl) {
            let address = try Self.publicAddress(setting)
            publicURL = address.text
            users.publicOrigin = address.origin
            users.publicPath = address.path
        }
        let scopes = environment.setting(.groupScopes, options.groupScopes)
        let groups = try scopes.map { setting throws(StartFailure) in try Self.groupScopes(setting) }
        try readProxy(options, environment, groups)
        try readIssuers(options, environment, groups)
        if source == nil, let scopes {
            throw StartFailure("\(scopes.source) has an effect only with a proxy or an issuer.")
        }
    }

    /// Begins to fetch the keys of the issuers, and returns the methods of logging in.
    func begin(_ logger: Logger) -> LogInMethods {
        guard let issuerCalls else { return LogInMethods(users: users, issuers: [], publicURL: publicURL) }
        let all = issuers.map { settings in
            Issuer(settings, issuerCalls) { logger.warning("the issuer of tokens \($0)") }
        }
        for issuer in all { issuer.begin() }
        let tokenIssuers = TokenIssuers(all)
        var users = users
        users.isToken = TokenIssuers.isToken
        users.userOfToken = { token, time throws(ExternalUsers.TokenFailure) in
            do throws(TokenFault) {
                return try tokenIssuers.proof(of: token, at: time).user
            } catch {
                throw ExternalUsers.TokenFailure(error)
            }
        }
        return LogInMethods(users: users, issuers: all.filter { $0.settings.client != nil }, publicURL: publicURL)
    }

    private static func publicAddress(
        _ setting: Setting
    ) throws(StartFailure) -> (text: String, origin: String, path: String) {
        var text = setting.text
        while text.hasSuffix("/") { text.removeLast() }
        let isPlain = !text.contains { "?#@\\\"'<>".contains($0) }
        guard isPlain, let url = HTTPURL(text) else {
            throw StartFailure("\(setting.quoted) is not an http or https address, such as https://ml.example.org.")
        }
        return (text, "\(url.origin.scheme)://\(url.origin.hostField)", url.target == "/" ? "" : url.target)
    }

    static func groupScopes(_ setting: Setting) throws(StartFailure) -> GroupScopes {
        var scopes: [String: AccessScope] = [:]
        for entry in setting.text.split(separator: ",") {
            let entry = entry.drop { $0 == " " }
            guard let equals = entry.lastIndex(of: "="), equals > entry.startIndex,
                let scope = AccessScope(rawValue: String(entry[entry.index(after: equals)...]))
            else {
                throw StartFailure(
                    "'\(entry.printable(limit: 200))' in \(setting.source) is not GROUP=SCOPE with the scope read, write or admin."
                )
            }
            scopes[String(entry[..<equals])] = scope
        }
        return GroupScopes(scopes)
    }

    // MARK: The proxy

    private mutating func readProxy(
        _ options: ExternalUserOptions,
        _ environment: Environment,
        _ scopes: GroupScopes?
    ) throws(StartFailure) {
        let groups = environment.setting(.trustProxyGroups, options.trustProxyGroups)
        let peers = environment.setting(.trustedProxies, options.trustedProxies)
        guard let user = environment.setting(.trustProxyUser, options.trustProxyUser) else {
            if let unused = groups ?? peers {
                throw StartFailure("\(unused.source) has an effect only with --trust-proxy-user.")
            }
            return
        }
        guard let peers else {
            throw StartFailure(
                "\(user.quoted) needs --trusted-proxies: without the addresses of the proxies anybody could name a user."
            )
        }
        guard let scopes else { throw StartFailure(Self.missingScopesMessage(user.source)) }
        for field in [user, groups].compactMap({ $0 }) where !Self.isField(field.text) {
            throw StartFailure("\(field.quoted) is no header field in which a proxy can name a user.")
        }
        if let groups, groups.text.lowercased() == user.text.lowercased() {
            throw StartFailure("\(groups.source) and \(user.source) are the same field.")
        }
        var networks: [IPNetwork] = []
        for entry in peers.text.split(whereSeparator: { ", ".contains($0) }) {
            guard let network = IPNetwork(entry) else {
                throw StartFailure(
                    "'\(entry.printable(limit: 200))' in \(peers.source) is no address, such as 10.0.0.5, 10.0.0.0/24 or unix."
                )
            }
            networks.append(network)
        }
        users.proxy = TrustedProxy(userField: user.text, groupsField: groups?.text, peers: networks)
        users.scopes[ExternalUser.proxySource] = scopes
        source = user.source
    }

    private static func isField(_ text: String) -> Bool {
        let reserved = [
            "authorization", "cookie", "host", "origin", "content-length", "transfer-encoding", "connection",
        ]
        let isToken =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == UInt8(ascii: "-")
            }
        return isToken && !reserved.contains(text.lowercased())
    }

    private static func missingScopesMessage(_ source: String) -> String {
        "\(source) needs --group-scopes, which says what users may do, such as --group-scopes "
            + "ml-admins=admin,ml-team=write; '*=write' is for everybody whom the proxy or the issuer names."
    }

    // MARK: Issuers

    private mutating func readIssuers(
        _ options: ExternalUserOptions,
        _ environment: Environment,
        _ scopes: GroupScopes?
    ) throws(StartFailure) {
        var read: [ConfiguredIssuer] = []
        if let issuer = try issuerOfFlags(options, environment) { read.append(issuer) }
        let file = environment.setting(.oidcConfig, options.oidcConfig)
        if let file { read += try IssuerFile.issuers(file) }
        guard !read.isEmpty else { return }
        for issuer in read {
            let name = issuer.settings.issuer
            guard users.scopes[name] == nil else { throw StartFailure("The issuer \(name) is named twice.") }
            guard let scopes = issuer.scopes ?? scopes else {
                throw StartFailure(Self.missingScopesMessage("The issuer \(name)"))
            }
            guard issuer.settings.client == nil || publicURL != nil else {
                throw StartFailure("The client of the issuer \(name) needs --public-url, to which log-ins return.")
            }
            users.scopes[name] = scopes
            if issuer.isForPeople { users.issuersOfPeople.insert(name) }
            issuers.append(issuer.settings)
        }
        source = source ?? environment.setting(.oidcIssuer, options.oidcIssuer)?.source ?? file?.source
        issuerCalls = try Self.makeIssuerCalls(environment)
    }

    private func issuerOfFlags(
        _ options: ExternalUserOptions,
        _ environment: Environment
    ) throws(StartFailure) -> ConfiguredIssuer? {
        let audience = environment.setting(.oidcAudience, options.oidcAudience)
        let userClaim = environment.setting(.oidcUserClaim, options.oidcUserClaim)
        let groupsClaim = environment.setting(.oidcGroupsClaim, options.oidcGroupsClaim)
        let clientID = environment.setting(.oidcClientID, options.oidcClientId)
        let secretFile = environment.setting(.oidcClientSecretFile, options.oidcClientSecretFile)
        let origins = environment.setting(.oidcEndpointOrigins, options.oidcEndpointOrigins)
        guard let setting = environment.setting(.oidcIssuer, options.oidcIssuer) else {
            if let unused = audience ?? userClaim ?? groupsClaim ?? clientID ?? secretFile ?? origins {
                throw StartFailure("\(unused.source) has an effect only with --oidc-issuer.")
            }
            return nil
        }
        guard var issuer = IssuerSettings(issuer: setting.text) else {
            throw StartFailure("\(setting.quoted) is no issuer: \(IssuerFile.addressAdvice)")
        }
        if let clientID {
            var client = IssuerSettings.Client(id: clientID.text)
            client.secret = try secretFile.map { file throws(StartFailure) in
                try IssuerFile.secret(in: file.text, file.source)
            }
            issuer.client = client
        } else if let secretFile {
            throw StartFailure("\(secretFile.source) has an effect only with --oidc-client-id.")
        }
        guard let audience = audience?.text ?? issuer.client?.id else {
            throw StartFailure(
                "\(setting.source) needs --oidc-audience: a token must be for this server, not for any other."
            )
        }
        issuer.audiences = [audience]
        issuer.userClaim = userClaim?.text ?? "sub"
        issuer.groupsClaim = groupsClaim?.text ?? "groups"
        if let origins {
            issuer.endpointOrigins = try IssuerFile.origins(
                origins.text.split { ", ".contains($0) }.map(String.init),
                origins.source
            )
        }
        return ConfiguredIssuer(settings: issuer, scopes: nil)
    }

    /// The calls trust the system's certificates, or those that the usual variables name; MLflow's variables are ignored.
    private static func makeIssuerCalls(_ environment: Environment) throws(StartFailure) -> IssuerCalls {
        let variable = { @Sendable (name: String) in name.hasPrefix("MLFLOW_") ? nil : environment[name] }
        do throws(TLSFailure) {
            try PublicKey.requireLibrary()
            return IssuerCalls(agent: "apus/\(apusVersion)", trust: try TLSTrust(variable), variable)
        } catch {
            throw StartFailure("Tokens of issuers cannot be checked: \(error).")
        }
    }
}

/// An issuer as the operator has described it.
struct ConfiguredIssuer {
    var settings: IssuerSettings
    /// The rights of the issuer's users; nil for those of --group-scopes.
    var scopes: GroupScopes?
    /// The member `people` of the issuer's file: whether the issuer's tokens are for people; nil if the member is absent.
    var people: Bool?

    /// Whether the issuer's tokens are for people, which is the default if people log in with this issuer.
    var isForPeople: Bool { people ?? (settings.client != nil) }
}

/// What a running server needs to identify users by a proxy or an issuer.
struct LogInMethods {
    let users: ExternalUsers
    /// The issuers with which people log in to the pages.
    let issuers: [Issuer]
    /// The address at which browsers see the server, without a slash at its end.
    let publicURL: String?
}

extension ProvenToken {
    /// The user of the token, if the name is allowed.
    var user: ExternalUser {
        get throws(TokenFault) {
            guard let user = ExternalUser(name: name, groups: groups, source: issuer) else {
                throw .refused(
                    "The name in the token is not allowed: a name has 1 to \(ExternalUser.nameLimit) printable characters, no space at an end, "
                        + "and is not a name that the server shows for itself or for its commands."
                )
            }
            return user
        }
    }
}

extension ExternalUsers.TokenFailure {
    init(_ fault: TokenFault) {
        switch fault {
        case .refused(let reason): self = .refused(reason)
        case .awaitingKeys(let fetch): self = .undecided { fetch.whenOver($0) }
        case .keysUnavailable(let reason): self = .issuerUnreachable(reason)
        }
    }
}
