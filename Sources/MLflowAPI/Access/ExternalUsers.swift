internal import Budgets
package import HTTPServer
package import Tracking

/// Users whom others prove: a proxy in front of the server, and issuers of tokens; and what they may do.
package struct ExternalUsers: Sendable {
    /// Why a token of an issuer shows nobody.
    package enum Fault: Error, Sendable {
        /// It never will; the value is a whole sentence.
        case refused(String)
        /// It is being found out, and the value calls its parameter when that is done, on any thread.
        case awaited(@Sendable (@escaping @Sendable () -> Void) -> Void)
        /// It may do so later, because its issuer is away; the value is a whole sentence.
        case unready(String)
    }

    /// Whom a token of an issuer is for; nil where no issuer is trusted.
    ///
    /// Called with the token and the time in Unix milliseconds for each request with one; must not block.
    package var tokenHolder: (@Sendable ([UInt8], Int64) throws(Fault) -> ProvenUser)?
    /// Whether a credential has the form of a token that issuers make.
    package var isToken: @Sendable ([UInt8]) -> Bool = { _ in false }
    /// The proxy that says who sends a request; nil where none is trusted.
    package var proxy: TrustedProxy?
    /// The issuers whose tokens are for people, and not for machines such as the jobs of a pipeline.
    package var issuersOfPeople: Set<String> = []
    /// What users may do, by who has proven them; others may do nothing.
    package var scopes: [String: GroupScopes] = [:]
    /// The origin at which browsers see the server; nil where the Host field says it.
    package var publicOrigin: String?
    /// The path beneath which browsers see the server there, without a slash at its end.
    package var publicPath = ""
    /// The prefix of paths beneath which the server answers besides the root.
    package var staticPrefix = ""

    package init() {}

    /// Whether anybody else is trusted.
    var isTrusted: Bool { !scopes.isEmpty }

    /// What an issuer's token shows.
    func proof(by issuer: String) -> Admitted.Proof { issuersOfPeople.contains(issuer) ? .person : .machine }

    /// What a user may do; nil for nothing.
    func scope(of user: ProvenUser) -> AccessScope? { scopes[user.source]?.scope(of: user.groups) }
}

/// Which scope the members of groups have.
package struct GroupScopes: Sendable, Equatable {
    /// By the bytes of the group's name: two names that only look the same are two groups.
    private let scopes: [[UInt8]: AccessScope]
    /// That of every user; nil where only groups have one.
    private let everyone: AccessScope?

    /// Stands for every user in the place of a group's name.
    package static let everyonesName = "*"

    package init(_ scopes: [String: AccessScope]) {
        let named = scopes.filter { $0.key != Self.everyonesName }
        self.scopes = Dictionary(uniqueKeysWithValues: named.map { (Array($0.key.utf8), $0.value) })
        everyone = scopes[Self.everyonesName]
    }

    /// The widest scope of a user in these groups; nil for none.
    package func scope(of groups: [String]) -> AccessScope? {
        groups.reduce(everyone) { found, group in
            guard let scope = scopes[Array(group.utf8)] else { return found }
            return found.map { $0.includes(scope) ? $0 : scope } ?? scope
        }
    }
}

/// A proxy that has checked who sends a request, and says so in a field.
package struct TrustedProxy: Sendable {
    /// In lower case.
    private let userField: String
    private let groupsField: String?
    private let peers: [IPNetwork]

    /// - Parameters:
    ///   - userField: the name of the field with the user's name.
    ///   - groupsField: the name of the field with the groups, separated by commas; nil for none.
    ///   - peers: whose fields count.
    package init(userField: String, groupsField: String?, peers: [IPNetwork]) {
        self.userField = userField.lowercased()
        self.groupsField = groupsField?.lowercased()
        self.peers = peers
    }

    enum Word {
        /// The proxy says nothing, or another one sends the request.
        case none
        case user(ProvenUser)
        /// The field names nobody; the value says why, in a whole sentence.
        case unusable(String)
    }

    /// Whom the proxy names.
    func user(of request: HTTPRequest) -> Word {
        let count = request.count(ofHeaders: userField)
        guard count > 0, peers.contains(where: { $0.contains(request.caller.peer.name) }) else { return .none }
        guard count == 1, let name = request.header(userField) else {
            return .unusable("The field \(userField) stands in the request \(count) times, so that it names nobody.")
        }
        var groups: [String] = []
        if let groupsField {
            guard request.count(ofHeaders: groupsField) <= 1 else {
                return .unusable("The field \(groupsField) stands in the request more than once.")
            }
            groups = (request.header(groupsField) ?? "").split(separator: ",").map { part in
                String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
        }
        // Some proxies join two fields with a comma, of which the client may have sent one.
        guard !name.contains(","), groups.count <= 1_000,
            let user = ProvenUser(name: name, groups: groups, source: ProvenUser.proxySource)
        else {
            return .unusable(
                "The field \(userField) names nobody: a name has 1 to \(ProvenUser.nameLimit) printable characters, no comma, "
                    + "no space at an end, and is none that the server shows for itself or for its commands."
            )
        }
        return .user(user)
    }
}
