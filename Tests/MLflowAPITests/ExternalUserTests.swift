import Budgets
import HTTPServer
import HTTPWire
import Identities
import JSON
import MLflowAPI
import TestSupport
import Testing
import Tracking
import TrackingStore

/// What users may do whom an issuer names, on a server with users.
///
/// A token here is `ey.SOURCE.NAME.GROUP`.
@Suite struct ExternalUserTests {
    private let fixture: APIFixture

    init() throws {
        fixture = try APIFixture(defaultLevel: .read, externalUsers: Self.externalUsers)
        try fixture.stored.write { session in
            _ = try session.createUser("root", password: nil, isAdministrator: true)
            _ = try session.createUser("bob", password: nil, isAdministrator: false)
        }
    }

    private static var externalUsers: ExternalUsers {
        let scopes = GroupScopes(["readers": .read, "team": .write, "bosses": .admin])
        var externalUsers = ExternalUsers()
        externalUsers.scopes = ["people": scopes, "machines": scopes]
        externalUsers.issuersOfPeople = ["people"]
        externalUsers.isToken = { $0.starts(with: "ey.".utf8) }
        externalUsers.userOfToken = { token, _ throws(ExternalUsers.TokenFailure) in
            let parts = String(decoding: token, as: UTF8.self).split(separator: ".").map(String.init)
            guard parts.count == 4, let user = ExternalUser(name: parts[2], groups: [parts[3]], source: parts[1]) else {
                throw .refused("Nobody.")
            }
            return user
        }
        return externalUsers
    }

    private func send(_ token: String, _ method: String, _ path: String, _ body: String = "") throws -> Reply {
        let headers = ["authorization": "Bearer \(token)", "content-type": "application/json"]
        return try fixture.send(method, "/api/" + path, body: body, headers: headers)
    }

