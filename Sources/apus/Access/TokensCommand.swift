internal import ArgumentParser
internal import Coding
internal import Glibc
internal import HTTPWire
internal import JSON
internal import MLflowAPI
internal import MLflowClient
internal import Tracking

struct TokensCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make, list and revoke the tokens that a server with --require-token asks for.",
        discussion: """
            If no server uses the data folder, the command opens it; otherwise it asks that server, and a change takes effect at \
            once. With --backend-store-uri postgresql://…, the command changes the database, and the change takes effect at once \
            in every server that uses the database.
            """,
        subcommands: [TokenCreation.self, TokenList.self, TokenRevocation.self],
        helpNames: .long
    )
}

struct TokenCreation: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a token and print it; it cannot be shown again.",
        discussion: """
            A client reads the token from MLFLOW_TRACKING_TOKEN, or from MLFLOW_TRACKING_PASSWORD with any \
            MLFLOW_TRACKING_USERNAME; in a browser, type it as the password. Only the SHA-256 hash of the token is stored. A \
            token that is made with --tracking-uri and the name and password of a user belongs to that user, and is invalid when \
            the user is deleted. Any other token has no owner.
            """,
        helpNames: .long
    )

    @Argument(help: "A name by which the token is listed and revoked.") var name: String

    @Option(
        help:
            "What the token allows: read; write (also create, change and delete); or admin (also administer the server)."
    )
    var scope: AccessScope = .write

    @Option(
        help: ArgumentHelp(
            "Allow access only to this experiment, by id or name; may be given more than once.",
            valueName: "experiment"
        )
    )
    var experiment: [String] = []

    @Option(
        help: ArgumentHelp(
            "How long the token is valid, such as 30d or 12h. (default: until it is revoked)",
            valueName: "age"
        )
    )
    var expires: Age?

    @OptionGroup var data: DataOptions
    @Flag(help: "Print one line of JSON.") var json = false

    func run() throws {
        try data.withAccountStore(createsDatabase: true) { store in
            let (key, token, owner) = try make(in: store)
            if json {
                let object = JSONWriter.objectText { writer in
                    writer.member("token", key)
                    writer.members(of: token, user: owner)
                }
                return StandardStream.output.write(object)
            }
            StandardStream.error.write(
                "apus: the token '\(token.name)' \(OwnedToken.text(ofOwner: owner)), \(token.scopeText), \(token.expirationText); it is "
                    + "shown only now:"
            )
            StandardStream.output.write(key)
        }
    }

    /// Makes the token, and returns its secret text, its properties, and the name of the user who owns it.
    private func make(in store: AccountStore) throws -> (key: String, token: AccessToken, owner: String?) {
        switch store {
        case .database(let api):
            let request = TokenRequest(
                name: name,
                scope: scope,
                experiments: experiment.isEmpty ? nil : experiment,
                lifetime: expires?.milliseconds
            )
            let (key, token) = try api.createToken(request)
            return (key.text, token, nil)
        case .server(let server):
            let body = JSONWriter.object { writer in
                writer.member("name", name)
                writer.member("scope", scope.rawValue)
                writer.member("experiments", strings: experiment.isEmpty ? nil : experiment)
                writer.member("expires_in", ifPresent: expires?.milliseconds)
            }
            let answer = try server.json("tokens/create", body)
            guard let key = answer["token"]?.string, let token = AccessToken(answer) else {
                throw StartFailure("The server at \(server.client.uri) has answered without a token.")
            }
            return (key, token, answer["username"]?.string)
        }
    }
}

struct TokenList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the tokens with the time of their last use, accurate to a minute.",
        helpNames: .long
    )

    @OptionGroup var data: DataOptions
    @Flag(help: "Print one line of JSON.") var json = false

    func run() throws {
        try data.withAccountStore { store in
            let tokens: [OwnedToken] =
                switch store {
                case .database(let api): try OwnedToken.all(of: api)
                case .server(let server):
                    try server.json("tokens/list")["tokens"]?.elements.compactMap { OwnedToken($0) } ?? []
                }
            Listing.show(tokens, "tokens", asJSON: json) { writer, token in
                writer.members(of: token.token, user: token.owner)
            } line: {
                $0.line
            }
        }
    }
}

