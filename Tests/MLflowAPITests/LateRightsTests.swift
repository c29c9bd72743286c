import Budgets
import Coding
import Dispatch
import Glibc
import HTTPServer
import HTTPWire
import Identities
import JSON
import MLflowAPI
import Passwords
import SQLite
import Synchronization
import TestSupport
import Testing
import Tracking
import TrackingStore

/// Requests whose right is taken while they wait: for their bodies, for a thread, for other changes, or for the writer.
@Suite struct LateRightsTests {
    private static let password = "correct horse battery"
    private static let other = "another long password"
    private let fixture: APIFixture
    private let hash: String
    private let otherHash: String

    init() throws {
        fixture = try APIFixture(defaultLevel: PermissionLevel.none)
        hash = try PasswordHash.make(Self.password, rounds: 10)
        otherHash = try PasswordHash.make(Self.other, rounds: 10)
        try fixture.stored.write { [hash] session in
            for (name, isAdministrator) in [("root", true), ("boss", true), ("ann", false), ("eve", false)] {
                _ = try session.createUser(name, password: hash, isAdministrator: isAdministrator)
            }
        }
    }

    private func headers(_ name: String, _ password: String = password) -> [String: String] {
        [
            "authorization": "Basic " + Base64.encode(Array("\(name):\(password)".utf8), .standard),
            "content-type": "application/json",
        ]
    }

    private func send(
        _ name: String,
        _ method: String,
        _ path: String,
        _ body: String = "",
        headers: [String: String]? = nil,
        beforeBody: () throws -> Void = {},
        beforeHandler: () throws -> Void = {}
    ) throws -> Reply {
        try fixture.send(
            method,
            "/api/\(path)",
            body: body,
            headers: headers ?? self.headers(name),
            beforeBody: beforeBody,
            beforeHandler: beforeHandler
        )
    }

