import Budgets
import Coding
import HTTPServer
import HTTPWire
import Identities
import JSON
import MLflowAPI
import TestSupport
import Testing
import Tracking
import TrackingStore

/// Who may send which request, on a server where every request needs a token.
@Suite struct AccessControlTests {
    private let fixture: APIFixture
    private let access: AccessControl

    init() throws {
        fixture = try APIFixture(requiresTokens: true)
        access = try #require(fixture.access)
    }

    private func token(_ name: String, _ scope: AccessScope = .write, lifetime: Int64? = nil) throws -> String {
        let request = TokenRequest(name: name, scope: scope, lifetime: lifetime)
        return try fixture.api.createToken(request).key.text
    }

    /// What the control says about a request with a field Authorization.
    private func refusal(
        _ authorization: String?,
        _ declared: Access? = .lookUp(.none)
    ) throws -> AccessRefusal? {
        let headers = authorization.map { ["authorization": $0] } ?? [:]
        let head = try APIFixture.head("GET", "/x", [], bodyBytes: 0, headers)
        var request = HTTPRequest(head: head, caller: .server, isAloneOnItsThread: false)
        return access.refusal(of: &request, declared)
    }

    private func status(_ authorization: String?) throws -> Int {
        try refusal(authorization)?.refusal.status ?? 200
    }

    private func basic(_ user: String, _ password: String) -> String {
        "Basic " + Base64.encode(Array("\(user):\(password)".utf8), .standard)
    }