/// A token, and the name of the user who owns it (nil if it has no owner).
private struct OwnedToken {
    let token: AccessToken
    let owner: String?

    static func all(of api: MLflowAPI) throws -> [OwnedToken] {
        let names = Dictionary(try api.users().map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
        return try api.accessTokens().map { OwnedToken(token: $0, owner: $0.userID.flatMap { names[$0] }) }
    }

    private init(token: AccessToken, owner: String?) {
        self.token = token
        self.owner = owner
    }

    /// Reads a token from a server's answer; nil if the JSON is not a token.
    init?(_ json: JSONValue) {
        guard let token = AccessToken(json) else { return nil }
        self.init(token: token, owner: json["username"]?.string)
    }

    static func text(ofOwner owner: String?) -> String {
        owner.map { "of the user '\($0.printable(limit: 300))'" } ?? "without an owner"
    }

    var line: String {
        let use = token.lastUsedTime.map { "last used \(UnixTime.text($0))" } ?? "not used yet"
        let creation = "made \(UnixTime.text(token.creationTime))"
        return "\(token.name): \(Self.text(ofOwner: owner)), \(token.scopeText), \(creation), "
            + "\(token.expirationText), \(use)"
    }
}

struct TokenRevocation: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Make a token invalid.",
        helpNames: .long
    )

    @Argument(help: "The name of the token.") var name: String

    @Option(
        help: ArgumentHelp(
            """
            The user who owns the token. If this option is absent, the command revokes a token without an owner or, if you \
            call a server as a user who is not an admin, your own token.
            """,
            valueName: "name"
        )
    )
    var user: String?

    @OptionGroup var data: DataOptions

    func run() throws {
        try data.withAccountStore { store in
            switch store {
            case .database(let api): try api.revokeToken(named: name, ofUserNamed: user)
            case .server(let server):
                let body = JSONWriter.object { writer in
                    writer.member("name", name)
                    writer.member("username", ifPresent: user ?? (Self.isOrdinaryUser(of: server) ? nil : ""))
                }
                _ = try server.json("tokens/revoke", body)
            }
            let owner = user.map { " of '\($0.printable(limit: 200))'" } ?? ""
            StandardStream.error.write("apus: the token '\(name.printable(limit: 200))'\(owner) is revoked")
        }
    }
}

extension TokenRevocation {
    /// Whether the command calls the server as a user who is not an admin, and who can revoke only their own tokens.
    private static func isOrdinaryUser(of server: ServerConnection) -> Bool {
        // The server refuses the call if it has no users, or if the credentials are not those of a user.
        let user = try? server.accounts(.get, "current")?["user"]
        return user?["is_admin"]?.bool == false
    }
}

extension AccessScope: ExpressibleByArgument {}

extension AccessToken {
    /// Reads a token from a server's answer; nil if the JSON is not a token.
    fileprivate init?(_ json: JSONValue) {
        guard let name = json["name"]?.string, let scope = json["scope"]?.string.flatMap({ AccessScope(rawValue: $0) }),
            let creationTime = json["creation_time"]?.int64
        else { return nil }
        self.init(
            name: name,
            scope: scope,
            experimentIDs: json["experiment_ids"]?.elements.compactMap { $0.string.flatMap { Int64($0) } },
            creationTime: creationTime,
            expirationTime: json["expiration_time"]?.int64,
            lastUsedTime: json["last_used_time"]?.int64
        )
    }

    fileprivate var scopeText: String {
        guard let experimentIDs else { return "scope \(scope.rawValue)" }
        let ids = experimentIDs.map { String($0) }.joined(separator: ", ")
        return "scope \(scope.rawValue) in experiment \(ids)"
    }

    fileprivate var expirationText: String {
        guard let expirationTime else { return "does not expire" }
        let verb = hasExpired(at: unixMilliseconds()) ? "expired" : "valid until"
        return "\(verb) \(UnixTime.text(expirationTime))"
    }
}
