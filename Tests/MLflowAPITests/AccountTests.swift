import Coding
import HTTPServer
import HTTPWire
import Identities
import JSON
import MLflowAPI
import Passwords
import TestSupport
import Testing
import Tracking
import TrackingStore

/// A server that asks for names and passwords.
@Suite struct AccountTests {
    private static let password = "correct horse battery"
    private let fixture: APIFixture

    init() throws {
        fixture = try APIFixture(usersMay: .read)
        // With few rounds, a check takes no time that matters here.
        let hash = try PasswordHash.make(Self.password, rounds: 10)
        try fixture.stored.write { session in
            for (name, isAdministrator) in [("root", true), ("ada", false), ("bob", false)] {
                _ = try session.createUser(name, password: hash, isAdministrator: isAdministrator)
            }
        }
    }

    private func headers(_ name: String, _ password: String = Self.password) -> [String: String] {
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
        query: [(String, String)] = []
    ) throws -> Reply {
        try fixture.send(method, "/api/\(path)", query: query, body: body, headers: headers(name))
    }

    private func experiment(of name: String, _ title: String) throws -> String {
        let made = try send(name, "POST", "2.0/mlflow/experiments/create", #"{"name":"\#(title)"}"#)
        return try #require(try made.member("experiment_id").string)
    }

    private func search(_ headers: [String: String]) throws -> [String] {
        let path = "/api/2.0/mlflow/experiments/search"
        let found = try fixture.send("POST", path, body: #"{"max_results":100}"#, headers: headers)
        return try found.member("experiments").elements.compactMap { $0["name"]?.string }
    }

    @Test func `a name with its password admits, and nothing else does`() throws {
        let path = "/api/2.0/mlflow/users/current"
        let current = try fixture.send("GET", path, headers: headers("ada"))
        #expect(try current.member("user")["username"]?.string == "ada")
        let wrong = [
            headers("ada", "wrong horse battery"), headers("eve"), headers("ADA"), headers("", ""),
            headers("ada", Self.password + "x"), [:], ["authorization": "Bearer \(Self.password)"],
        ]
        for headers in wrong { #expect(try fixture.send("GET", path, headers: headers).status == 401) }
    }

    @Test func `a change of a user counts at the next request`() throws {
        let path = "/api/2.0/mlflow/users/current"
        #expect(try fixture.send("GET", path, headers: headers("ada")).status == 200)
        let new = "another long password"
        let body = #"{"username":"ada","password":"\#(new)"}"#
        #expect(try send("root", "PATCH", "2.0/mlflow/users/update-password", body).status == 200)
        #expect(try fixture.send("GET", path, headers: headers("ada")).status == 401)
        #expect(try fixture.send("GET", path, headers: headers("ada", new)).status == 200)
        let roles = "3.0/mlflow/roles/list"
        #expect(try send("bob", "GET", roles).status == 403)
        let promotion = #"{"username":"bob","is_admin":true}"#
        #expect(try send("root", "PATCH", "2.0/mlflow/users/update-admin", promotion).status == 200)
        #expect(try send("bob", "GET", roles).status == 200)
        #expect(try send("root", "DELETE", "2.0/mlflow/users/delete", #"{"username":"bob"}"#).status == 200)
        #expect(try send("bob", "GET", roles).status == 401)
    }

    @Test func `who changes the own password shows the present one`() throws {
        let path = "2.0/mlflow/users/update-password"
        let new = #""username":"ada","password":"another long password""#
        for present in ["", #","current_password":"wrong horse battery""#] {
            #expect(try send("ada", "PATCH", path, "{\(new)\(present)}").status == 400)
        }
        #expect(try send("bob", "PATCH", path, "{\(new)}").status == 403)
        let present = #","current_password":"\#(Self.password)""#
        #expect(try send("ada", "PATCH", path, "{\(new)\(present)}").status == 200)
    }

    @Test func `the password of an admin is the only way to make one`() throws {
        let short = #"{"username":"new","password":"short"}"#
        #expect(try send("root", "POST", "2.0/mlflow/users/create", short).error.contains("at least 12"))
        let body = #"{"username":"new","password":"\#(Self.password)"}"#
        #expect(try send("ada", "POST", "2.0/mlflow/users/create", body).status == 403)
        #expect(try send("root", "POST", "2.0/mlflow/users/create", body).status == 200)
        #expect(
            try send("root", "POST", "2.0/mlflow/users/create", body).error.hasPrefix("400 RESOURCE_ALREADY_EXISTS")
        )
        let colon = #"{"username":"a:b","password":"\#(Self.password)"}"#
        #expect(try send("root", "POST", "2.0/mlflow/users/create", colon).status == 400)
        #expect(try send("root", "DELETE", "2.0/mlflow/users/delete", #"{"username":"root"}"#).status == 400)
    }

    @Test func `who makes something manages it, and grants it to others`() throws {
        let id = try experiment(of: "ada", "hers")
        let run = #"{"experiment_id":"\#(id)"}"#
        #expect(try send("ada", "POST", "2.0/mlflow/runs/create", run).status == 200)
        let refused = try send("bob", "POST", "2.0/mlflow/runs/create", run)
        #expect(refused.error.hasPrefix("403 PERMISSION_DENIED") && refused.text.contains("EDIT"), "\(refused.text)")
        let grant = #"{"username":"bob","resource_type":"experiment","resource_id":"\#(id)","permission":"EDIT"}"#
        #expect(try send("bob", "POST", "3.0/mlflow/users/permissions/grant", grant).status == 403)
        #expect(try send("ada", "POST", "3.0/mlflow/users/permissions/grant", grant).status == 200)
        #expect(try send("bob", "POST", "2.0/mlflow/runs/create", run).status == 200)
        let delete = #"{"experiment_id":"\#(id)"}"#
        #expect(try send("bob", "POST", "2.0/mlflow/experiments/delete", delete).status == 403)
        let revoke = #"{"username":"bob","resource_type":"experiment","resource_id":"\#(id)"}"#
        #expect(try send("ada", "POST", "3.0/mlflow/users/permissions/revoke", revoke).status == 200)
        #expect(try send("bob", "POST", "2.0/mlflow/runs/create", run).status == 403)
    }

    @Test func `what a role refuses is in no list, no table and no graph`() throws {
        let id = try experiment(of: "ada", "hers")
        let made = try send("ada", "POST", "2.0/mlflow/runs/create", #"{"experiment_id":"\#(id)"}"#)
        let run = try #require(try made.member("run")["info"]?["run_id"]?.string)
        let point = #"{"run_id":"\#(run)","key":"m","value":7654321,"timestamp":1,"step":1}"#
        #expect(try send("ada", "POST", "2.0/mlflow/runs/log-metric", point).status == 200)
        let role = try send("root", "POST", "3.0/mlflow/roles/create", #"{"name":"guests","workspace":"default"}"#)
        let roleID = try #require(try role.member("role")["id"]?.canonicalText)
        let denial =
            #"{"role_id":\#(roleID),"resource_type":"experiment","resource_pattern":"\#(id)","permission":"DENY"}"#
        #expect(try send("root", "POST", "3.0/mlflow/roles/permissions/add", denial).status == 200)
        #expect(try search(headers("bob")) == ["hers", "Default"])
        let assignment = #"{"username":"bob","role_id":\#(roleID)}"#
        #expect(try send("root", "POST", "3.0/mlflow/roles/assign", assignment).status == 200)
        #expect(try search(headers("bob")) == ["Default"])
        let runs = try send("bob", "POST", "2.0/mlflow/runs/search", #"{"experiment_ids":["\#(id)"]}"#)
        #expect(runs.status == 200 && !runs.text.contains(run))
        let table = try send("bob", "POST", "apus/1.0/runs/table", #"{"experiment_ids":["\#(id)"]}"#)
        #expect(!table.text.contains(run))
        for (path, query) in [
            ("2.0/mlflow/runs/get", [("run_id", run)]), ("2.0/mlflow/experiments/get", [("experiment_id", id)]),
            ("2.0/mlflow/experiments/get-by-name", [("experiment_name", "hers")]),
            ("2.0/mlflow/artifacts/list", [("run_id", run)]), ("apus/1.0/runs/artifacts/tree", [("run_id", run)]),
            ("2.0/mlflow/metrics/get-history", [("run_id", run), ("metric_key", "m")]),
        ] {
            let reply = try send("bob", "GET", path, query: query)
            #expect(reply.status == 403, "\(path): \(reply.text)")
        }
        for (path, body) in [
            ("metrics/curves", #"{"run_ids":["\#(run)"],"metric_keys":["m"]}"#),
            ("runs/columns", #"{"experiment_ids":["\#(id)"]}"#), ("export/html", #"{"run_ids":["\#(run)"]}"#),
        ] {
            let reply = try send("bob", "POST", "apus/1.0/" + path, body)
            #expect(reply.status == 403 || !reply.text.contains("7654321"), "\(path): \(reply.text)")
        }
        for (path, query) in [
            (
                "2.0/mlflow/metrics/get-history-bulk-interval",
                [("run_ids", run), ("metric_key", "m"), ("max_results", "9")]
            ),
            ("apus/1.0/export/table", [("experiment_id", id)]), ("apus/1.0/export/table", [("run_id", run)]),
            ("apus/1.0/export/archive", [("run_id", run)]), ("apus/1.0/runs/artifacts/zip", [("run_id", run)]),
        ] {
            let reply = try send("bob", "GET", path, query: query)
            #expect(reply.status >= 400 || !reply.text.contains("7654321"), "\(path): \(reply.text)")
        }
        let unassignment = #"{"username":"bob","role_id":\#(roleID)}"#
        #expect(try send("root", "DELETE", "3.0/mlflow/roles/unassign", unassignment).status == 200)
        #expect(try search(headers("bob")) == ["hers", "Default"])
    }

    @Test func `a token of a user allows no more than the user may do, and ends with the user`() throws {
        let id = try experiment(of: "ada", "hers")
        let made = try send("ada", "POST", "apus/1.0/tokens/create", #"{"name":"laptop","scope":"write"}"#)
        let key = try #require(try made.member("token").string)
        #expect(try made.member("username").string == "ada")
        let bearer = ["authorization": "Bearer \(key)", "content-type": "application/json"]
        let path = "/api/2.0/mlflow/runs/create"
        #expect(try fixture.send("POST", path, body: #"{"experiment_id":"\#(id)"}"#, headers: bearer).status == 200)
        #expect(try fixture.send("POST", path, body: #"{"experiment_id":"0"}"#, headers: bearer).status == 403)
        let mint = #"{"name":"more","scope":"write"}"#
        #expect(try fixture.send("POST", "/api/apus/1.0/tokens/create", body: mint, headers: bearer).status == 403)
        let admin = #"{"name":"more","scope":"admin"}"#
        #expect(try send("ada", "POST", "apus/1.0/tokens/create", admin).status == 403)
        // Names are each user's own.
        #expect(try send("bob", "POST", "apus/1.0/tokens/create", #"{"name":"laptop","scope":"read"}"#).status == 200)
        let bobs = try send("bob", "GET", "apus/1.0/tokens/list").member("tokens").elements
        #expect(bobs.compactMap { $0["username"]?.string } == ["bob"])
        #expect(try send("bob", "POST", "apus/1.0/tokens/revoke", #"{"name":"laptop","username":"ada"}"#).status == 403)
        #expect(try fixture.send("GET", "/api/2.0/mlflow/users/current", headers: bearer).status == 200)
        #expect(try send("root", "DELETE", "2.0/mlflow/users/delete", #"{"username":"ada"}"#).status == 200)
        #expect(try fixture.send("GET", "/api/2.0/mlflow/users/current", headers: bearer).status == 401)
    }

    @Test func `a name that comes back gives nothing of the old model`() throws {
        #expect(try send("ada", "POST", "2.0/mlflow/registered-models/create", #"{"name":"m"}"#).status == 200)
        #expect(
            try send("ada", "POST", "2.0/mlflow/registered-models/rename", #"{"name":"m","new_name":"n"}"#).status
                == 200
        )
        let update = #"{"name":"n","description":"d"}"#
        #expect(try send("ada", "PATCH", "2.0/mlflow/registered-models/update", update).status == 200)
        #expect(try send("ada", "DELETE", "2.0/mlflow/registered-models/delete", #"{"name":"n"}"#).status == 200)
        #expect(try send("bob", "POST", "2.0/mlflow/registered-models/create", #"{"name":"n"}"#).status == 200)
        #expect(try send("ada", "PATCH", "2.0/mlflow/registered-models/update", update).status == 403)
    }

    @Test func `calls that look after the server are for admins`() throws {
        for endpoint in fixture.api.endpoints where endpoint.access.action == .administration {
            let reply = try fixture.send(endpoint.method.rawValue, endpoint.path, headers: headers("ada"))
            #expect(reply.status == 403, "\(endpoint.path)")
        }
    }

    @Test func `the audit tells who changed whose account`() throws {
        let body = #"{"username":"new","password":"\#(Self.password)"}"#
        #expect(try send("root", "POST", "2.0/mlflow/users/create", body).status == 200)
        let role = try send("root", "POST", "3.0/mlflow/roles/create", #"{"name":"guests","workspace":"default"}"#)
        let id = try #require(try role.member("role")["id"]?.canonicalText)
        #expect(
            try send("root", "POST", "3.0/mlflow/roles/assign", #"{"username":"new","role_id":\#(id)}"#).status == 200
        )
        #expect(try send("ada", "DELETE", "2.0/mlflow/users/delete", #"{"username":"new"}"#).status == 403)
        let entries = try fixture.api.auditPage(AuditQuery(maxResults: 100)).entries
        #expect(entries.map(\.action).prefix(3) == ["roles/assign", "roles/create", "users/create"])
        #expect(entries.prefix(3).allSatisfy { $0.actor == AuditActor(.user, "root") })
        #expect(entries[2].resource == AuditResource(.user, "new") && !entries[2].detail.contains(Self.password))
        #expect(entries[0].resource == AuditResource(.role, id) && entries[0].detail.contains("new"))
    }

    @Test func `the sign for everything is no name`() throws {
        #expect(try send("ada", "POST", "2.0/mlflow/registered-models/create", #"{"name":"*"}"#).status == 400)
        #expect(try send("ada", "POST", "2.0/mlflow/registered-models/create", #"{"name":"m"}"#).status == 200)
        let rename = #"{"name":"m","new_name":"*"}"#
        #expect(try send("ada", "POST", "2.0/mlflow/registered-models/rename", rename).status == 400)
        let tag = #"{"name":"m","key":"mlflow.prompt.is_prompt","value":"true"}"#
        #expect(try send("ada", "POST", "2.0/mlflow/registered-models/set-tag", tag).status == 403)
    }

    @Test func `a grant for a number that is written otherwise gives nothing`() throws {
        let id = try experiment(of: "ada", "hers")
        let grant = #"{"username":"bob","resource_type":"experiment","resource_id":"0\#(id)","permission":"MANAGE"}"#
        #expect(try send("root", "POST", "3.0/mlflow/users/permissions/grant", grant).status == 200)
        #expect(try send("bob", "POST", "2.0/mlflow/experiments/delete", #"{"experiment_id":"\#(id)"}"#).status == 403)
    }

    @Test func `only admins choose where on the server artifacts lie`() throws {
        for location in ["mlflow-artifacts:/", "mlflow-artifacts:/1", "/tmp/x"] {
            let body = #"{"name":"x","artifact_location":"\#(location)"}"#
            let reply = try send("ada", "POST", "2.0/mlflow/experiments/create", body)
            #expect(reply.status == 403, "\(location): \(reply.error)")
        }
        let elsewhere = #"{"name":"x","artifact_location":"s3://bucket/x"}"#
        #expect(try send("ada", "POST", "2.0/mlflow/experiments/create", elsewhere).status == 200)
    }

    @Test func `the only admin stays one, and a password has no zeros`() throws {
        let demotion = #"{"username":"root","is_admin":false}"#
        #expect(try send("root", "PATCH", "2.0/mlflow/users/update-admin", demotion).status == 400)
        let zeros = #"{"username":"new","password":"\#(String(repeating: "\\u0000", count: 12))"}"#
        #expect(try send("root", "POST", "2.0/mlflow/users/create", zeros).status == 400)
    }

    @Test func `somebody who tries many passwords is told to wait, and others are not`() throws {
        let path = "/api/2.0/mlflow/users/current"
        #expect(try fixture.send("GET", path, headers: headers("ada")).status == 200)
        var statuses: [Int] = []
        for number in 0..<30 where statuses.last != 429 {
            statuses.append(try fixture.send("GET", path, headers: headers("bob", "wrong password \(number)")).status)
        }
        #expect(statuses.last == 429 && statuses.dropLast().allSatisfy { $0 == 401 }, "\(statuses)")
        #expect(try fixture.send("GET", path, headers: headers("ada")).status == 200)
    }
}