    private func makeToken(_ holder: String, _ members: String = "") throws -> Reply {
        try send(holder, "POST", "apus/1.0/tokens/create", #"{"name":"laptop"\#(members)}"#)
    }

    @Test func `a person whose groups may write makes tokens that are no wider and have an end`() throws {
        let ada = "ey.people.ada.team"
        let made = try makeToken(ada)
        #expect(made.status == 200, "\(made.text)")
        #expect(try made.member("scope").string == "write" && made.member("username").string == "ada")
        let end = try #require(try made.member("expiration_time").int64)
        #expect(try made.member("creation_time").int64 == end - AccessToken.longestLifetimeOfExternalUser)
        let key = try #require(try made.member("token").string)
        #expect(try send(key, "POST", "2.0/mlflow/experiments/create", #"{"name":"by token"}"#).status == 200)
        // A token makes no tokens, and shares nothing.
        #expect(try makeToken(key).status == 403)
        #expect(try send(ada, "POST", "apus/1.0/tokens/create", #"{"name":"a","scope":"admin"}"#).status == 403)
        let longer = AccessToken.longestLifetimeOfExternalUser + 1
        let refused = try send(ada, "POST", "apus/1.0/tokens/create", #"{"name":"a","expires_in":\#(longer)}"#)
        #expect(refused.error.hasPrefix("400 INVALID_PARAMETER_VALUE") && refused.text.contains("90 days"))
        let short = try send(ada, "POST", "apus/1.0/tokens/create", #"{"name":"a","scope":"read","expires_in":60000}"#)
        #expect(short.status == 200)
        #expect(try send(ada, "GET", "apus/1.0/tokens/list").member("tokens").count == 2)
        #expect(try send(ada, "POST", "apus/1.0/tokens/revoke", #"{"name":"laptop"}"#).status == 200)
        #expect(try send(key, "GET", "apus/1.0/tokens/list").status == 401)
        // The tokens of others are not theirs to end.
        let ofBob = #"{"name":"laptop","username":"bob"}"#
        #expect(try makeToken("ey.people.bob.team").status == 200)
        #expect(try send(ada, "POST", "apus/1.0/tokens/revoke", ofBob).status == 403)
    }

    @Test func `a token allows no more once the groups of its person allow less`() throws {
        let key = try #require(try makeToken("ey.people.ada.team").member("token").string)
        #expect(try send("ey.people.ada.readers", "GET", "2.0/mlflow/users/current").status == 200)
        #expect(try send(key, "GET", "2.0/mlflow/users/current").status == 200)
        #expect(try send(key, "POST", "2.0/mlflow/experiments/create", #"{"name":"never"}"#).status == 403)
        #expect(try send("ey.people.ada.others", "GET", "2.0/mlflow/users/current").status == 403)
        #expect(try send(key, "GET", "2.0/mlflow/users/current").status == 403)
    }

    @Test func `a person shares what that one manages, and nothing else`() throws {
        let (ada, bob) = ("ey.people.ada.team", "ey.people.bob.team")
        let made = try send(ada, "POST", "2.0/mlflow/experiments/create", #"{"name":"hers"}"#)
        let id = try #require(try made.member("experiment_id").string)
        let run = #"{"experiment_id":"\#(id)"}"#
        #expect(try send(bob, "POST", "2.0/mlflow/runs/create", run).status == 403)
        let grant = #"{"username":"bob","resource_type":"experiment","resource_id":"\#(id)","permission":"EDIT"}"#
        let path = "3.0/mlflow/users/permissions/"
        #expect(try send(bob, "POST", path + "grant", grant).status == 403)
        #expect(try send("ey.people.ada.readers", "POST", path + "grant", grant).status == 403)
        let shared = try send(ada, "POST", path + "grant", grant)
        #expect(shared.status == 200, "\(shared.text)")
        #expect(try send(bob, "POST", "2.0/mlflow/runs/create", run).status == 200)
        let old = #"{"username":"bob","experiment_id":"\#(id)","permission":"READ"}"#
        #expect(try send(ada, "PATCH", "2.0/mlflow/experiments/permissions/update", old).status == 200)
        #expect(try send(bob, "POST", "2.0/mlflow/runs/create", run).status == 403)
        let all = #"{"username":"ada","resource_type":"experiment","resource_id":"*","permission":"MANAGE"}"#
        #expect(try send(ada, "POST", path + "grant", all).status == 403)
    }

    @Test func `machines and readers make no tokens and share nothing`() throws {
        for holder in ["ey.machines.ada.team", "ey.people.ada.readers"] {
            let refused = try makeToken(holder)
            #expect(refused.error.hasPrefix("403") && refused.text.contains("--group-scopes"), "\(refused.text)")
        }
        let job = "ey.machines.job.team"
        let made = try send(job, "POST", "2.0/mlflow/experiments/create", #"{"name":"of a job"}"#)
        let id = try #require(try made.member("experiment_id").string)
        let grant = #"{"username":"bob","resource_type":"experiment","resource_id":"\#(id)","permission":"EDIT"}"#
        #expect(try send(job, "POST", "3.0/mlflow/users/permissions/grant", grant).status == 403)
    }

    @Test func `an admin whose groups may write alone has no rights of admins`() throws {
        let root = "ey.people.root.team"
        let user = #"{"username":"eve","password":"correct horse battery"}"#
        for (method, path, body) in [
            ("POST", "2.0/mlflow/users/create", user), ("DELETE", "2.0/mlflow/users/delete", #"{"username":"bob"}"#),
            ("PATCH", "2.0/mlflow/users/update-admin", #"{"username":"bob","is_admin":true}"#),
            ("POST", "3.0/mlflow/roles/create", #"{"name":"r","workspace":"default"}"#),
            ("POST", "apus/1.0/tokens/create", #"{"name":"wide","scope":"admin"}"#),
            (
                "POST", "3.0/mlflow/users/permissions/grant",
                #"{"username":"bob","resource_type":"experiment","resource_id":"*","permission":"MANAGE"}"#
            ),
        ] {
            let reply = try send(root, method, path, body)
            #expect(reply.status == 403, "\(path): \(reply.text)")
        }
        // What belongs to somebody is open to them as before, and theirs to share.
        let made = try send("ey.people.ada.team", "POST", "2.0/mlflow/experiments/create", #"{"name":"hers"}"#)
        let id = try #require(try made.member("experiment_id").string)
        #expect(try send(root, "POST", "2.0/mlflow/experiments/delete", #"{"experiment_id":"\#(id)"}"#).status == 200)
        let grant = #"{"username":"bob","resource_type":"experiment","resource_id":"\#(id)","permission":"READ"}"#
        #expect(try send(root, "POST", "3.0/mlflow/users/permissions/grant", grant).status == 200)
        let boss = "ey.people.root.bosses"
        #expect(try send(boss, "POST", "2.0/mlflow/users/create", user).status == 200)
    }

    @Test func `a page learns whether tokens can be made, and how long they last`() throws {
        for (holder, mayMake) in [
            ("ey.people.ada.team", true), ("ey.people.ada.readers", false), ("ey.machines.ada.team", false),
            ("ey.people.ada.bosses", true),
        ] {
            let who = try send(holder, "GET", "apus/1.0/log-in")
            #expect(try who.member("makes_tokens").bool == mayMake, "\(holder)")
            #expect(try who.member("token_lifetime").int64 == AccessToken.longestLifetimeOfExternalUser)
        }
    }

    @Test func `where there are no users, nobody's tokens are made`() throws {
        let fixture = try APIFixture(requiresTokens: true, externalUsers: Self.externalUsers)
        let headers = ["authorization": "Bearer ey.people.ada.team", "content-type": "application/json"]
        let path = "/api/apus/1.0/tokens/create"
        let refused = try fixture.send("POST", path, body: #"{"name":"a"}"#, headers: headers)
        #expect(refused.error.hasPrefix("403 PERMISSION_DENIED") && refused.text.contains("--app-name basic-auth"))
    }
}