    @Test func `a token is taken as Bearer, and as the password of any user`() throws {
        let token = try token("ci")
        for taken in ["Bearer \(token)", "bearer \(token)", basic("me", token), basic("", token)] {
            #expect(try status(taken) == 200, "\(taken)")
        }
        let refused = [
            nil, "", token, "Bearer", "Bearer ", "Bearer \(token)x", "Bearer \(token.dropLast())", basic(token, "x"),
            basic("me", ""), "Basic \(token)", "Basic !!", "Digest \(token)", "Bearer  \(token)",
        ]
        for refused in refused { #expect(try status(refused) == 401, "\(refused ?? "none")") }
    }

    @Test func `who shows no token is told what to do, and a browser asks for it`() throws {
        let refusal = try #require(try refusal(nil))
        #expect(refusal.refusal.message.contains("MLFLOW_TRACKING_TOKEN"))
        #expect(refusal.refusal.message.contains("apus token create"))
        let challenges = refusal.fields.filter { $0.name == "WWW-Authenticate" }.map { $0.value.prefix { $0 != " " } }
        #expect(challenges == ["Basic", "Bearer"])
    }

    @Test func `a token has 256 random bits behind a prefix, and the store holds nothing but its hash`() throws {
        let token = try token("ci")
        #expect(token.hasPrefix("apus_"))
        #expect(Base64.decode(String(token.dropFirst(5)))?.count == 32)
        #expect(try self.token("other") != token)
        let stored = try fixture.stored.store.readNow { try $0.accessTokens() }
        #expect(stored.allSatisfy { $0.hash.count == 32 && $0.hash != Array(token.utf8) })
        // The pages of the database and its log hold the name, but not the token.
        let bytes = ["apus.db", "apus.db-wal"].flatMap { contents(ofFile: fixture.stored.folder.file($0)) }
        #expect(bytes.firstRange(of: Array("ci".utf8)) != nil)
        #expect(bytes.firstRange(of: Array(token.dropFirst(5).utf8)) == nil)
    }

    @Test func `a token ends when it is revoked, and when its time is over`() throws {
        let token = try token("ci")
        #expect(try status("Bearer \(token)") == 200)
        try fixture.api.revokeToken(named: "ci")
        #expect(try status("Bearer \(token)") == 401)
        let short = try self.token("short", lifetime: 1)
        // It has ended once the clock has moved on.
        while try status("Bearer \(short)") == 200 {}
        #expect(try refusal("Bearer \(short)")?.refusal.message.contains("'short' has expired") == true)
    }

    @Test func `a server that starts anew knows the tokens that were made before`() throws {
        let token = try token("ci")
        let second = try AccessControl(fixture.stored.store, AccessSettings(isRequired: true))
        let head = try APIFixture.head("GET", "/x", [], bodyBytes: 0, ["authorization": "Bearer \(token)"])
        var request = HTTPRequest(head: head, caller: .server, isAloneOnItsThread: false)
        #expect(second.refusal(of: &request, .lookUp(.none)) == nil)
        #expect(request.caller.identity?.name == "ci")
        #expect(second.hasTokens)
    }

    @Test func `the last use of a token is listed, and stored`() throws {
        let token = try token("ci")
        #expect(try fixture.api.accessTokens().map(\.lastUsedTime) == [nil])
        #expect(try status("Bearer \(token)") == 200)
        let used = try #require(try fixture.api.accessTokens().first?.lastUsedTime)
        // A write that follows is stored after the one that the use has caused.
        try fixture.stored.write { _ in }
        let stored = try fixture.stored.store.readNow { try $0.accessTokens() }
        #expect(stored.map(\.token.lastUsedTime) == [used])
    }

    @Test func `wrong tokens are refused at once, however many there were, and counted`() throws {
        let token = try token("ci")
        // A client waits and repeats after a 429, but takes a 401 as the answer.
        for number in 0..<100 { #expect(try status("Bearer wrong\(number)") == 401) }
        #expect(try refusal("Bearer wrong")?.fields.contains { $0.name == "Retry-After" } == false)
        #expect(try status("Bearer \(token)") == 200)
        #expect(try status(nil) == 401)
        #expect(access.failedAuthenticationCount == 101)
    }

    @Test func `two fields that show who sends a request show nobody`() throws {
        let token = try token("ci")
        let headers = ["authorization": "Bearer \(token)", "Authorization": "Bearer \(token)"]
        let head = try APIFixture.head("GET", "/x", [], bodyBytes: 0, headers)
        var request = HTTPRequest(head: head, caller: .server, isAloneOnItsThread: false)
        #expect(access.refusal(of: &request, .lookUp(.none))?.refusal.status == 401)
        #expect(request.caller.identity == nil)
    }

    @Test func `every call needs a token of a scope that its declaration asks for`() throws {
        let scopes = try AccessScope.allCases.map { scope in
            (scope, "Bearer " + (try token(scope.rawValue, scope)))
        }
        for endpoint in fixture.api.endpoints {
            let place = "\(endpoint.method) \(endpoint.path)"
            let isOpen = ["/health", "/version"].contains(endpoint.path)
            #expect(try (refusal(nil, endpoint.access)?.refusal.status ?? 200) == (isOpen ? 200 : 401), "\(place)")
            for (scope, authorization) in scopes {
                let mayCall =
                    switch endpoint.access.action {
                    case .open, .read: true
                    // What logs things must not change who may log in.
                    case .change: endpoint.access.isAboutAccounts ? scope == .admin : scope != .read
                    case .administration: scope == .admin
                    }
                let status = try refusal(authorization, endpoint.access)?.refusal.status ?? 200
                #expect(status == (mayCall ? 200 : 403), "\(place) with \(scope)")
            }
        }
        #expect(try refusal(nil, nil)?.refusal.status == 401)
    }

    @Test func `only a token of the scope admin manages tokens`() throws {
        let headers = ["authorization": "Bearer \(try token("root", .admin))", "content-type": "application/json"]
        let path = "/api/apus/1.0/tokens/"
        let body = #"{"name":"made","scope":"read","experiments":["Default"],"expires_in":60000}"#
        let made = try fixture.send("POST", path + "create", body: body, headers: headers)
        #expect(made.status == 200 && made.header("Cache-Control") == "no-store", "\(made.text)")
        #expect(try made.member("experiment_ids").canonicalText == #"["0"]"#)
        let key = try #require(try made.member("token").string)
        #expect(try status("Bearer \(key)") == 200)
        let listed = try fixture.send("GET", path + "list", headers: headers)
        #expect(try listed.member("tokens").elements.compactMap { $0["name"]?.string } == ["made", "root"])
        #expect(!listed.text.contains(key))
        let again = try fixture.send("POST", path + "create", body: body, headers: headers)
        #expect(again.error.hasPrefix("400 RESOURCE_ALREADY_EXISTS"))
        let revoked = try fixture.send("POST", path + "revoke", body: #"{"name":"made"}"#, headers: headers)
        #expect(revoked.status == 200)
        #expect(try status("Bearer \(key)") == 401)
        let gone = try fixture.send("POST", path + "revoke", body: #"{"name":"made"}"#, headers: headers)
        #expect(gone.error.hasPrefix("404 RESOURCE_DOES_NOT_EXIST"))
    }

    @Test(arguments: [
        #""experiment_ids":["0"]"#, #""experiments":[]"#, #""experiments":null"#, #""experiments":"0""#,
        #""expires":60000"#, #""scop":"read""#,
    ])
    func `a limit that is misspelt or empty makes no token`(member: String) throws {
        let headers = ["authorization": "Bearer \(try token("root", .admin))", "content-type": "application/json"]
        let path = "/api/apus/1.0/tokens/create"
        let reply = try fixture.send("POST", path, body: "{\"name\":\"made\",\(member)}", headers: headers)
        #expect(reply.error.hasPrefix("400 INVALID_PARAMETER_VALUE"), "\(reply.text)")
        #expect(try fixture.api.accessTokens().map(\.name) == ["root"])
    }

    @Test func `where nobody is asked, only a command of the machine manages tokens`() throws {
        let stored = try StoreFixture()
        let open = try AccessControl(stored.store, AccessSettings(isRequired: false))
        let fixture = try APIFixture { settings, _ in settings.access = open }
        let path = "/api/apus/1.0/tokens/list"
        #expect(try fixture.send("GET", path).error.hasPrefix("403 PERMISSION_DENIED"))
        #expect(try fixture.send("GET", path, headers: ["authorization": "Bearer apus_x"]).status == 403)
        let key = ["authorization": "Bearer \(open.operatorKey.text)"]
        #expect(try fixture.send("GET", path, headers: key).status == 200)
    }

    @Test(arguments: ["", " ci", "ci ", "a\nb", String(repeating: "x", count: 101), "the operator's command"])
    func `a name that cannot be shown in a line is refused`(name: String) throws {
        let error = #expect(throws: TrackingError.self) { try token(name) }
        #expect(error?.code == .invalidParameterValue)
    }

    @Test func `what cannot be honoured is refused`() throws {
        let wrong = [
            TokenRequest(name: "a", scope: .admin, experiments: ["0"], lifetime: nil),
            TokenRequest(name: "a", scope: .write, experiments: [], lifetime: nil),
            TokenRequest(name: "a", scope: .write, lifetime: 0),
            TokenRequest(name: "a", scope: .write, lifetime: .max),
            TokenRequest(name: "a", scope: .write, experiments: Array(repeating: "0", count: 1_001), lifetime: nil),
        ]
        for request in wrong {
            let error = #expect(throws: TrackingError.self) { try fixture.api.createToken(request) }
            #expect(error?.code == .invalidParameterValue)
        }
        let unknown = TokenRequest(name: "a", scope: .write, experiments: ["nothing"], lifetime: nil)
        let error = #expect(throws: TrackingError.self) { try fixture.api.createToken(unknown) }
        #expect(error?.code == .resourceDoesNotExist)
    }

    @Test func `who shows no token learns from the check of the server only whether it is well`() throws {
        #expect(try fixture.send("GET", "/health").text == "OK")
        #expect(try fixture.send("GET", "/health", query: [("verbose", "1")]).text == "OK")
        let deep = try fixture.send("GET", "/health", query: [("deep", "1")])
        #expect(deep.status == 200 && deep.text == "OK")
        let headers = ["authorization": "Bearer \(try token("monitor", .read))"]
        let known = try fixture.send("GET", "/health", query: [("deep", "1")], headers: headers)
        #expect(try known.member("status").string == "ok")
    }
}
