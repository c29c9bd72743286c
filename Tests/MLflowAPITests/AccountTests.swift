import Budgets
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
        fixture = try APIFixture(defaultLevel: .read)
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
        query: [(String, String)] = [],
        beforeBody: () throws -> Void = {}
    ) throws -> Reply {
        try fixture.send(
            method,
            "/api/\(path)",
            query: query,
            body: body,
            headers: headers(name),
            beforeBody: beforeBody
        )
    }

    /// Gives a user a role of its own with one grant.
    private func grant(_ type: String, _ pattern: String, _ permission: String, to name: String) throws {
        let made = try send("root", "POST", "3.0/mlflow/roles/create", #"{"name":"of \#(name)","workspace":"default"}"#)
        let role = try #require(try made.member("role")["id"]?.canonicalText)
        let grant =
            #"{"role_id":\#(role),"resource_type":"\#(type)","resource_pattern":"\#(pattern)","permission":"\#(permission)"}"#
        #expect(try send("root", "POST", "3.0/mlflow/roles/permissions/add", grant).status == 200)
        let assignment = #"{"username":"\#(name)","role_id":\#(role)}"#
        #expect(try send("root", "POST", "3.0/mlflow/roles/assign", assignment).status == 200)
    }

    /// Sends as a token's holder.
    private func send(_ method: String, _ path: String, _ body: String = "", token: String) throws -> Reply {
        let headers = ["authorization": "Bearer \(token)", "content-type": "application/json"]
        return try fixture.send(method, "/api/\(path)", body: body, headers: headers)
    }

    private func token(of name: String, _ title: String, scope: String = "write") throws -> String {
        let made = try send(name, "POST", "apus/1.0/tokens/create", #"{"name":"\#(title)","scope":"\#(scope)"}"#)
        return try #require(try made.member("token").string, "\(made.text)")
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

    @Test func `one call makes a user who is an admin, for admins alone`() throws {
        let path = "2.0/mlflow/users/create"
        let body = #"{"username":"new","password":"\#(Self.password)","is_admin":true}"#
        // Who manages the workspace makes users, and no admins.
        try grant("workspace", "*", "MANAGE", to: "bob")
        #expect(try send("bob", "POST", path, body).status == 403)
        #expect(try send("root", "GET", "2.0/mlflow/users/get", query: [("username", "new")]).status == 404)
        let wrong = #"{"username":"new","password":"\#(Self.password)","is_admin":"perhaps"}"#
        #expect(try send("root", "POST", path, wrong).status == 400)
        #expect(try send("root", "POST", path, body).member("user")["is_admin"]?.bool == true)
        #expect(try send("new", "GET", "3.0/mlflow/roles/list").status == 200)
        let entries = try fixture.stored.store.readNow { try $0.auditPage(AuditQuery(maxResults: 100)) }.entries
        let about = entries.filter { $0.resource == AuditResource(.user, "new") }
        #expect(about.map(\.action) == ["users/create"] && about.first?.detail.contains("is_admin") == true)
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

    @Test func `who manages something is told in one call what users were granted for it`() throws {
        let id = try experiment(of: "ada", "hers")
        let path = "apus/1.0/grants/list"
        let hers = [("resource_type", "experiment"), ("resource_id", id)]
        func grants(_ name: String, _ query: [(String, String)]) throws -> String {
            let reply = try send(name, "GET", path, query: query)
            return reply.status == 200 ? try reply.member("grants").canonicalText : "\(reply.status)"
        }
        let own = #"[{"permission":"MANAGE","username":"ada"}]"#
        #expect(try grants("ada", hers) == own && grants("root", hers) == own)
        #expect(try grants("bob", hers) == "403")
        let grant = #"{"username":"bob","resource_type":"experiment","resource_id":"\#(id)","permission":"DENY"}"#
        #expect(try send("ada", "POST", "3.0/mlflow/users/permissions/grant", grant).status == 200)
        // What a role grants is not granted to a user alone.
        try self.grant("experiment", id, "READ", to: "root")
        let both = #"[{"permission":"MANAGE","username":"ada"},{"permission":"DENY","username":"bob"}]"#
        #expect(try grants("ada", hers) == both)
        #expect(try grants("ada", hers + [("page_token", "ada")]) == #"[{"permission":"DENY","username":"bob"}]"#)
        // For all experiments at once, and for what is none, admins alone grant.
        for pattern in ["*", "no id"] {
            let query = [("resource_type", "experiment"), ("resource_id", pattern)]
            #expect(try grants("ada", query) == "403" && grants("root", query) == "[]")
        }
        #expect(try grants("ada", [("resource_type", "experiment")]) == "400")
        #expect(try grants("ada", [("resource_type", "workspace"), ("resource_id", "*")]) == "400")
    }

    @Test func `a long list of grants comes in pages`() throws {
        let id = try experiment(of: "ada", "hers")
        try fixture.stored.write { session in
            for number in 0..<1_000 {
                let name = "user-\(number)"
                _ = try session.createUser(name, password: nil, isAdministrator: false)
                try session.grant(Grant(.experiment, id, .read), toUser: name)
            }
        }
        let query = [("resource_type", "experiment"), ("resource_id", id)]
        let first = try send("ada", "GET", "apus/1.0/grants/list", query: query)
        #expect(try first.member("grants").count == 1_000)
        let token = try #require(try first.member("next_page_token").string)
        let rest = try send("ada", "GET", "apus/1.0/grants/list", query: query + [("page_token", token)])
        #expect(try rest.member("grants").elements.compactMap { $0["username"]?.string } == ["user-999"])
        #expect(!rest.text.contains("next_page_token"))
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

    // MARK: Bodies that come late

    @Test func `a change whose body comes after the right was lost is refused`() throws {
        let id = try experiment(of: "ada", "hers")
        let revoke = #"{"username":"bob","resource_type":"experiment","resource_id":"\#(id)"}"#
        let grant = #"{"username":"bob","resource_type":"experiment","resource_id":"\#(id)","permission":"MANAGE"}"#
        let made = try send("ada", "POST", "2.0/mlflow/runs/create", #"{"experiment_id":"\#(id)"}"#)
        let run = try #require(try made.member("run")["info"]?["run_id"]?.string)
        for (path, body) in [
            ("2.0/mlflow/runs/log-metric", #"{"run_id":"\#(run)","key":"m","value":1,"timestamp":1,"step":1}"#),
            ("2.0/mlflow/runs/delete", #"{"run_id":"\#(run)"}"#),
            ("2.0/mlflow/experiments/set-experiment-tag", #"{"experiment_id":"\#(id)","key":"k","value":"v"}"#),
            ("3.0/mlflow/users/permissions/grant", grant.replacing("bob", with: "root")),
        ] {
            #expect(try send("ada", "POST", "3.0/mlflow/users/permissions/grant", grant).status == 200)
            let reply = try send("bob", "POST", path, body) {
                let lost = try send("ada", "POST", "3.0/mlflow/users/permissions/revoke", revoke)
                #expect(lost.status == 200)
            }
            #expect(reply.status == 403, "\(path): \(reply.text)")
        }
    }

    @Test func `a body that comes after its credential ended changes nothing`() throws {
        let key = try token(of: "ada", "laptop")
        let bearer = ["authorization": "Bearer \(key)", "content-type": "application/json"]
        let create = "/api/2.0/mlflow/experiments/create"
        let revoke = { () throws in
            #expect(try self.send("ada", "POST", "apus/1.0/tokens/revoke", #"{"name":"laptop"}"#).status == 200)
        }
        let revoked = try fixture.send("POST", create, body: #"{"name":"a"}"#, headers: bearer, beforeBody: revoke)
        #expect(revoked.status == 401)
        let demoted = try send(
            "root",
            "POST",
            "2.0/mlflow/users/create",
            #"{"username":"n","password":"123456789012"}"#
        ) {
            try fixture.stored.write { session in
                try session.setAdministrator(true, user: "ada")
                try session.setAdministrator(false, user: "root")
            }
        }
        #expect(demoted.status == 403)
        let mint = try send("bob", "POST", "apus/1.0/tokens/create", #"{"name":"t"}"#) {
            try fixture.stored.write { try $0.deleteUser("bob") }
        }
        #expect(mint.status == 401)
        let gone = try send("root", "POST", "2.0/mlflow/experiments/create", #"{"name":"b"}"#) {
            try fixture.stored.write { try $0.deleteUser("root") }
        }
        #expect(gone.status == 401)
        #expect(try search(headers("ada")) == ["Default"])
    }

    @Test func `an upload whose sender lost the right is not stored`() throws {
        let id = try experiment(of: "ada", "hers")
        let grant = #"{"username":"bob","resource_type":"experiment","resource_id":"\#(id)","permission":"EDIT"}"#
        let revoke = #"{"username":"bob","resource_type":"experiment","resource_id":"\#(id)"}"#
        #expect(try send("ada", "POST", "3.0/mlflow/users/permissions/grant", grant).status == 200)
        let path = "2.0/mlflow-artifacts/artifacts/\(id)/file"
        let late = try send("bob", "PUT", path, "x") {
            let lost = try send("ada", "POST", "3.0/mlflow/users/permissions/revoke", revoke)
            #expect(lost.status == 200)
        }
        #expect(late.status == 403, "\(late.text)")
        #expect(try send("ada", "GET", path).status == 404)
        #expect(try send("ada", "POST", "3.0/mlflow/users/permissions/grant", grant).status == 200)
        // Another change meanwhile changes nothing about it.
        let other = try send("bob", "PUT", path, "x") {
            try fixture.stored.write { _ = try $0.createUser("eve", password: nil, isAdministrator: false) }
        }
        #expect(other.status == 200, "\(other.text)")
        let removed = try send("bob", "PUT", path, "y") { try fixture.stored.write { try $0.deleteUser("bob") } }
        #expect(removed.status == 401 && removed.text.contains("not authenticated"), "\(removed.text)")
        #expect(try send("ada", "GET", path).text == "x")
    }

    @Test func `what a user makes who was deleted meanwhile is refused, and is no failure of the server`() throws {
        let ghost = Caller(peer: Peer(address: "192.0.2.7"), identity: Identity(.user, name: "ghost", userID: 999))
        let error = #expect(throws: TrackingError.self) {
            try fixture.stored.store.writeNow(for: ghost) {
                try $0.createExperiment(name: "x", artifactLocation: nil, tags: [])
            }
        }
        #expect(error?.code == .permissionDenied)
        var token = AccessToken(name: "t", scope: .read, creationTime: 0)
        token.userID = 999
        let another = #expect(throws: TrackingError.self) {
            try fixture.stored.write { [token] in
                try $0.createAccessToken(token, hash: [UInt8](repeating: 1, count: 32))
            }
        }
        #expect(another?.code == .permissionDenied)
    }

    // MARK: What is hidden with versions and runs

    /// Makes a registered model of ada with a version and an alias.
    private func model(_ name: String) throws {
        #expect(try send("ada", "POST", "2.0/mlflow/registered-models/create", #"{"name":"\#(name)"}"#).status == 200)
        let version = #"{"name":"\#(name)","source":"s3://bucket/secret-place"}"#
        #expect(try send("ada", "POST", "2.0/mlflow/model-versions/create", version).status == 200)
        let alias = #"{"name":"\#(name)","alias":"champion","version":"1"}"#
        #expect(try send("ada", "POST", "2.0/mlflow/registered-models/alias", alias).status == 200)
    }

    @Test func `versions that a role denies are in no archive and no download, and have no aliases`() throws {
        try model("m")
        let archive = { (name: String) in try self.send(name, "GET", "apus/1.0/export/archive") }
        let get = { (name: String) in
            try self.send(name, "GET", "2.0/mlflow/registered-models/get", query: [("name", "m")])
        }
        let byAlias = { (name: String, alias: String) in
            let query = [("name", "m"), ("alias", alias)]
            return try self.send(name, "GET", "2.0/mlflow/registered-models/alias", query: query)
        }
        #expect(try archive("bob").text.contains("secret-place") && get("bob").text.contains("champion"))
        try grant("registered_model_version", "*", "DENY", to: "bob")
        let hidden = try archive("bob")
        #expect(hidden.text.contains(#""name":"m""#) && !hidden.text.contains("secret-place"))
        #expect(!hidden.text.contains("champion"))
        #expect(try get("bob").status == 200 && !get("bob").text.contains("champion"))
        let found = try send("bob", "GET", "2.0/mlflow/registered-models/search")
        #expect(found.text.contains(#""m""#) && !found.text.contains("champion"))
        // Nobody learns which aliases there are.
        for alias in ["champion", "none", "latest"] { #expect(try byAlias("bob", alias).status == 403) }
        let file = [("name", "m"), ("version", "1"), ("path", "x")]
        let download = try fixture.send("GET", "/model-versions/get-artifact", query: file, headers: headers("bob"))
        #expect(download.status == 403)
        #expect(try byAlias("ada", "champion").status == 200 && byAlias("ada", "none").status == 400)
    }

    @Test func `a model with NO_PERMISSIONS is in no archive`() throws {
        try model("m")
        let none = #"{"username":"bob","name":"m","permission":"NO_PERMISSIONS"}"#
        let path = "2.0/mlflow/registered-models/permissions/create"
        #expect(try send("ada", "POST", path, none).status == 200)
        let archive = try send("bob", "GET", "apus/1.0/export/archive")
        #expect(archive.status == 200 && !archive.text.contains("secret-place") && !archive.text.contains("champion"))
        #expect(try send("ada", "GET", "apus/1.0/export/archive").text.contains("secret-place"))
    }

    @Test func `datasets of runs that a role denies are not listed`() throws {
        let id = try experiment(of: "ada", "hers")
        let made = try send("ada", "POST", "2.0/mlflow/runs/create", #"{"experiment_id":"\#(id)"}"#)
        let run = try #require(try made.member("run")["info"]?["run_id"]?.string)
        let inputs =
            #"{"run_id":"\#(run)","datasets":[{"dataset":{"name":"wages","digest":"d","source_type":"s","source":"{}"}}]}"#
        #expect(try send("ada", "POST", "2.0/mlflow/runs/log-inputs", inputs).status == 200)
        let search = { (name: String) in
            let body = #"{"experiment_ids":["\#(id)"]}"#
            let path = "/ajax-api/2.0/mlflow/experiments/search-datasets"
            return try self.fixture.send("POST", path, body: body, headers: self.headers(name)).text
        }
        #expect(try search("bob").contains("wages"))
        try grant("run", "*", "DENY", to: "bob")
        #expect(try !search("bob").contains("wages") && search("ada").contains("wages"))
    }

    // MARK: Tokens and passwords

    @Test func `tokens end when somebody else sets the password, and not when the user does`() throws {
        let key = try token(of: "ada", "laptop")
        let other = try token(of: "bob", "laptop")
        let current = "2.0/mlflow/users/current"
        let path = "2.0/mlflow/users/update-password"
        let own = #"{"username":"ada","password":"another long password","current_password":"\#(Self.password)"}"#
        #expect(try send("ada", "PATCH", path, own).status == 200)
        #expect(try send("GET", current, token: key).status == 200)
        let reset = #"{"username":"ada","password":"one more long password"}"#
        #expect(try send("root", "PATCH", path, reset).status == 200)
        #expect(try send("GET", current, token: key).status == 401)
        #expect(try send("GET", current, token: other).status == 200)
        #expect(try fixture.api.accessTokens().map(\.name) == ["laptop"])
    }

    @Test func `a user has at most a hundred tokens`() throws {
        for number in 0..<AccessToken.userLimit { _ = try token(of: "ada", "t\(number)") }
        let refused = try send("ada", "POST", "apus/1.0/tokens/create", #"{"name":"more"}"#)
        #expect(refused.status == 400 && refused.text.contains("100 tokens"), "\(refused.text)")
        #expect(try send("ada", "POST", "apus/1.0/tokens/revoke", #"{"name":"t0"}"#).status == 200)
        _ = try token(of: "ada", "more")
        _ = try token(of: "bob", "t1")
    }

    // MARK: Many passwords

    private func status(
        _ name: String,
        _ password: String = Self.password,
        from address: String = "192.0.2.7"
    ) throws -> Int {
        let caller = Caller(peer: Peer(address: address))
        let path = "/api/2.0/mlflow/users/current"
        return try fixture.send("GET", path, headers: headers(name, password), from: caller).status
    }

    @Test func `who tries many passwords of one name keeps out that name alone, and at that address alone`() throws {
        var statuses: [Int] = []
        for number in 0..<30 where statuses.last != 429 {
            statuses.append(try status("bob", "wrong password \(number)"))
        }
        #expect(
            statuses.last == 429 && statuses.count >= 20 && statuses.dropLast().allSatisfy { $0 == 401 },
            "\(statuses)"
        )
        #expect(try status("bob") == 429)
        #expect(try status("ada") == 200 && status("bob", from: "192.0.2.8") == 200)
    }

    @Test func `who tries passwords of many names is held up, and who was right there before is not`() throws {
        #expect(try status("ada") == 200)
        let hash = try PasswordHash.make("of their own, and long", rounds: 10)
        try fixture.stored.write { session in
            for number in 0..<120 {
                _ = try session.createUser("name \(number)", password: hash, isAdministrator: false)
            }
        }
        var statuses: [Int] = []
        for number in 0..<120 where statuses.last != 429 {
            statuses.append(try status("name \(number)", "one for all"))
        }
        #expect(statuses.last == 429 && statuses.count > 50, "\(statuses.count)")
        #expect(try status("root") == 429)
        // It has to be checked anew after a change.
        let other = try PasswordHash.make("another long password", rounds: 10)
        try fixture.stored.write { try $0.resetPassword(other, ofUser: "ada") }
        #expect(try status("ada", "another long password") == 200)
        #expect(try status("root", from: "192.0.2.8") == 200)
    }

    @Test func `guesses of the present password are limited where the own password is changed`() throws {
        let path = "2.0/mlflow/users/update-password"
        var statuses: [Int] = []
        for number in 0..<30 where statuses.last != 429 {
            let guess = #"{"username":"ada","password":"another long password","current_password":"guess \#(number)"}"#
            statuses.append(try send("ada", "PATCH", path, guess).status)
        }
        #expect(statuses.last == 429 && statuses.dropLast().allSatisfy { $0 == 400 }, "\(statuses)")
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
