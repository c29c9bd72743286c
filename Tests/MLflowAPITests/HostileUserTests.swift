import Budgets
import Coding
import HTTPServer
import HTTPWire
import Hashing
import Identities
import JSON
import MLflowAPI
import Passwords
import TestSupport
import Testing
import Tracking
import TrackingStore

/// What a user with a plain account, or somebody without one, must not be able to do to others.
@Suite struct HostileUserTests {
    private static let password = "correct horse battery"
    private let fixture: APIFixture

    init() throws {
        fixture = try APIFixture(defaultLevel: PermissionLevel.none)
        let hash = try PasswordHash.make(Self.password, rounds: 10)
        try fixture.stored.write { session in
            for (name, isAdministrator) in [("root", true), ("ann", false), ("eve", false)] {
                _ = try session.createUser(name, password: hash, isAdministrator: isAdministrator)
            }
        }
    }

    private func headers(_ name: String) -> [String: String] {
        [
            "authorization": "Basic " + Base64.encode(Array("\(name):\(Self.password)".utf8), .standard),
            "content-type": "application/json",
        ]
    }

    private func send(
        _ name: String,
        _ method: String,
        _ path: String,
        _ body: String = "",
        query: [(String, String)] = [],
        from caller: Caller = .server
    ) throws -> Reply {
        try fixture.send(method, "/api/\(path)", query: query, body: body, headers: headers(name), from: caller)
    }

