import Budgets
import HTTPServer
import HTTPWire
import JSON
import MLflowAPI
import TestSupport
import Testing
import Tracking
import TrackingStore

/// Each change leaves one entry in the audit, in its own transaction, and what is logged leaves none.
@Suite struct AuditTests {
    private let fixture: APIFixture
    private let key: String

    init() throws {
        fixture = try APIFixture(requiresTokens: true)
        key = try fixture.api.createToken(TokenRequest(name: "ada", scope: .admin, lifetime: nil)).key.text
    }

    private func send(
        _ method: String,
        _ path: String,
        _ body: String = "",
        type: String = "application/json",
        query: [(String, String)] = []
    ) throws -> Reply {
        let headers = ["authorization": "Bearer \(key)", "content-type": type]
        let caller = Caller(peer: Peer(address: "192.0.2.7"))
        return try fixture.send(method, path, query: query, body: body, headers: headers, from: caller)
    }

    private func tracking(_ method: String, _ route: String, _ body: String) throws -> Reply {
        try send(method, "/api/2.0/mlflow/" + route, body)
    }

    /// The newest first.
    private func entries() throws -> [AuditEntry] {
        try fixture.api.auditPage(AuditQuery(maxResults: 10_000)).entries
    }

    // MARK: What is declared

    /// Calls that log values or change nothing that is stored, by the ends of their paths.
    private static let unaudited: Set<String> = [
        "runs/log-metric", "runs/log-parameter", "runs/set-tag", "runs/delete-tag", "runs/log-batch", "runs/log-inputs",
        "runs/outputs", "runs/log-model", "logged-models/{model_id}/params",
        // The journal of artifacts tells of uploads.
        "mlflow-artifacts/artifacts/{path...}", "mlflow/upload-artifact", "mpu/parts/{upload}/{part}",
        "mpu/create/{path...}", "mpu/complete/{path...}", "mpu/abort/{path...}",
        // These are only refused, look something up, or change nothing that outlasts the server.
        "mlflow-artifacts/artifacts/", "mpu/create", "mpu/complete", "mpu/abort", "artifacts/presigned-upload-url",
        "tokens/list", "audit/list", "forward/drain", "usage",
    ]

    @Test func `an endpoint that may change something says what it leaves in the audit`() {
        for endpoint in fixture.api.endpoints {
            let isListed = Self.unaudited.contains { endpoint.path.hasSuffix($0) }
            let mayChange = endpoint.access.action == .change || endpoint.access.action == .administration
            switch endpoint.access.audit {
            case .entry: #expect(mayChange, "\(endpoint.method) \(endpoint.path)")
            case .nothing:
                // What is not offered is answered at once.
                let isRefusal = endpoint.access.resources == [.none]
                #expect(isListed || isRefusal, "\(endpoint.method) \(endpoint.path) is not in the list of this test")
            case nil: #expect(!mayChange, "\(endpoint.method) \(endpoint.path) says nothing")
            }
        }
    }