    private func experiment(of name: String, _ title: String) throws -> String {
        let made = try send(name, "POST", "2.0/mlflow/experiments/create", #"{"name":"\#(title)"}"#)
        return try #require(try made.member("experiment_id").string, "\(made.text)")
    }

    private func tokenNames() throws -> [String] { try fixture.api.accessTokens().map(\.name) }

    private func resetPassword(of name: String) throws {
        try fixture.stored.write { [otherHash] in try $0.resetPassword(otherHash, ofUser: name) }
    }

    // MARK: Changes that wait before their handlers

    @Test func `a token that was asked for before the password was reset is not made after that`() throws {
        // What is known of her is warm.
        #expect(try send("ann", "GET", "apus/1.0/tokens/list").status == 200)
        let reply = try send(
            "ann",
            "POST",
            "apus/1.0/tokens/create",
            #"{"name":"late"}"#,
            beforeHandler: {
                try resetPassword(of: "ann")
            }
        )
        #expect(reply.status == 401 && reply.header("WWW-Authenticate") != nil, "\(reply.text)")
        #expect(try tokenNames().isEmpty)
    }

    @Test func `a token makes no other one after it was revoked`() throws {
        let made = try send("ann", "POST", "apus/1.0/tokens/create", #"{"name":"first","scope":"admin"}"#)
        #expect(made.status == 403)
        let first = try send("root", "POST", "apus/1.0/tokens/create", #"{"name":"first","scope":"admin"}"#)
        let key = try #require(try first.member("token").string)
        let bearer = ["authorization": "Bearer \(key)", "content-type": "application/json"]
        let reply = try send(
            "",
            "POST",
            "apus/1.0/tokens/create",
            #"{"name":"second"}"#,
            headers: bearer,
            beforeHandler: {
                // Only the store knows of it: nobody has told the ones who keep tokens in memory but the commit.
                let id = try fixture.stored.read { try $0.user(named: "root").id }
                try fixture.stored.write { try $0.revokeAccessToken(named: "first", ofUser: id) }
            }
        )
        #expect(reply.status == 401, "\(reply.text)")
        #expect(try tokenNames().isEmpty)
    }

    @Test func `users, roles and grants are not changed by somebody who was an admin`() throws {
        let shared = try experiment(of: "ann", "shared")
        let role = try send("root", "POST", "3.0/mlflow/roles/create", #"{"name":"r","workspace":"default"}"#)
        let id = try #require(try role.member("role")["id"]?.canonicalText)
        let grant = #""resource_type":"experiment","resource_id":"\#(shared)","permission":"MANAGE""#
        let calls: [(String, String, String)] = [
            ("POST", "2.0/mlflow/users/create", #"{"username":"new","password":"\#(Self.password)"}"#),
            ("PATCH", "2.0/mlflow/users/update-admin", #"{"username":"eve","is_admin":true}"#),
            ("PATCH", "2.0/mlflow/users/update-password", #"{"username":"ann","password":"\#(Self.other)"}"#),
            ("DELETE", "2.0/mlflow/users/delete", #"{"username":"ann"}"#),
            ("POST", "3.0/mlflow/users/permissions/grant", #"{"username":"eve",\#(grant)}"#),
            ("POST", "3.0/mlflow/roles/create", #"{"name":"other","workspace":"default"}"#),
            ("POST", "3.0/mlflow/roles/assign", #"{"username":"eve","role_id":\#(id)}"#),
            ("DELETE", "3.0/mlflow/roles/delete", #"{"role_id":\#(id)}"#),
            ("POST", "apus/1.0/gc", #"{}"#),
        ]
        let before = try send("root", "GET", "2.0/mlflow/users/list").text
        for (method, path, body) in calls {
            try fixture.stored.write { try $0.setAdministrator(true, user: "boss") }
            #expect(try send("boss", "GET", "2.0/mlflow/users/list").status == 200)
            let reply = try send(
                "boss",
                method,
                path,
                body,
                beforeHandler: {
                    try fixture.stored.write { try $0.setAdministrator(false, user: "boss") }
                }
            )
            #expect(reply.status == 403, "\(path): \(reply.text)")
        }
        try fixture.stored.write { try $0.setAdministrator(true, user: "boss") }
        #expect(try send("root", "GET", "2.0/mlflow/users/list").text == before)
    }

    @Test func `a manager grants nothing after MANAGE was taken`() throws {
        let shared = try experiment(of: "ann", "shared")
        let grant = #"{"username":"eve","resource_type":"experiment","resource_id":"\#(shared)","permission":"EDIT"}"#
        let reply = try send(
            "ann",
            "POST",
            "3.0/mlflow/users/permissions/grant",
            grant,
            beforeHandler: {
                try fixture.stored.write { try $0.revoke(.experiment, shared, fromUser: "ann") }
            }
        )
        #expect(reply.status == 403, "\(reply.text)")
        #expect(try fixture.stored.read { try $0.grants(ofUser: try $0.user(named: "eve").id) }.isEmpty)
    }

    @Test func `a run is not made after EDIT was taken, and one by whom others are judged is`() throws {
        let shared = try experiment(of: "ann", "shared")
        let body = #"{"experiment_id":"\#(shared)"}"#
        let refused = try send(
            "ann",
            "POST",
            "2.0/mlflow/runs/create",
            body,
            beforeHandler: {
                try fixture.stored.write { try $0.revoke(.experiment, shared, fromUser: "ann") }
            }
        )
        #expect(refused.status == 403, "\(refused.text)")
        #expect(try fixture.stored.read { try $0.runCount() } == 0)
        let hers = try experiment(of: "eve", "hers")
        let made = try send(
            "eve",
            "POST",
            "2.0/mlflow/runs/create",
            #"{"experiment_id":"\#(hers)"}"#,
            beforeHandler: {
                try resetPassword(of: "ann")
            }
        )
        #expect(made.status == 200, "\(made.text)")
    }

    // MARK: Files

    private let file = "2.0/mlflow-artifacts/artifacts/"

    /// The path of a file in a new run of a user.
    private func place(in experiment: String, of name: String) throws -> String {
        let made = try send(name, "POST", "2.0/mlflow/runs/create", #"{"experiment_id":"\#(experiment)"}"#)
        let run = try #require(try made.member("run", "info", "run_id").string, "\(made.text)")
        return file + "\(experiment)/\(run)/artifacts/a.txt"
    }

    @Test func `a file is neither stored nor deleted after the right was taken`() throws {
        let shared = try experiment(of: "ann", "shared")
        let path = try place(in: shared, of: "ann")
        #expect(try send("ann", "PUT", path, "one").status == 200)
        func take() throws {
            try fixture.stored.write { try $0.revoke(.experiment, shared, fromUser: "ann") }
        }
        func give() throws {
            try fixture.stored.write { try $0.grant(Grant(.experiment, shared, .manage), toUser: "ann") }
        }
        #expect(try send("ann", "DELETE", path, beforeHandler: take).status == 403)
        try give()
        #expect(try send("ann", "PUT", path, "two", beforeBody: take).status == 403)
        try give()
        #expect(try send("ann", "GET", path).text == "one")
        #expect(try send("ann", "DELETE", path).status == 200)
    }

    @Test func `a finished upload is told to come again where nobody can say now who sends it`() throws {
        let path = try place(in: try experiment(of: "ann", "shared"), of: "ann")
        let reply = try send(
            "ann",
            "PUT",
            path,
            "one",
            beforeBody: {
                // The password is to be checked anew, and too many were wrong.
                try resetPassword(of: "ann")
                for number in 0..<25 {
                    let wrong = headers("ann", "wrong password \(number)")
                    _ = try fixture.send("GET", "/api/2.0/mlflow/users/current", headers: wrong)
                }
            }
        )
        #expect(reply.status == 429 && reply.header("Retry-After") != nil, "\(reply.text)")
    }

    // MARK: One transaction

    /// Sends a request whose change shares the transaction of another one, which comes before it.
    private func send(
        _ name: String,
        _ method: String,
        _ path: String,
        _ body: String,
        behind change: @escaping @Sendable (WriteSession) throws -> Void
    ) throws -> Reply {
        let store = fixture.stored.store
        let (gate, hasBegun) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        DispatchQueue.global().async {
            try? store.writeNow { _ in
                hasBegun.signal()
                gate.wait()
            }
        }
        hasBegun.wait()
        // Those of one client are written in the order in which they came.
        store.write(change, for: Caller(peer: .server, identity: Identity(.user, name: name))) { _ in }
        DispatchQueue.global().async {
            while store.writerStatistics.queueDepth < 2 { sched_yield() }
            gate.signal()
        }
        return try send(name, method, path, body)
    }

    @Test func `what a transaction takes counts for the changes behind it in the same one`() throws {
        #expect(try send("ann", "GET", "apus/1.0/tokens/list").status == 200)
        let reply = try send(
            "ann",
            "POST",
            "apus/1.0/tokens/create",
            #"{"name":"late"}"#,
            behind: { [otherHash] session in
                try session.resetPassword(otherHash, ofUser: "ann")
            }
        )
        #expect(reply.status == 401, "\(reply.text)")
        #expect(try tokenNames().isEmpty)
    }

    @Test func `the owner of a password does not undo that an admin has set another one`() throws {
        let own = #"{"username":"ann","password":"her third password","current_password":"\#(Self.password)"}"#
        let token = try send("ann", "POST", "apus/1.0/tokens/create", #"{"name":"t"}"#)
        #expect(token.status == 200)
        let reply = try send(
            "ann",
            "PATCH",
            "2.0/mlflow/users/update-password",
            own,
            behind: { [otherHash] session in
                try session.resetPassword(otherHash, ofUser: "ann")
            }
        )
        #expect(reply.status == 401, "\(reply.text)")
        #expect(try send("", "GET", "2.0/mlflow/users/current", headers: headers("ann", Self.other)).status == 200)
    }

    @Test func `a password is replaced only while it is the one that was checked`() throws {
        let stored = fixture.stored
        let id = try stored.read { try $0.user(named: "ann").id }
        func replaces(_ checked: String) throws -> Bool {
            try stored.write { try $0.replacePassword(checked, with: "x", ofUser: id) }
        }
        try resetPassword(of: "ann")
        #expect(try replaces(hash) == false)
        #expect(try replaces(otherHash) == true)
        // Another user of the same name is another one.
        try stored.write { session in
            try session.deleteUser("ann")
            _ = try session.createUser("ann", password: "x", isAdministrator: false)
        }
        #expect(try replaces("x") == false)
    }

    @Test func `two admins who delete each other at one moment leave one`() throws {
        let reply = try send(
            "boss",
            "DELETE",
            "2.0/mlflow/users/delete",
            #"{"username":"root"}"#,
            behind: { session in
                try session.deleteUser("boss")
            }
        )
        #expect(reply.status == 401, "\(reply.text)")
        #expect(try fixture.stored.read { try $0.users() }.filter(\.isAdministrator).map(\.name) == ["root"])
    }

    @Test func `creations by one user at one moment need no further judgement`() throws {
        let version = fixture.access?.version.current
        _ = try experiment(of: "ann", "one")
        let reply = try send(
            "ann",
            "POST",
            "2.0/mlflow/experiments/create",
            #"{"name":"two"}"#,
            behind: { session in
                _ = try session.createExperiment(name: "between", artifactLocation: nil, tags: [])
            }
        )
        #expect(reply.status == 200)
        #expect(fixture.access?.version.current == version)
    }

    // MARK: Spellings

    @Test func `a right password that is written otherwise costs no further check`() throws {
        #expect(try send("ann", "GET", "2.0/mlflow/users/current").status == 200)
        // From now on every check is refused.
        for number in 0..<25 {
            let wrong = headers("ann", "wrong password \(number)")
            _ = try fixture.send("GET", "/api/2.0/mlflow/users/current", headers: wrong)
        }
        let encoded = Base64.encode(Array("ann:\(Self.password)".utf8), .standard)
        let unpadded = encoded.replacing("=", with: "")
        for field in [
            "basic \(encoded)", "BASIC \(encoded)", "Basic \(unpadded)", "Basic  \(encoded)", "Basic \(encoded)=",
        ] {
            let status = try send("", "GET", "2.0/mlflow/users/current", headers: ["authorization": field]).status
            // What is no field of this form shows nobody, and costs no check either.
            #expect([200, 401].contains(status), "\(field)")
        }
        #expect(
            try send("", "GET", "2.0/mlflow/users/current", headers: ["authorization": "bAsIc \(encoded)"]).status
                == 200
        )
        // For HMAC these would be the same password.
        let zeros = headers("ann", Self.password + "\0\0")
        #expect(try send("", "GET", "2.0/mlflow/users/current", headers: zeros).status == 401)
    }

    // MARK: Answers that were lost

    @Test(arguments: ["runs/create", "logged-models"])
    func `a repetition gets what was made by the rights of now`(path: String) throws {
        let shared = try experiment(of: "ann", "shared")
        let body = #"{"experiment_id":"\#(shared)","name":"m","start_time":7}"#
        func repeated(_ caller: Caller) throws -> Reply {
            try fixture.send("POST", "/api/2.0/mlflow/" + path, body: body, headers: headers("ann"), from: caller)
        }
        let broken = Caller(peer: Peer(address: "192.0.2.1"))
        let first = try repeated(broken)
        #expect(first.status == 200, "\(first.text)")
        broken.leave()
        #expect(try repeated(Caller(peer: broken.peer)).text == first.text)
        try fixture.stored.write { try $0.change(Grant(.experiment, shared, .read), ofUser: "ann") }
        #expect(try repeated(Caller(peer: broken.peer)).status == 403)
        try fixture.stored.write { try $0.change(Grant(.experiment, shared, .edit), ofUser: "ann") }
        #expect(try repeated(Caller(peer: broken.peer)).text == first.text)
    }
}

/// What proxies and issuers say, in the order in which they say it.
@Suite struct OrderOfWordsTests {
    private let stored: StoreFixture
    private let access: AccessControl
    init() throws {
        stored = try StoreFixture()
        var settings = AccessSettings(isRequired: true, defaultLevel: .read)
        settings.externalUsers.scopes = [
            ExternalUser.proxySource: GroupScopes(["team": .write, "bosses": .admin]),
            "issuer": GroupScopes(["team": .write]),
        ]
        settings.externalUsers.isToken = { $0.starts(with: "ey".utf8) }
        settings.externalUsers.userOfToken = { token, _ throws(ExternalUsers.TokenFailure) in
            let groups = token.last == UInt8(ascii: "T") ? ["team"] : []
            guard let user = ExternalUser(name: "ada", groups: groups, source: "issuer") else {
                throw .refused("no name")
            }
            return user
        }
        let network = try #require(IPNetwork("192.0.2.1"))
        settings.externalUsers.proxy = TrustedProxy(userField: "X-User", groupsField: "X-Groups", peers: [network])
        access = try AccessControl(stored.store, settings)
    }

    private func request(_ fields: [String: String], at arrival: UInt64) throws -> HTTPRequest {
        let head = try APIFixture.head("POST", "/x", [], bodyBytes: 0, fields)
        let caller = Caller(peer: Peer(address: "192.0.2.1"))
        return HTTPRequest(head: head, caller: caller, isAloneOnItsThread: false, arrival: arrival)
    }

    private func byProxy(_ groups: String) -> [String: String] { ["x-user": "ada", "x-groups": groups] }

    private func status(
        _ fields: [String: String],
        at arrival: UInt64,
        _ declared: Access = .lookUp(.none)
    ) throws -> Int {
        var request = try request(fields, at: arrival)
        return access.refusal(of: &request, declared)?.refusal.status ?? 200
    }

    @Test func `an older head does not bring back groups that a later one has taken away`() throws {
        let now = SystemCall.preciseNanoseconds()
        #expect(try status(byProxy("team"), at: now) == 200)
        #expect(try status(byProxy(""), at: now + 2) == 403)
        // Its body came late; it is judged now.
        #expect(try status(byProxy("team"), at: now + 1) == 403)
        #expect(try status(byProxy("bosses"), at: now + 1) == 403)
        let key = try token(of: "ada")
        #expect(try status(["authorization": "Bearer \(key)"], at: now + 3) == 403)
        #expect(try status(byProxy("team"), at: now + 4) == 200)
        #expect(try status(["authorization": "Bearer \(key)"], at: now + 5) == 200)
    }

    @Test func `an older head does not widen what a later one has said of an issuer's groups`() throws {
        let now = SystemCall.preciseNanoseconds()
        #expect(try status(["authorization": "Bearer eyT"], at: now) == 200)
        #expect(try status(["authorization": "Bearer eyN"], at: now + 2) == 403)
        #expect(try status(["authorization": "Bearer eyT"], at: now + 1) == 403)
        #expect(try status(["authorization": "Bearer eyT"], at: now + 3) == 200)
    }

    @Test func `a head from before a deletion does not make the user again, and a later one does`() throws {
        let before = SystemCall.preciseNanoseconds()
        #expect(try status(byProxy("team"), at: before) == 200)
        try stored.write { try $0.deleteUser("ada") }
        #expect(try status(byProxy("team"), at: before) == 403)
        #expect(try stored.read { try $0.userWithPassword(named: "ada") } == nil)
        #expect(try status(byProxy("team"), at: SystemCall.preciseNanoseconds()) == 200)
        #expect(try stored.read { try $0.userWithPassword(named: "ada") } != nil)
    }

    @Test func `who was made and deleted since a head came is not made by it`() throws {
        let before = SystemCall.preciseNanoseconds()
        try stored.write { _ = try $0.createUser("ada", password: nil, isAdministrator: false) }
        try stored.write { try $0.deleteUser("ada") }
        #expect(try status(byProxy("team"), at: before) == 403)
        #expect(try stored.read { try $0.users() }.isEmpty)
    }

    private func token(of name: String) throws -> String {
        let key = AccessKey()
        var token = AccessToken(name: "laptop", scope: .write, creationTime: 0)
        token.userID = try stored.read { try $0.user(named: name).id }
        try stored.write { [token] in try $0.createAccessToken(token, hash: key.hash) }
        try access.reload()
        return key.text
    }
}

/// Names that would look like those of the server.
@Suite struct ReservedNameTests {
    private static let names = [
        "the operator's command", "The Operator's Command", "the  operator\u{2019}s command", "server", "Server",
        "command",
        "anyone", "ser\u{200B}ver",
    ]

    @Test(arguments: names)
    func `no user, token or person of an outside source has a name of the server`(name: String) {
        #expect(ReservedNames.contains(name))
        #expect(throws: TrackingError.self) { try User.validate(name: name) }
        #expect(throws: TrackingError.self) { try AccessToken(name: name, scope: .read, creationTime: 0).validate() }
        #expect(ExternalUser(name: name, groups: [], source: "issuer") == nil)
    }

    @Test func `the refusal says why`() {
        #expect {
            try User.validate(name: "server")
        } throws: {
            ($0 as? TrackingError)?.code == .invalidParameterValue
                && ($0 as? TrackingError)?.message.contains("shows it for itself") == true
        }
    }

    @Test(arguments: ["ada", "servers", "operator", "the command", "admin", "user", "token"])
    func `other names are free`(name: String) throws {
        #expect(!ReservedNames.contains(name))
        try User.validate(name: name)
    }
}