    private func experiment(of name: String, _ title: String) throws -> String {
        let made = try send(name, "POST", "2.0/mlflow/experiments/create", #"{"name":"\#(title)"}"#)
        return try #require(try made.member("experiment_id").string, "\(made.text)")
    }

    private func run(of name: String, in experiment: String, id: String? = nil) throws -> String {
        let chosen = id.map { #","run_id":"\#($0)""# } ?? ""
        let body = #"{"experiment_id":"\#(experiment)","start_time":6\#(chosen)}"#
        let made = try send(name, "POST", "2.0/mlflow/runs/create", body)
        return try #require(try made.member("run", "info", "run_id").string, "\(made.text)")
    }

    // MARK: Log-ins

    private func logIns() throws -> [LogIn] { try fixture.stored.store.readNow { try $0.logIns() }.map(\.logIn) }

    private func token(of name: String, named title: String) throws -> String {
        let made = try send(name, "POST", "apus/1.0/tokens/create", #"{"name":"\#(title)","scope":"read"}"#)
        return try #require(try made.member("token").string, "\(made.text)")
    }

    @Test func `a token that has somebody's name ends none of that one's log-ins`() throws {
        let stored = fixture.stored
        let hashes = [try token(of: "eve", named: "root"), try token(of: "eve", named: "other")].map {
            SHA256.digest(of: Array($0.utf8))
        }
        let user = try #require(ExternalUser(name: "root", groups: [], source: "issuer"))
        let others: [LogIn.Holder] = [.account(name: "root", mark: [1]), .user(user)]
        try stored.write { session in
            for (index, holder) in others.enumerated() {
                try session.createLogIn(LogIn(holder, at: 1), hash: [255, UInt8(index)])
            }
            for index in 0..<(2 * LogIn.limit) {
                let holder = LogIn.Holder.token(name: index % 2 == 0 ? "root" : "other", hash: hashes[index % 2])
                try session.createLogIn(LogIn(holder, at: 1), hash: [0, UInt8(index)])
            }
        }
        let found = try logIns()
        #expect(others.allSatisfy { holder in found.contains { $0.holder == holder } })
        // All tokens of a user share one bound.
        #expect(found.count == others.count + LogIn.limit)
    }

    @Test func `who is deleted is logged out everywhere, and is made again by a new proof alone`() throws {
        var externalUsers = ExternalUsers()
        externalUsers.scopes = ["issuer": GroupScopes(["team": .write])]
        var settings = AccessSettings(isRequired: true, defaultLevel: .read)
        settings.externalUsers = externalUsers
        let access = try AccessControl(fixture.stored.store, settings)
        let user = try #require(ExternalUser(name: "dora", groups: ["team"], source: "issuer"))
        let key = try access.logIn(user: user)
        func status() throws -> Int {
            let cookie = ["cookie": "apus_log_in=\(key)"]
            let head = try APIFixture.head("GET", "/x", [], bodyBytes: 0, cookie)
            var request = HTTPRequest(head: head, caller: .server, isAloneOnItsThread: false)
            return access.refusal(of: &request, .lookUp(.none))?.refusal.status ?? 200
        }
        func isThere() throws -> Bool {
            try fixture.stored.store.readNow { try $0.userWithPassword(named: "dora") } != nil
        }
        #expect(try status() == 200)
        #expect(try isThere())
        // This server still knows the cookie: the deletion came through another one.
        #expect(try send("root", "DELETE", "2.0/mlflow/users/delete", #"{"username":"dora"}"#).status == 200)
        #expect(try logIns().isEmpty)
        #expect(try status() == 401)
        #expect(try !isThere())
        _ = try access.logIn(user: user)
        #expect(try isThere())
    }

    // MARK: Ids that somebody chose

    @Test func `an import brings nothing to a run whose id somebody else took`() throws {
        let id = String(repeating: "ab", count: 16)
        _ = try run(of: "eve", in: try experiment(of: "eve", "trap"), id: id)
        func record(_ name: String, _ more: String) -> String {
            """
            {"experiment": {"experiment_id": "90", "name": "\(name)", "creation_time": 5}}
            {"run": {"run_id": "\(id)", "experiment_id": "90", "experiment_name": "\(name)", "start_time": 6, \
            "end_time": 7, "status": "FINISHED", "params": [{"key": "secret", "value": "S3"}]}}
            {"points": {"run_id": "\(id)", "key": "loss", "points": [[6, 0, 0.5]]}}\(more)
            """
        }
        var headers = headers("root")
        headers["content-type"] = "application/x-ndjson"
        let points = "{\"points\": {\"run_id\": \"\(id)\", \"key\": \"loss\", \"points\": [[6, 0, 0.5]]}}"
        // In another experiment, in hers, and points that come by themselves.
        for body in [record("private", ""), record("trap", ""), points] {
            let reply = try fixture.send("POST", "/api/apus/1.0/import", body: body, headers: headers)
            #expect(reply.status == 200 && reply.text.contains("left out: "), "\(reply.text)")
        }
        let shown = try send("eve", "GET", "2.0/mlflow/runs/get", query: [("run_id", id)])
        #expect(shown.status == 200 && !shown.text.contains("secret") && !shown.text.contains("loss"), "\(shown.text)")
        let own = try run(of: "root", in: try experiment(of: "root", "private2"))
        let body = """
            {"run": {"run_id": "\(own)", "experiment_id": "91", "experiment_name": "private2", "start_time": 6, \
            "end_time": 7, "status": "FINISHED", "params": [{"key": "p", "value": "1"}]}}
            """
        let reply = try fixture.send("POST", "/api/apus/1.0/import", body: body, headers: headers)
        #expect(try reply.member("counts", "run", "completed").int64 == 1, "\(reply.text)")
    }

    @Test func `an experiment that takes what an import brings, and whose manager is no admin, is named`() throws {
        _ = try experiment(of: "eve", "shared")
        var headers = headers("root")
        headers["content-type"] = "application/x-ndjson"
        let body = #"{"experiment": {"experiment_id": "90", "name": "shared", "creation_time": 5}}"#
        let reply = try fixture.send("POST", "/api/apus/1.0/import", body: body, headers: headers)
        #expect(reply.text.contains("which the user 'eve' manages"), "\(reply.text)")
    }

    @Test func `an id among the names of somebody's files gives nobody a say about them`() throws {
        let hers = try experiment(of: "ann", "hers")
        let run = try run(of: "ann", in: hers)
        let id = String(repeating: "cd", count: 16)
        let paths = ["\(run)/artifacts/\(id)", "\(run)/artifacts/data/\(id)/artifacts/x.txt"].map {
            "2.0/mlflow-artifacts/artifacts/\(hers)/\($0)"
        }
        for path in paths { #expect(try send("ann", "PUT", path, "one").status == 200) }
        _ = try self.run(of: "eve", in: try experiment(of: "eve", "trap"), id: id)
        for path in paths {
            #expect(try send("ann", "GET", path).text == "one")
            #expect(try send("ann", "PUT", path, "two").status == 200)
            #expect(try send("eve", "GET", path).status == 403)
            #expect(try send("ann", "DELETE", path).status == 200)
        }
        // Where the run's own folder is not known, ids still count: hers lies elsewhere.
        let stray = "2.0/mlflow-artifacts/artifacts/\(hers)/\(id)/artifacts/y.txt"
        #expect(try send("ann", "PUT", stray, "one").status == 403)
    }

    // MARK: Answers that were lost

    @Test(arguments: ["experiments/create", "registered-models/create"])
    func `a creation whose answer was lost is known again, although it has granted something`(path: String) throws {
        let access = try #require(fixture.access)
        let head = try APIFixture.head("GET", "/x", [], bodyBytes: 0, headers("ann"))
        var request = HTTPRequest(head: head, caller: .server, isAloneOnItsThread: false)
        #expect(access.refusal(of: &request, .lookUp(.none)) == nil)
        let broken = Caller(peer: Peer(address: "192.0.2.1"), identity: request.caller.identity)
        let body = #"{"name":"made once"}"#
        let first = try send("ann", "POST", "2.0/mlflow/" + path, body, from: broken)
        broken.leave()
        let again = Caller(peer: Peer(address: "192.0.2.1"))
        let second = try send("ann", "POST", "2.0/mlflow/" + path, body, from: again)
        #expect(second.status == 200 && second.text == first.text, "\(second.text)")
    }

    // MARK: Audit

    @Test func `the audit keeps no name that was sent by somebody unknown and is no user's`() throws {
        let stored = fixture.stored
        let settings = AccessSettings(isRequired: true, defaultLevel: .read)
        let access = try AccessControl(stored.store, settings, logInAudit: LogInAudit(stored.store))
        let names = ["ann", "correct horse battery", String(repeating: "N", count: 60_000), "a\nforged line"]
        for (index, name) in names.enumerated() {
            let fields = ["authorization": "Basic " + Base64.encode(Array("\(name):wrong".utf8), .standard)]
            let head = try APIFixture.head("GET", "/x", [], bodyBytes: 0, fields)
            let caller = Caller(peer: Peer(address: "192.0.2.\(index)"))
            var request = HTTPRequest(head: head, caller: caller, isAloneOnItsThread: false)
            #expect(access.refusal(of: &request, .lookUp(.none))?.refusal.status == 401)
        }
        // Writes are done in their order.
        try stored.write { _ in }
        let page = try fixture.api.auditPage(AuditQuery(maxResults: 100)).entries
        let actors = page.filter { $0.action == LogInAudit.action }.map(\.actor)
        #expect(actors.filter { $0.kind == .user }.map(\.name) == ["ann"])
        #expect(actors.filter { $0.kind == .anyone }.count == names.count - 1)
    }

    // MARK: Accounts

    @Test func `a password that was tried too early is right as soon as it is`() throws {
        func status(_ name: String, _ password: String) throws -> Int {
            let field = "Basic " + Base64.encode(Array("\(name):\(password)".utf8), .standard)
            return try fixture.send("GET", "/api/2.0/mlflow/users/current", headers: ["authorization": field]).status
        }
        let other = "another long password"
        #expect(try status("newcomer", Self.password) == 401)
        let body = #"{"username":"newcomer","password":"\#(Self.password)"}"#
        #expect(try send("root", "POST", "2.0/mlflow/users/create", body).status == 200)
        #expect(try status("newcomer", Self.password) == 200)
        #expect(try status("newcomer", other) == 401)
        let change = #"{"username":"newcomer","password":"\#(other)"}"#
        #expect(try send("root", "PATCH", "2.0/mlflow/users/update-password", change).status == 200)
        #expect(try status("newcomer", other) == 200)
    }

    @Test func `what is known of a user does not grow with tokens that are no more`() throws {
        let access = try #require(fixture.access)
        let ids = try (0..<7).map { try experiment(of: "eve", "e\($0)") }
        /// The identity of one who shows a token for some experiments, which is revoked then.
        func identity(_ mask: Int) throws -> Identity? {
            let chosen = ids.indices.filter { mask & (1 << $0) != 0 }.map { "\"\(ids[$0])\"" }.joined(separator: ",")
            let body = #"{"name":"t","scope":"read","experiments":[\#(chosen)]}"#
            let made = try send("eve", "POST", "apus/1.0/tokens/create", body)
            let key = try made.member("token").string ?? ""
            let head = try APIFixture.head("GET", "/x", [], bodyBytes: 0, ["authorization": "Bearer \(key)"])
            var request = HTTPRequest(head: head, caller: .server, isAloneOnItsThread: false)
            #expect(access.refusal(of: &request, .lookUp(.none)) == nil)
            #expect(try send("eve", "POST", "apus/1.0/tokens/revoke", #"{"name":"t"}"#).status == 200)
            return request.caller.identity
        }
        struct Weak {
            weak var identity: Identity?
        }
        let first = Weak(identity: try identity(1))
        #expect(first.identity != nil)
        for mask in 2..<110 { _ = try identity(mask) }
        #expect(first.identity == nil)
    }

    @Test func `a manager of the default workspace changes no role of another one, and learns of none`() throws {
        let role = #"{"name":"keepers","workspace":"default"}"#
        let made = try send("root", "POST", "3.0/mlflow/roles/create", role)
        let id = try #require(try made.member("role")["id"]?.canonicalText)
        let elsewhere = try send("root", "POST", "3.0/mlflow/roles/create", #"{"name":"others","workspace":"w2"}"#)
        let other = try #require(try elsewhere.member("role")["id"]?.canonicalText)
        let grant = #""resource_type":"workspace","resource_pattern":"*","permission":"MANAGE""#
        #expect(
            try send("root", "POST", "3.0/mlflow/roles/permissions/add", #"{"role_id":\#(id),\#(grant)}"#).status == 200
        )
        #expect(
            try send("root", "POST", "3.0/mlflow/roles/assign", #"{"username":"ann","role_id":\#(id)}"#).status == 200
        )
        #expect(
            try send("ann", "POST", "3.0/mlflow/roles/create", #"{"name":"a","workspace":"default"}"#).status == 200
        )
        #expect(try send("ann", "POST", "3.0/mlflow/roles/create", #"{"name":"a","workspace":"w2"}"#).status == 403)
        for (role, admin) in [(other, 200), ("99999", 404)] {
            let update = #"{"role_id":\#(role),"description":"x"}"#
            #expect(try send("ann", "PATCH", "3.0/mlflow/roles/update", update).status == 403)
            #expect(try send("ann", "GET", "3.0/mlflow/roles/get", query: [("role_id", role)]).status == 403)
            #expect(try send("ann", "DELETE", "3.0/mlflow/roles/delete", #"{"role_id":\#(role)}"#).status == 403)
            #expect(try send("root", "PATCH", "3.0/mlflow/roles/update", update).status == admin)
        }
        let permission = #"{"role_permission_id":99999}"#
        #expect(try send("ann", "DELETE", "3.0/mlflow/roles/permissions/remove", permission).status == 403)
        #expect(try send("root", "DELETE", "3.0/mlflow/roles/permissions/remove", permission).status == 404)
    }

    @Test func `names, passwords and texts of accounts have bounds`() throws {
        func create(_ name: String, _ password: String = Self.password) throws -> Int {
            let body = #"{"username":"\#(name)","password":"\#(password)"}"#
            return try send("root", "POST", "2.0/mlflow/users/create", body).status
        }
        for name in [" ada", "ada ", "\u{A0}ada"] { #expect(try create(name) == 400, "'\(name)'") }
        #expect(try create("ada", "password1234") == 400)
        #expect(try create("a da") == 200)
        let long = String(repeating: "x", count: 10_000)
        for body in [
            #"{"name":"r","workspace":"default","description":"\#(long)"}"#, #"{"name":"r","workspace":"\#(long)"}"#,
        ] {
            #expect(try send("root", "POST", "3.0/mlflow/roles/create", body).status == 400)
        }
        let grant =
            #"{"username":"ann","resource_type":"registered_model","resource_id":"\#(long)","permission":"READ"}"#
        #expect(try send("root", "POST", "3.0/mlflow/users/permissions/grant", grant).status == 400)
    }

    @Test func `what two clients use is counted apart, also where their names look the same or are the same`() {
        let composed = Identity(.user, name: "\u{E9}")
        let decomposed = Identity(.user, name: "e\u{301}")
        let token = Identity(.token, name: "\u{E9}")
        #expect(Set([composed, decomposed, token].map { Peer($0) }).count == 3)
        #expect(Peer(composed) == Peer(Identity(.user, name: "\u{E9}")))
    }
}
