internal import Budgets
package import HTTPServer
package import Tracking

/// The users whom a proxy in front of the server or an issuer of tokens identifies, and their permissions.
package struct ExternalUsers: Sendable {
    /// Why a token of an issuer does not identify a user.
    package enum TokenFailure: Error, Sendable {
        /// The token is not valid; the value is a whole sentence.
        case refused(String)
        /// The issuer's keys must be fetched first; the closure calls its parameter when that is done, on any thread.
        case undecided(@Sendable (@escaping @Sendable () -> Void) -> Void)
        /// The issuer cannot be reached now; the value is a whole sentence.
        case issuerUnreachable(String)
    }

    /// Returns the user of an issuer's token; nil if no issuer is trusted.
    ///
    /// Called for each request with such a token, with the token and the time in Unix milliseconds; must not block.
    package var userOfToken: (@Sendable ([UInt8], Int64) throws(TokenFailure) -> ExternalUser)?
    /// Whether a credential has the form of a token that issuers make.
    package var isToken: @Sendable ([UInt8]) -> Bool = { _ in false }
    /// The proxy that identifies the senders of requests; nil if none is trusted.
    package var proxy: TrustedProxy?
    /// The issuers whose tokens are for people, and not for machines such as the jobs of a pipeline.
    package var issuersOfPeople: Set<String> = []
    /// The scopes of groups, by the proxy or issuer that identifies the users; users without a scope may do nothing.
    package var scopes: [String: GroupScopes] = [:]
    /// The origin at which browsers see the server; nil if it is that of the Host field.
    package var publicOrigin: String?
    /// The path beneath which browsers see the server at its public origin, without a slash at its end.
    package var publicPath = ""
    /// The prefix of paths that the server answers in addition to paths without it.
    package var staticPrefix = ""

    package init() {}

    /// Whether a proxy or an issuer is trusted.
    var isTrusted: Bool { !scopes.isEmpty }

    /// Whether the tokens of an issuer identify people or machines.
    func authentication(by issuer: String) -> AuthenticatedSender.Authentication {
        issuersOfPeople.contains(issuer) ? .externalPerson : .externalMachine
    }

    /// The scope of a user's groups; nil if they have none.
    func scope(of user: ExternalUser) -> AccessScope? { scopes[user.source]?.scope(of: user.groups) }
}

/// The scopes of the members of groups.
package struct GroupScopes: Sendable, Equatable {
    /// The scopes by the bytes of the group's name, because two names that only look the same are two groups.
    private let scopes: [[UInt8]: AccessScope]
    /// The scope of every user; nil if only groups have scopes.
    private let everyone: AccessScope?

    /// The name that means every user instead of a group.
    package static let everyonesName = "*"

    package init(_ scopes: [String: AccessScope]) {
        let named = scopes.filter { $0.key != Self.everyonesName }
        self.scopes = Dictionary(uniqueKeysWithValues: named.map { (Array($0.key.utf8), $0.value) })
        everyone = scopes[Self.everyonesName]
    }

    /// The widest scope of a user in these groups; nil if the user has no scope.
    package func scope(of groups: [String]) -> AccessScope? {
        groups.reduce(everyone) { found, group in
            guard let scope = scopes[Array(group.utf8)] else { return found }
            return found.map { $0.includes(scope) ? $0 : scope } ?? scope
        }
    }
}

/// A proxy that authenticates users, and names the user of a request in a header field.
package struct TrustedProxy: Sendable {
    /// The name of the field with the user's name, in lower case.
    private let userField: String
    private let groupsField: String?
    private let peers: [IPNetwork]

    /// - Parameters:
    ///   - userField: the name of the field with the user's name.
    ///   - groupsField: the name of the field with the groups, separated by commas; nil for none.
    ///   - peers: the addresses of the proxy; the fields of other clients are ignored.
    package init(userField: String, groupsField: String?, peers: [IPNetwork]) {
        self.userField = userField.lowercased()
        self.groupsField = groupsField?.lowercased()
        self.peers = peers
    }

    enum Report {
        /// The request does not come from the proxy, or has no such field.
        case none
        case user(ExternalUser)
        /// The field does not identify a user; the value says why, in a whole sentence.
        case unusable(String)
    }

    /// Returns the user whom the proxy names.
    func user(of request: HTTPRequest) -> Report {
        let count = request.count(ofHeaders: userField)
        guard count > 0, peers.contains(where: { $0.contains(request.caller.peer.name) }) else { return .none }
        guard count == 1, let name = request.header(userField) else {
            return .unusable("The request has the field \(userField) \(count) times; a proxy must send it once.")
        }
        var groups: [String] = []
        if let groupsField {
            guard request.count(ofHeaders: groupsField) <= 1 else {
                return .unusable("The request has the field \(groupsField) more than once; a proxy must send it once.")
            }
            groups = (request.header(groupsField) ?? "").split(separator: ",").map { part in
                String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
        }
        // A name with a comma is refused: some proxies join two fields with a comma, and the client may have sent one of them.
        guard !name.contains(","), groups.count <= 1_000,
            let user = ExternalUser(name: name, groups: groups, source: ExternalUser.proxySource)
        else {
            return .unusable(
                "The field \(userField) is not a name: a name has 1 to \(ExternalUser.nameLimit) printable characters, no comma, "
                    + "no space at its beginning or end, and is not a name that the server uses for itself or its commands."
            )
        }
        return .user(user)
    }
}