    @Test func `an entry names an experiment as the server writes its id`() throws {
        let made = try tracking("POST", "experiments/create", #"{"name":"e"}"#)
        let id = try #require(try made.member("experiment_id").string)
        let update = #"{"experiment_id":"000\#(id)","new_name":"f"}"#
        #expect(try tracking("POST", "experiments/update", update).status == 200)
        #expect(try entries().first?.resource == AuditResource(.experiment, id))
    }

    // MARK: What is written

    /// A request to an audited endpoint, and what its entry says.
    private struct Example {
        var method = "POST"
        let route: String
        var path: String?
        var body = "{}"
        var type = "application/json"
        var action: String?
        var resource: AuditResource?
        var detail = ""
    }

    private func made(_ reply: Reply, _ path: [String]) throws -> String {
        var value = try JSONDocument(parsing: reply.bytes).root
        for name in path { value = try #require(value[name], "\(reply.text)") }
        return try #require(value.string)
    }

    /// In an order in which all succeed.
    private func examples() throws -> [Example] {
        let experiment = try made(tracking("POST", "experiments/create", #"{"name":"e"}"#), ["experiment_id"])
        let newRun = #"{"experiment_id":"0","start_time":1,"run_name":"n"}"#
        let run = try made(tracking("POST", "runs/create", newRun), ["run", "info", "run_id"])
        let model = try made(
            tracking("POST", "logged-models", #"{"experiment_id":"0","name":"l"}"#),
            ["model", "info", "model_id"]
        )
        _ = try tracking("POST", "registered-models/create", #"{"name":"m"}"#)
        _ = try tracking("POST", "model-versions/create", #"{"name":"m","source":"s3://b/x"}"#)
        let file = "/api/2.0/mlflow-artifacts/artifacts/0/\(run)/artifacts/f"
        _ = try send("PUT", file, "x", type: "text/plain")
        let record = #"{"experiment":{"experiment_id":"77","name":"i","artifact_location":"","creation_time":5}}"#
        let theExperiment = AuditResource(.experiment, experiment)
        let theRun = AuditResource(.run, run)
        let theModel = AuditResource(.registeredModel, "m")
        let theLogged = AuditResource(.loggedModel, model)
        func onExperiment(_ more: String = "") -> String { #"{"experiment_id":"\#(experiment)"\#(more)}"# }
        func onRun(_ more: String = "") -> String { #"{"run_id":"\#(run)"\#(more)}"# }
        func logged(_ tail: String = "") -> String { "/api/2.0/mlflow/logged-models/\(model)\(tail)" }
        let pair = #","key":"k","value":"secret""#
        return [
            Example(route: "experiments/create", body: #"{"name":"new"}"#, detail: #"{"name":"new"}"#),
            Example(
                route: "experiments/update",
                body: onExperiment(#","new_name":"n\"2""#),
                resource: theExperiment,
                detail: #"{"new_name":"n\"2"}"#
            ),
            Example(
                route: "experiments/set-experiment-tag",
                body: onExperiment(pair),
                resource: theExperiment,
                detail: #"{"key":"k"}"#
            ),
            Example(
                route: "experiments/delete-experiment-tag",
                body: onExperiment(#","key":"k""#),
                resource: theExperiment,
                detail: #"{"key":"k"}"#
            ),
            Example(route: "experiments/delete", body: onExperiment(), resource: theExperiment),
            Example(route: "experiments/restore", body: onExperiment(), resource: theExperiment),
            Example(
                route: "runs/create",
                body: #"{"experiment_id":"0","start_time":2,"run_name":"r"}"#,
                detail: #"{"experiment_id":"0","run_name":"r"}"#
            ),
            Example(
                route: "runs/update",
                body: onRun(#","status":"FINISHED","end_time":3"#),
                resource: theRun,
                detail: #"{"status":"FINISHED"}"#
            ),
            Example(
                route: "runs/delete",
                body: onRun(),
                resource: theRun,
                detail: #"{"run_name":"n","experiment_id":"0"}"#
            ),
            Example(route: "runs/restore", body: onRun(), resource: theRun),
            Example(
                route: "logged-models",
                body: #"{"experiment_id":"0","name":"l2"}"#,
                action: "logged-models/create",
                detail: #"{"experiment_id":"0","name":"l2"}"#
            ),
            Example(
                method: "PATCH",
                route: "logged-models/{model_id}",
                path: logged(),
                body: #"{"model_id":"\#(model)","status":"LOGGED_MODEL_READY"}"#,
                action: "logged-models/finalize",
                resource: theLogged,
                detail: #"{"status":"LOGGED_MODEL_READY"}"#
            ),
            Example(
                method: "PATCH",
                route: "logged-models/{model_id}/tags",
                path: logged("/tags"),
                body: #"{"tags":[{"key":"k","value":"secret"}]}"#,
                action: "logged-models/set-tags",
                resource: theLogged
            ),
            Example(
                method: "DELETE",
                route: "logged-models/{model_id}/tags/{tag_key}",
                path: logged("/tags/k"),
                action: "logged-models/delete-tag",
                resource: theLogged,
                detail: #"{"tag_key":"k"}"#
            ),
            Example(
                method: "DELETE",
                route: "logged-models/{model_id}",
                path: logged(),
                action: "logged-models/delete",
                resource: theLogged
            ),
            Example(
                route: "registered-models/create",
                body: #"{"name":"other"}"#,
                resource: AuditResource(.registeredModel, "other")
            ),
            Example(method: "PATCH", route: "registered-models/update", body: #"{"name":"m"}"#, resource: theModel),
            Example(
                route: "registered-models/set-tag",
                body: #"{"name":"m"\#(pair)}"#,
                resource: theModel,
                detail: #"{"key":"k"}"#
            ),
            Example(
                method: "DELETE",
                route: "registered-models/delete-tag",
                body: #"{"name":"m","key":"k"}"#,
                resource: theModel,
                detail: #"{"key":"k"}"#
            ),
            Example(
                route: "registered-models/alias",
                body: #"{"name":"m","alias":"best","version":"1"}"#,
                action: "registered-models/set-alias",
                resource: theModel,
                detail: #"{"alias":"best","version":"1"}"#
            ),
            Example(
                method: "DELETE",
                route: "registered-models/alias",
                body: #"{"name":"m","alias":"best"}"#,
                action: "registered-models/delete-alias",
                resource: theModel,
                detail: #"{"alias":"best"}"#
            ),
            Example(
                route: "model-versions/create",
                body: #"{"name":"m","source":"s3://b/y"}"#,
                resource: theModel,
                detail: #"{"version":"2"}"#
            ),
            Example(
                method: "PATCH",
                route: "model-versions/update",
                body: #"{"name":"m","version":"1"}"#,
                resource: theModel,
                detail: #"{"version":"1"}"#
            ),
            Example(
                route: "model-versions/transition-stage",
                body: #"{"name":"m","version":"1","stage":"Production"}"#,
                resource: theModel,
                detail: #"{"version":"1","stage":"Production"}"#
            ),
            Example(
                route: "model-versions/set-tag",
                body: #"{"name":"m","version":"1"\#(pair)}"#,
                resource: theModel,
                detail: #"{"version":"1","key":"k"}"#
            ),
            Example(
                method: "DELETE",
                route: "model-versions/delete-tag",
                body: #"{"name":"m","version":"1","key":"k"}"#,
                resource: theModel,
                detail: #"{"version":"1","key":"k"}"#
            ),
            Example(
                method: "DELETE",
                route: "model-versions/delete",
                body: #"{"name":"m","version":"1"}"#,
                resource: theModel,
                detail: #"{"version":"1"}"#
            ),
            Example(
                route: "registered-models/rename",
                body: #"{"name":"m","new_name":"m2"}"#,
                resource: theModel,
                detail: #"{"new_name":"m2"}"#
            ),
            Example(
                method: "DELETE",
                route: "registered-models/delete",
                body: #"{"name":"m2"}"#,
                resource: AuditResource(.registeredModel, "m2")
            ),
            Example(
                method: "DELETE",
                route: "artifacts/{path...}",
                path: file,
                body: "",
                action: "artifacts/delete",
                resource: AuditResource(.artifact, "0/\(run)/artifacts/f")
            ),
            Example(
                route: "tokens/create",
                body: #"{"name":"bob","scope":"read"}"#,
                resource: AuditResource(.token, "bob"),
                detail: #"{"scope":"read"}"#
            ),
            Example(route: "tokens/revoke", body: #"{"name":"bob"}"#, resource: AuditResource(.token, "bob")),
            Example(route: "import", body: record, type: "application/x-ndjson", detail: #"{"experiments":"1"}"#),
            Example(
                route: "gc",
                body: #"{"logged_model_ids":["\#(model)"]}"#,
                resource: theLogged
            ),
            Example(
                route: "audit/backup",
                body: #"{"place":"/backups/1"}"#,
                action: "backup",
                resource: AuditResource(.server),
                detail: #"{"place":"/backups/1"}"#
            ),
        ]
    }

    @Test func `each audited endpoint writes exactly one entry that says who did what, and from where`() throws {
        var missing: Set<String> = []
        for endpoint in fixture.api.endpoints {
            guard case .entry = endpoint.access.audit else { continue }
            missing.insert("\(endpoint.method.rawValue) \(endpoint.path)")
        }
        // These need an upstream.
        missing = missing.filter { !$0.contains("/forward/") && !$0.contains("/ajax-api/") }
        for example in try examples() {
            let prefixes = ["/api/2.0/mlflow/", "/api/apus/1.0/", "/api/2.0/mlflow-artifacts/"]
            let pattern = prefixes.map { $0 + example.route }.first { missing.contains("\(example.method) \($0)") }
            let route = try #require(pattern, "\(example.method) \(example.route) is not audited, or twice in the list")
            missing.remove("\(example.method) \(route)")
            let before = try entries().count
            let reply = try send(example.method, example.path ?? route, example.body, type: example.type)
            #expect(reply.status == 200, "\(example.route): \(reply.error)")
            let new = try entries().dropLast(before)
            #expect(new.count == 1, "\(example.route): \(new.map(\.action))")
            let entry = try #require(new.first)
            #expect(entry.action == example.action ?? example.route)
            #expect(entry.actor == AuditActor(.token, "ada"))
            #expect(entry.address == "192.0.2.7")
            #expect(entry.detail == example.detail, "\(example.route)")
            if let resource = example.resource {
                #expect(entry.resource == resource, "\(example.route)")
            } else if example.route != "import" {
                // A new thing, which the answer names.
                let id = entry.resource.id
                #expect(!id.isEmpty && reply.text.contains("\"\(id)\""), "\(example.route)")
            }
            #expect(!entry.isRefused && entry.count == 1)
        }
        #expect(missing.isEmpty)
    }

    @Test func `what is logged to a run leaves no entry`() throws {
        let run = try made(
            tracking("POST", "runs/create", #"{"experiment_id":"0","start_time":1}"#),
            ["run", "info", "run_id"]
        )
        let before = try entries()
        for (route, body) in [
            ("log-metric", #""key":"m","value":1,"timestamp":1"#), ("log-parameter", #""key":"p","value":"1""#),
            ("set-tag", #""key":"t","value":"1""#), ("delete-tag", #""key":"t""#), ("log-batch", #""params":[]"#),
        ] {
            #expect(try tracking("POST", "runs/" + route, #"{"run_id":"\#(run)",\#(body)}"#).status == 200)
        }
        #expect(try entries() == before)
    }

    @Test func `a change that fails leaves no entry`() throws {
        let before = try entries()
        for (method, route, body) in [
            ("POST", "experiments/create", #"{"name":"Default"}"#), ("POST", "experiments/create", "{}"),
            ("POST", "runs/delete", #"{"run_id":"nothing"}"#), ("POST", "runs/update", #"{"run_id":1}"#),
            ("DELETE", "registered-models/delete", #"{"name":"nothing"}"#),
        ] {
            #expect((400..<500).contains(try tracking(method, route, body).status), "\(route)")
        }
        #expect(try send("POST", "/api/apus/1.0/tokens/create", #"{"name":"ada"}"#).status == 400)
        #expect(try send("DELETE", "/api/2.0/mlflow-artifacts/artifacts/nothing").status < 500)
        #expect(try send("POST", "/api/apus/1.0/gc", #"{"dry_run":true}"#).status == 200)
        #expect(try entries() == before)
    }

    @Test func `a creation that is repeated because its answer was lost leaves one entry`() throws {
        let open = try APIFixture()
        let lost = Caller(peer: Peer(address: "192.0.2.7"))
        let first = try open.post("experiments/create", #"{"name":"once"}"#, from: lost)
        lost.leave()
        let second = try open.post("experiments/create", #"{"name":"once"}"#, from: Caller(peer: lost.peer))
        #expect(try first.json == second.json)
        #expect(try open.api.auditPage(AuditQuery(maxResults: 10)).entries.map(\.action) == ["experiments/create"])
    }

    @Test func `a request that may not be sent leaves no entry, and nothing is audited where that is off`() throws {
        let before = try entries().count
        #expect(try fixture.post("experiments/create", #"{"name":"x"}"#).status == 401)
        #expect(try entries().count == before)
        let silent = try APIFixture { settings, _ in settings.isAudited = false }
        #expect(try silent.post("experiments/create", #"{"name":"x"}"#).status == 200)
        #expect(try silent.api.auditPage(AuditQuery(maxResults: 10)).entries.isEmpty)
    }

    // MARK: The call

    private func list(_ query: (String, String)...) throws -> Reply {
        try send("GET", "/api/apus/1.0/audit/list", query: query)
    }

    @Test func `entries are found by time, actor, action, resource and address, page by page`() throws {
        for number in 0..<5 { _ = try tracking("POST", "experiments/create", #"{"name":"e\#(number)"}"#) }
        _ = try tracking("POST", "registered-models/create", #"{"name":"m"}"#)
        func count(_ query: (String, String)...) throws -> Int {
            Array(try send("GET", "/api/apus/1.0/audit/list", query: query).member("entries").elements).count
        }
        #expect(try count() == 7)
        #expect(try count(("actor", "ada")) == 6)
        // The token itself was made by the process of the test.
        #expect(try count(("actor", "command")) == 1)
        #expect(try count(("action", "experiments/create")) == 5)
        #expect(try count(("action", "registered-models/")) == 1)
        #expect(try count(("action", "registered-models")) == 0)
        #expect(try count(("resource_id", "m")) == 1)
        #expect(try count(("resource_id", "ada")) == 1)
        #expect(try count(("address", "192.0.2.7")) == 6)
        #expect(try count(("address", "192.0.2.7"), ("action", "tokens/create")) == 0)
        let times = try entries().map(\.time)
        let newest = try #require(times.first)
        #expect(times == times.sorted(by: >))
        #expect(try count(("until", "\(newest)")) == times.filter { $0 < newest }.count)
        #expect(try count(("since", "\(newest)")) == times.filter { $0 == newest }.count)
        #expect(try count(("since", "\(newest + 1)")) == 0)
        #expect(try count(("until", "\(Int64.max)"), ("since", "\(Int64.min)")) == 7)
        var found: [String] = []
        var token: String?
        repeat {
            let page = try send(
                "GET",
                "/api/apus/1.0/audit/list",
                query: [("max_results", "2"), ("action", "experiments/")] + (token.map { [("page_token", $0)] } ?? [])
            )
            found += try page.member("entries").elements.compactMap { $0["resource"]?["id"]?.string }
            token = try JSONDocument(parsing: page.bytes).root["next_page_token"]?.string
        } while token != nil
        #expect(found == ["5", "4", "3", "2", "1"])
    }

    @Test func `an entry is answered whole`() throws {
        _ = try tracking("POST", "experiments/create", #"{"name":"e"}"#)
        let entry = try #require(try Array(list(("max_results", "1")).member("entries").elements).first)
        let id = try #require(entry["id"]?.string)
        let time = try #require(entry["time"]?.int64)
        let expected = """
            {"action":"experiments/create","actor":{"kind":"token","name":"ada"},"address":"192.0.2.7",\
            "detail":{"name":"e"},"id":"\(id)","outcome":"done","resource":{"id":"1","kind":"experiment"},"time":\(time)}
            """
        #expect(entry.canonicalText == expected)
    }

    @Test func `what is no filter is refused, and who is no administrator`() throws {
        for query in [
            ("actors", "x"), ("max_results", "0"), ("max_results", "1001"), ("page_token", "x"), ("page_token", "-1"),
            ("since", "x"),
        ] {
            #expect(try list(query).status == 400, "\(query)")
        }
        for scope in [AccessScope.read, .write] {
            let key = try fixture.api.createToken(TokenRequest(name: scope.rawValue, scope: scope, lifetime: nil)).key
            let headers = ["authorization": "Bearer \(key.text)"]
            #expect(try fixture.send("GET", "/api/apus/1.0/audit/list", headers: headers).status == 403)
        }
        let open = try APIFixture()
        #expect(try open.send("GET", "/api/apus/1.0/audit/list").status == 403)
        let headers = ["content-type": "application/json"]
        let note = try open.send("POST", "/api/apus/1.0/audit/backup", body: #"{"place":"x"}"#, headers: headers)
        #expect(note.status == 403)
        #expect(try open.api.auditPage(AuditQuery(maxResults: 10)).entries.isEmpty)
    }

    @Test func `on a server that asks nobody an entry says so`() throws {
        let open = try APIFixture()
        let caller = Caller(peer: Peer(address: "192.0.2.9"))
        #expect(try open.post("experiments/create", #"{"name":"x"}"#, from: caller).status == 200)
        let entry = try #require(try open.api.auditPage(AuditQuery(maxResults: 10)).entries.first)
        #expect(entry.actor == .anyone)
        #expect(entry.address == "192.0.2.9")
    }
}

/// Log-ins are told once, and failures are counted, so that nobody fills the disk with them.
@Suite struct LogInAuditTests {
    private let stored: StoreFixture
    private let logIns: LogInAudit
    private let access: AccessControl

    init() throws {
        stored = try StoreFixture()
        logIns = LogInAudit(stored.store)
        access = try AccessControl(stored.store, AccessSettings(isRequired: true), logInAudit: logIns)
    }

    private func ask(_ token: String, from address: String, _ access: AccessControl? = nil) throws {
        let head = try APIFixture.head("GET", "/x", [], bodyBytes: 0, ["authorization": "Bearer \(token)"])
        let caller = Caller(peer: Peer(address: address))
        var request = HTTPRequest(head: head, caller: caller, isAloneOnItsThread: false)
        _ = (access ?? self.access).refusal(of: &request, .lookUp(.none))
    }

    private func entries(atLeast count: Int = 0) throws -> [AuditEntry] {
        var found: [AuditEntry] = []
        for _ in 0..<100 {
            // A write that follows is stored after those of the server that it has to find; those of others take turns with it.
            try stored.write { _ in }
            found = try stored.store.readNow { try $0.auditPage(AuditQuery(maxResults: 10_000)) }.entries
            if found.count >= count { break }
        }
        return found
    }

    @Test func `a holder is told of once for each address`() throws {
        let key = AccessKey()
        try stored.write { session in
            let token = AccessToken(name: "ci", scope: .read, creationTime: 1)
            try session.createAccessToken(token, hash: key.hash)
        }
        let access = try AccessControl(stored.store, AccessSettings(isRequired: true), logInAudit: logIns)
        for address in ["192.0.2.1", "192.0.2.1", "192.0.2.2"] {
            for _ in 0..<3 { try ask(key.text, from: address, access) }
        }
        let entries = try entries(atLeast: 2)
        #expect(entries.map(\.address) == ["192.0.2.2", "192.0.2.1"])
        #expect(entries.allSatisfy { $0.actor == AuditActor(.token, "ci") && $0.action == "log-in" && !$0.isRefused })
    }

    @Test func `failures from one address are two entries, however many there were`() throws {
        for _ in 0..<1_000 { try ask("wrong", from: "192.0.2.1") }
        #expect(try entries().map(\.count) == [1])
        try logIns.report()
        let told = try entries()
        #expect(told.map(\.count) == [999, 1])
        #expect(told.allSatisfy { $0.isRefused && $0.address == "192.0.2.1" && $0.actor == .anyone })
        // Without new ones a report adds nothing.
        try logIns.report()
        #expect(try entries().count == 2)
    }

    @Test func `failures from very many addresses are counted together`() throws {
        let limit = LogInAudit.addressLimit
        for number in 0..<(limit + 50) { try ask("wrong", from: "10.0.\(number / 250).\(number % 250)") }
        try logIns.report()
        let entries = try entries()
        #expect(entries.count == limit + 1)
        #expect(entries.first?.count == 50)
        #expect(entries.first?.address.isEmpty == true)
    }

    @Test func `an entry never holds what was sent`() throws {
        try ask("apus_hunter2", from: "192.0.2.1")
        #expect(try entries().allSatisfy { !"\($0)".contains("hunter2") })
    }
}
