import Budgets
import Glibc
import HTTPServer
import HTTPWire
import JSON
import MLflowAPI
import TestSupport
import Testing
import Tracking
import TrackingStore

/// To the holder of a token that is limited to experiments nothing else is there.
@Suite struct LimitedTokenTests {
    private let fixture: APIFixture
    private let everything: String
    private let limited: String
    /// An experiment with a run and a model each; the token is limited to the first.
    private let own: Things
    private let hidden: Things

    private struct Things {
        let experimentID: String
        let name: String
        let runID: String
        let modelID: String
    }

    init() throws {
        let fixture = try APIFixture(requiresTokens: true)
        self.fixture = fixture
        let root = TokenRequest(name: "root", scope: .admin, lifetime: nil)
        everything = try fixture.api.createToken(root).key.text
        own = try Self.things("own", fixture, everything)
        hidden = try Self.things("hidden", fixture, everything)
        let request = TokenRequest(name: "limited", scope: .write, experiments: [own.name], lifetime: nil)
        limited = try fixture.api.createToken(request).key.text
    }

    private static func things(_ name: String, _ fixture: APIFixture, _ token: String) throws -> Things {
        func post(_ route: String, _ body: String) throws -> Reply {
            try send(fixture, token, "POST", "/api/2.0/mlflow/" + route, body: body)
        }
        let experimentID = try #require(
            try post("experiments/create", #"{"name":"\#(name)"}"#).member("experiment_id").string
        )
        let run = try post("runs/create", #"{"experiment_id":"\#(experimentID)","start_time":1,"run_name":"r"}"#)
        let runID = try #require(try run.member("run", "info", "run_id").string)
        let model = try post("logged-models", #"{"experiment_id":"\#(experimentID)","name":"m"}"#)
        let modelID = try #require(try model.member("model", "info", "model_id").string)
        let batch = """
            {"run_id":"\(runID)","metrics":[{"key":"m","value":1,"timestamp":1,"step":1}],
            "params":[{"key":"secret-\(name)","value":"p"}],"tags":[{"key":"t","value":"v"}]}
            """
        try #require(try post("runs/log-batch", batch).status == 200)
        let input = """
            {"run_id":"\(runID)","datasets":[{"tags":[],"dataset":{"name":"data-\(name)","digest":"d","source_type":"s",
            "source":"x"}}]}
            """
        try #require(try post("runs/log-inputs", input).status == 200)
        for folder in ["\(experimentID)/\(runID)/artifacts", "\(experimentID)/models/\(modelID)/artifacts"] {
            let path = "/api/2.0/mlflow-artifacts/artifacts/\(folder)/file-\(name)"
            try #require(try send(fixture, token, "PUT", path, body: name).status == 200)
        }
        let version = #"{"name":"registered-\#(name)","source":"runs:/\#(runID)/x","run_id":"\#(runID)"}"#
        try #require(try post("registered-models/create", #"{"name":"registered-\#(name)"}"#).status == 200)
        try #require(try post("model-versions/create", version).status == 200)
        return Things(experimentID: experimentID, name: name, runID: runID, modelID: modelID)
    }

    private static func send(
        _ fixture: APIFixture,
        _ token: String,
        _ method: String,
        _ path: String,
        query: [(String, String)] = [],
        body: String = ""
    ) throws -> Reply {
        let headers = ["authorization": "Bearer \(token)", "content-type": "application/json"]
        return try fixture.send(method, path, query: query, body: body, headers: headers)
    }

    private func send(
        _ method: String,
        _ path: String,
        query: [(String, String)] = [],
        body: String = "",
        with token: String? = nil
    ) throws -> Reply {
        try Self.send(fixture, token ?? limited, method, path, query: query, body: body)
    }

    private func post(_ route: String, _ body: String, with token: String? = nil) throws -> Reply {
        try send("POST", "/api/2.0/mlflow/" + route, body: body, with: token)
    }

    // MARK: One by one

    /// Fields with which most calls get as far as looking for what they name; each call ignores those that it does not know.
    private static let otherFields = [
        ("key", "\"k\""), ("value", "\"1\""), ("timestamp", "1"), ("metric_key", "\"m\""), ("path", "\"a\""),
        ("new_name", "\"new\""), ("status", "\"LOGGED_MODEL_READY\""), ("max_results", "10"), ("source", "\"s\""),
        ("tags", #"[{"key":"a","value":"1"}]"#), ("params", #"[{"key":"a","value":"1"}]"#),
        ("metrics", #"[{"key":"a","value":1,"timestamp":1,"step":1}]"#),
        ("model_json", #""{\"artifact_path\":\"a\"}""#),
        ("datasets", #"[{"dataset":{"name":"a","digest":"a","source_type":"a","source":"a"}}]"#),
        ("models", #"[{"model_id":"m-1","step":1}]"#), ("keys", #"["m"]"#), ("columns", #"[{"metric":"m"}]"#),
        ("key_name", "\"k\""), ("range", "null"), ("expiration", "60"), ("artifact_file_path", "\"file-own\""),
    ]

    /// Sends a call about some things, which it finds by whatever fields it reads.
    private func call(_ endpoint: Endpoint, about things: Things) throws -> Reply {
        var path = endpoint.path.replacing("{model_id}", with: things.modelID).replacing("{tag_key}", with: "k")
        path = path.replacing("{path...}", with: "\(things.experimentID)/\(things.runID)/artifacts/x")
        var fields = [("run_id", "\"\(things.runID)\""), ("experiment_id", "\"\(things.experimentID)\"")]
        fields.append(("experiment_name", "\"\(things.name)\""))
        fields.append(("run_ids", "[\"\(things.runID)\"]"))
        if !endpoint.path.contains("/export/") { fields.append(("experiment_ids", "[\"\(things.experimentID)\"]")) }
        if endpoint.method == .get {
            var query = [("run_id", things.runID), ("experiment_id", things.experimentID), ("metric_key", "m")]
            query += [("experiment_name", things.name), ("path", "file-\(things.name)"), ("artifact_file_path", "x")]
            if endpoint.path.contains("/export/") { query = [("run_ids", things.runID)] }
            if endpoint.path.contains("compare") { query = [("run_ids", "\(things.runID),\(own.runID)")] }
            if endpoint.path.contains("interval") { query.append(("run_ids", things.runID)) }
            if endpoint.path.hasSuffix("mlflow-artifacts/artifacts") { query = [("path", things.experimentID)] }
            query.append(("max_results", "10"))
            if endpoint.path.contains("/export/") { query.removeLast() }
            return try send("GET", path, query: query)
        }
        fields.append(("model_id", "\"\(things.modelID)\""))
        if !endpoint.path.hasSuffix("presigned-upload-url") {
            fields.append(("parts", "[]"))
        } else {
            fields.removeLast()
        }
        let known = endpoint.path.contains("/export/") ? Array(fields[3...3]) : fields + Self.otherFields
        let body = "{" + known.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
        let query = endpoint.path.hasSuffix("upload-artifact") ? [("run_id", things.runID), ("path", "x")] : []
        return try send(endpoint.method.rawValue, path, query: query, body: body)
    }

    /// What a reply says, with the names of the things replaced.
    private func told(_ reply: Reply, about things: Things) -> String {
        var text = "\(reply.status) \(reply.text)"
        for (name, word) in [
            (things.runID, "RUN"), (things.modelID, "MODEL"), ("=\(things.experimentID) ", "=EXPERIMENT "),
            (things.name, "NAME"),
        ] { text = text.replacing(name, with: word) }
        return text
    }

    @Test func `a call about what is hidden is answered as one about what does not exist`() throws {
        let absent = Things(
            experimentID: "987654",
            name: "absent",
            runID: String(hidden.runID.map { $0 == "a" ? "b" : "a" }),
            modelID: "m-" + String(repeating: "0", count: 32)
        )
        let before = try dump()
        var reached = 0
        for endpoint in fixture.api.endpoints where endpoint.path.hasPrefix("/api/") || endpoint.family == .pages {
            guard endpoint.access.isWithinExperiments, endpoint.access.resources != [.none],
                endpoint.access.action != .administration, !endpoint.path.contains("{upload}")
            else { continue }
            let place = "\(endpoint.method) \(endpoint.path)"
            let first = try call(endpoint, about: hidden)
            let second = try call(endpoint, about: absent)
            #expect(told(first, about: hidden) == told(second, about: absent), "\(place)")
            #expect(!first.text.contains("secret") && !first.text.contains("data-hidden"), "\(place)")
            #expect(!first.error.contains("Missing value"), "\(place) \(first.error)")
            reached += 1
        }
        #expect(reached > 40)
        #expect(try dump() == before)
    }

    /// Everything about the hidden things.
    private func dump() throws -> [String] {
        let run = try send("GET", "/api/2.0/mlflow/runs/get", query: [("run_id", hidden.runID)], with: everything)
        let experiments = try send(
            "GET",
            "/api/2.0/mlflow/experiments/get",
            query: [("experiment_id", hidden.experimentID)],
            with: everything
        )
        let model = try send("GET", "/api/2.0/mlflow/logged-models/\(hidden.modelID)", with: everything)
        let files = try ["\(hidden.runID)/artifacts", "models/\(hidden.modelID)/artifacts"].map {
            try send(
                "GET",
                "/api/2.0/mlflow-artifacts/artifacts",
                query: [("path", "\(hidden.experimentID)/\($0)")],
                with: everything
            ).text
        }
        return [run.text, experiments.text, model.text] + files
    }

    // MARK: Lists

    @Test func `lists and searches leave out what is hidden`() throws {
        let all = #"["\#(own.experimentID)","\#(hidden.experimentID)"]"#
        let experiments = try post("experiments/search", #"{"max_results":10}"#)
        #expect(try experiments.member("experiments").elements.compactMap { $0["name"]?.string } == ["own"])
        #expect(try !post("experiments/search", #"{"max_results":1}"#).text.contains("next_page_token"))
        let runs = try post("runs/search", #"{"experiment_ids":\#(all)}"#)
        #expect(try runs.member("runs").elements.compactMap { $0["info"]?["run_id"]?.string } == [own.runID])
        let alone = try post("runs/search", #"{"experiment_ids":["\#(hidden.experimentID)"]}"#)
        #expect(alone.text == "{}")
        let models = try post("logged-models/search", #"{"experiment_ids":\#(all)}"#)
        #expect(models.text.contains(own.modelID) && !models.text.contains(hidden.modelID))
        for route in ["runs/table", "runs/columns"] {
            let reply = try send(
                "POST",
                "/api/apus/1.0/" + route,
                body: #"{"experiment_ids":\#(all),"columns":[{"param":"secret-hidden"}]}"#
            )
            #expect(reply.status == 200 && !reply.text.contains(hidden.runID), "\(reply.text)")
            // The table repeats the columns that were asked for.
            #expect(route == "runs/table" || !reply.text.contains("secret-hidden"), "\(reply.text)")
        }
        let datasets = try send(
            "POST",
            "/ajax-api/2.0/mlflow/experiments/search-datasets",
            body: #"{"experiment_ids":\#(all)}"#
        )
        #expect(datasets.text.contains("data-own") && !datasets.text.contains("data-hidden"))
        let curves = try send(
            "POST",
            "/api/apus/1.0/metrics/curves",
            body: #"{"run_ids":["\#(own.runID)","\#(hidden.runID)"],"keys":["m"]}"#
        )
        #expect(curves.text.contains(own.runID) && !curves.text.contains(hidden.runID), "\(curves.text)")
        let bulk = try send(
            "GET",
            "/ajax-api/2.0/mlflow/metrics/get-history-bulk",
            query: [("run_id", own.runID), ("run_id", hidden.runID), ("metric_key", "m")]
        )
        #expect(bulk.text.contains(own.runID) && !bulk.text.contains(hidden.runID))
        let journal = try send("GET", "/api/apus/1.0/artifacts/journal")
        #expect(journal.text.contains("file-own") && !journal.text.contains("file-hidden"), "\(journal.text)")
    }

    @Test func `exports hold nothing that is hidden`() throws {
        for route in ["export/archive", "export/table?table=runs&format=jsonl"] {
            let parts = route.split(separator: "?")
            let query = parts.count == 1 ? [] : [("table", "runs"), ("format", "jsonl")]
            let reply = try send("GET", "/api/apus/1.0/" + String(parts[0]), query: query)
            #expect(reply.status == 200)
            #expect(reply.text.contains(own.runID), "\(route)")
            for secret in [hidden.runID, hidden.modelID, "secret-hidden", "file-hidden", "registered-"] {
                #expect(!reply.text.contains(secret), "\(route) \(secret)")
            }
        }
    }

    @Test func `a model of others that names an own run as its source is not exported with it`() throws {
        let body = #"{"experiment_id":"\#(hidden.experimentID)","name":"theirs","source_run_id":"\#(own.runID)"}"#
        let model = try post("logged-models", body, with: everything)
        let id = try #require(try model.member("model", "info", "model_id").string)
        let query = [("run_ids", own.runID)]
        #expect(try send("GET", "/api/apus/1.0/export/archive", query: query, with: everything).text.contains(id))
        #expect(try !send("GET", "/api/apus/1.0/export/archive", query: query).text.contains(id))
    }

    @Test func `GraphQL shows what the other calls show`() throws {
        func ask(_ query: String) throws -> Reply {
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("query", query)
            writer.endObject()
            return try send("POST", "/graphql", body: String(decoding: writer.takeBytes(), as: UTF8.self))
        }
        let ids = "[\\\"\(own.experimentID)\\\",\\\"\(hidden.experimentID)\\\"]".replacing("\\\"", with: "\"")
        let runs = try ask(
            "{ mlflowSearchRuns(input: {experimentIds: \(ids)}) { runs { info { runId } modelVersions { name } } } }"
        )
        #expect(runs.text.contains(own.runID) && !runs.text.contains(hidden.runID), "\(runs.text)")
        #expect(!runs.text.contains("registered-"))
        let run = try ask("{ mlflowGetRun(input: {runId: \"\(hidden.runID)\"}) { run { info { runName } } } }")
        #expect(run.text.contains("not found") && !run.text.contains("\"r\""), "\(run.text)")
        let versions = try ask("{ mlflowSearchModelVersions(input: {}) { modelVersions { name } } }")
        #expect(!versions.text.contains("registered-"), "\(versions.text)")
    }

    // MARK: Artifacts

    private func artifact(
        _ method: String,
        _ path: String,
        body: String = "",
        with token: String? = nil
    ) throws -> Reply {
        try send(method, "/api/2.0/mlflow-artifacts/artifacts/" + path, body: body, with: token)
    }

    @Test func `artifacts are reached by their path exactly if they belong to what is seen`() throws {
        let file = "\(own.experimentID)/\(own.runID)/artifacts/file-own"
        #expect(try artifact("GET", file).text == "own")
        #expect(try artifact("PUT", file + "2", body: "x").status == 200)
        #expect(try artifact("DELETE", file + "2").status == 200)
        let model = "\(own.experimentID)/models/\(own.modelID)/artifacts/file-own"
        #expect(try artifact("GET", model).text == "own")
        let foreign = [
            "\(hidden.experimentID)/\(hidden.runID)/artifacts/file-hidden", "\(hidden.experimentID)/x", "x", "98765/x",
            "\(hidden.experimentID)/models/\(hidden.modelID)/artifacts/file-hidden", hidden.experimentID,
        ]
        var answers: Set<String> = []
        for path in foreign {
            for method in ["GET", "PUT", "DELETE"] {
                let reply = try artifact(method, path, body: method == "PUT" ? "x" : "")
                #expect(reply.status == 403, "\(method) \(path)")
                answers.insert(reply.text)
            }
            for verb in ["create", "complete", "abort"] {
                let reply = try send(
                    "POST",
                    "/api/2.0/mlflow-artifacts/mpu/\(verb)/\(path)",
                    body: #"{"path":"a","num_parts":1,"upload_id":"u","parts":[]}"#
                )
                #expect(reply.status >= 400 && !reply.text.contains("hidden"), "\(verb) \(path)")
            }
            let list = try send("GET", "/api/2.0/mlflow-artifacts/artifacts", query: [("path", path)])
            #expect(list.status == 403, "\(path)")
            answers.insert(list.text)
        }
        #expect(answers.count == 1)
        #expect(try send("GET", "/api/2.0/mlflow-artifacts/artifacts").status == 403)
        #expect(try artifact("DELETE", own.experimentID).status == 403)
    }

    @Test func `an experiment that lies in another one's artifacts opens them to nobody`() throws {
        let inner = ["\(hidden.experimentID)", "\(hidden.experimentID)/\(hidden.runID)", ""]
        for (index, place) in inner.enumerated() {
            let body = #"{"name":"inner\#(index)","artifact_location":"mlflow-artifacts:/\#(place)"}"#
            let id = try #require(try post("experiments/create", body, with: everything).member("experiment_id").string)
            let request = TokenRequest(name: "inner\(index)", scope: .write, experiments: [id], lifetime: nil)
            let token = try fixture.api.createToken(request).key.text
            let run = try post("runs/create", #"{"experiment_id":"\#(id)","start_time":1}"#, with: token)
            let runID = try #require(try run.member("run", "info", "run_id").string)
            for path in ["\(hidden.experimentID)/\(hidden.runID)/artifacts/file-hidden", hidden.experimentID] {
                #expect(try artifact("GET", path, with: token).status == 403, "\(place) \(path)")
                #expect(try artifact("PUT", path, body: "x", with: token).status == 403, "\(place) \(path)")
                #expect(try artifact("DELETE", path, with: token).status == 403, "\(place) \(path)")
            }
            // Its runs' artifacts lie in what is hidden too.
            let list = try send("GET", "/api/2.0/mlflow/artifacts/list", query: [("run_id", runID)], with: token)
            #expect(list.status == (place.isEmpty ? 200 : 403), "\(place) \(list.text)")
        }
    }

    @Test func `a folder that holds the artifacts of a hidden experiment is closed`() throws {
        let place = "\(own.experimentID)/\(own.runID)/artifacts/deep"
        let body = #"{"name":"below","artifact_location":"mlflow-artifacts:/\#(place)"}"#
        #expect(try artifact("PUT", place + "/x", body: "x").status == 200)
        try #require(try post("experiments/create", body, with: everything).status == 200)
        for (route, query) in [
            ("/api/2.0/mlflow/artifacts/list", [("run_id", own.runID)]),
            ("/get-artifact", [("run_id", own.runID), ("path", "deep/x")]),
            ("/api/apus/1.0/runs/artifacts/zip", [("run_id", own.runID)]),
            ("/api/apus/1.0/runs/artifacts/tree", [("run_id", own.runID)]),
        ] { #expect(try send("GET", route, query: query).status == 403, "\(route)") }
        #expect(try artifact("GET", place + "/x").status == 403)
        #expect(try artifact("GET", "\(own.experimentID)/\(own.runID)/artifacts/file-own").status == 200)
    }

    private func experiment(_ name: String, at place: String) throws -> String {
        let body = #"{"name":"\#(name)","artifact_location":"mlflow-artifacts:/\#(place)"}"#
        return try #require(try post("experiments/create", body, with: everything).member("experiment_id").string)
    }

    /// What the limited token is answered about a file by its path, and about its folder.
    private func answers(_ file: String, in folder: String) throws -> [Int] {
        let methods = try ["GET", "PUT", "DELETE"].map { try artifact($0, file, body: $0 == "PUT" ? "x" : "").status }
        let list = try send("GET", "/api/2.0/mlflow-artifacts/artifacts", query: [("path", folder)])
        return methods + [list.status]
    }

    private let closed = [403, 403, 403, 403]

    @Test func `a query in a location does not hide whose the artifacts are`() throws {
        let folder = "\(own.experimentID)/inner"
        let id = try experiment("inner", at: folder + "?q=1")
        let run = try post("runs/create", #"{"experiment_id":"\#(id)","start_time":1}"#, with: everything)
        let runID = try #require(try run.member("run", "info", "run_id").string)
        let file = "\(folder)/\(runID)/artifacts?q=1/f"
        #expect(try artifact("PUT", file, body: "secret", with: everything).status == 200)
        let query = [("run_id", runID), ("path", "f")]
        #expect(try send("GET", "/get-artifact", query: query, with: everything).text == "secret")
        for place in [folder, "\(folder)/\(runID)", "\(folder)/\(runID)/artifacts?q=1"] {
            #expect(try answers(file, in: place) == closed, "\(place)")
        }
        #expect(try artifact("PUT", folder + "/other", body: "x").status == 403)
        let request = TokenRequest(name: "both", scope: .write, experiments: [id, own.experimentID], lifetime: nil)
        let both = try fixture.api.createToken(request).key.text
        #expect(try artifact("GET", file, with: both).text == "secret")
        #expect(try artifact("DELETE", file, with: both).status == 200)
    }

    /// Imports records as an administrator.
    private func take(_ records: String...) throws {
        let headers = ["authorization": "Bearer \(everything)", "content-type": "application/x-ndjson"]
        let body = records.joined(separator: "\n") + "\n"
        let reply = try fixture.send("POST", "/api/apus/1.0/import", body: body, headers: headers)
        try #require(reply.status == 200, "\(reply.text)")
    }

    private static func experimentRecord(_ id: String, _ name: String, at place: String) -> String {
        """
        {"experiment":{"experiment_id":"\(id)","name":"\(name)","creation_time":5,"last_update_time":5,\
        "lifecycle_stage":"active","artifact_location":"mlflow-artifacts:/\(place)"}}
        """
    }

    private static func runRecord(_ id: String, in experiment: Things, at place: String) -> String {
        """
        {"run":{"run_id":"\(id)","experiment_id":"\(experiment.experimentID)","experiment_name":"\(experiment.name)",\
        "status":"FINISHED","start_time":1,"end_time":2,"lifecycle_stage":"active","user_id":"","run_name":"q",\
        "artifact_uri":"mlflow-artifacts:/\(place)"}}
        """
    }

    @Test func `an imported experiment hides its artifacts at once, whatever its id was before`() throws {
        let folder = "\(own.experimentID)/shared"
        let file = folder + "/f"
        // The places are known now; the first and the last experiment go, and come back elsewhere.
        #expect(try answers(file, in: own.experimentID) == [404, 200, 403, 200])
        try take(Self.experimentRecord("0", "Default", at: folder))
        #expect(try answers(file, in: folder) == closed)
        let id = try experiment("last", at: "far")
        #expect(try answers("\(own.experimentID)/second/f", in: own.experimentID)[1] == 200)
        let limit = TokenRequest(name: "former", scope: .write, experiments: [id, own.experimentID], lifetime: nil)
        let former = try fixture.api.createToken(limit).key.text
        try remove(id)
        try take(Self.experimentRecord(id, "last", at: "\(own.experimentID)/second"))
        #expect(try answers("\(own.experimentID)/second/f", in: "\(own.experimentID)/second") == closed)
        // A token that was for the experiment that is gone is not for the one that has come.
        let query = [("experiment_id", id)]
        #expect(try send("GET", "/api/2.0/mlflow/experiments/get", query: query, with: everything).status == 200)
        #expect(try send("GET", "/api/2.0/mlflow/experiments/get", query: query, with: former).status == 404)
        let left = try fixture.api.accessTokens().first { $0.name == "former" }?.experimentIDs
        #expect(left == [try #require(Int64(own.experimentID))])
    }

    /// Removes an experiment for good.
    private func remove(_ id: String) throws {
        try #require(try post("experiments/delete", #"{"experiment_id":"\#(id)"}"#, with: everything).status == 200)
        let reply = try send("POST", "/api/apus/1.0/gc", body: "{}", with: everything)
        try #require(reply.status == 200, "\(reply.text)")
    }

    @Test func `an imported run hides its artifacts where it has them`() throws {
        let plain = "\(own.experimentID)/other/place"
        #expect(try answers(plain + "/f", in: own.experimentID) == [404, 200, 403, 200])
        try take(Self.runRecord(String(repeating: "c", count: 32), in: hidden, at: plain))
        for folder in [own.experimentID, "\(own.experimentID)/other", plain, plain + "/below"] {
            #expect(try answers(plain + "/f", in: folder) == closed, "\(folder)")
        }
        #expect(try artifact("GET", "\(own.experimentID)/\(own.runID)/artifacts/file-own").status == 200)
    }

    @Test func `of imported runs that lie among others only these are hidden`() throws {
        let id = String(repeating: "d", count: 32)
        let nested = String(repeating: "e", count: 32)
        let place = "\(own.experimentID)/\(id)/artifacts"
        let inRun = "\(own.experimentID)/\(own.runID)/artifacts/\(nested)/artifacts"
        try take(Self.runRecord(id, in: hidden, at: place), Self.runRecord(nested, in: hidden, at: inRun))
        #expect(try answers(place + "/f", in: own.experimentID) == closed)
        #expect(try answers(inRun + "/f", in: "\(own.experimentID)/\(own.runID)/artifacts") == closed)
        // A file of one's own beside them.
        let file = "\(own.experimentID)/\(own.runID)/artifacts/file-own"
        #expect(try answers(file, in: "\(own.experimentID)/models/\(own.modelID)") == [200, 200, 200, 200])
    }

    // MARK: Changes

    @Test func `what would lie elsewhere is not created, and names are not found out`() throws {
        #expect(try post("experiments/create", #"{"name":"new"}"#).error.hasPrefix("403 PERMISSION_DENIED"))
        #expect(try post("experiments/create", #"{"name":"hidden"}"#).error.hasPrefix("403 PERMISSION_DENIED"))
        for name in ["hidden", "free"] {
            let rename = try post(
                "experiments/update",
                #"{"experiment_id":"\#(own.experimentID)","new_name":"\#(name)"}"#
            )
            #expect(rename.error.hasPrefix("403 PERMISSION_DENIED"))
        }
        let nowhere = try post("runs/create", #"{"experiment_id":"0","start_time":1}"#)
        #expect(nowhere.error.contains("No Experiment with id=0 exists"), "\(nowhere.text)")
        #expect(try post("registered-models/create", #"{"name":"new"}"#).status == 403)
        let metrics = """
            {"run_id":"\(own.runID)","metrics":[{"key":"m","value":9,"timestamp":9,"step":9,"model_id":"\(hidden.modelID)"}]}
            """
        let logged = try post("runs/log-batch", metrics)
        let unknown = try post("runs/log-batch", metrics.replacing(hidden.modelID, with: "m-unknown"))
        #expect(logged.status >= 400)
        #expect(logged.text.replacing(hidden.modelID, with: "m-unknown") == unknown.text)
    }

    @Test func `in its own experiment the token does all that a run needs`() throws {
        let run = try post("runs/create", #"{"experiment_id":"\#(own.experimentID)","start_time":1}"#)
        let id = try #require(try run.member("run", "info", "run_id").string)
        let point = #"{"run_id":"\#(id)","key":"k","value":1,"timestamp":1}"#
        #expect(try post("runs/log-metric", point).status == 200)
        #expect(try post("runs/set-tag", #"{"run_id":"\#(id)","key":"k","value":"v"}"#).status == 200)
        #expect(try post("runs/update", #"{"run_id":"\#(id)","status":"FINISHED","end_time":2}"#).status == 200)
        #expect(try post("runs/delete", #"{"run_id":"\#(id)"}"#).status == 200)
        #expect(try post("runs/restore", #"{"run_id":"\#(id)"}"#).status == 200)
        let model = try send(
            "PATCH",
            "/api/2.0/mlflow/logged-models/\(own.modelID)",
            body: #"{"model_id":"\#(own.modelID)","status":"LOGGED_MODEL_READY"}"#
        )
        #expect(model.status == 200, "\(model.text)")
        let named = try send("GET", "/api/2.0/mlflow/experiments/get-by-name", query: [("experiment_name", "own")])
        #expect(named.status == 200)
        #expect(try send("GET", "/api/3.0/mlflow/server-info").status == 200)
    }

    @Test func `a creation that two holders send from one address is two creations`() throws {
        let body = #"{"experiment_id":"\#(own.experimentID)","start_time":7,"run_name":"same"}"#
        let first = try post("runs/create", body)
        let second = try post("runs/create", body, with: everything)
        #expect(try first.member("run", "info", "run_id").string != second.member("run", "info", "run_id").string)
    }

    @Test func `what is about all experiments is refused`() throws {
        for endpoint in fixture.api.endpoints where !endpoint.access.isWithinExperiments {
            let head = try APIFixture.head(
                endpoint.method.rawValue,
                "/x",
                [],
                bodyBytes: 0,
                ["authorization": "Bearer \(limited)"]
            )
            var request = HTTPRequest(head: head, caller: .server, isAloneOnItsThread: false)
            let refusal = fixture.access?.refusal(of: &request, endpoint.access)
            #expect(refusal?.refusal.status == 403, "\(endpoint.method) \(endpoint.path)")
        }
        let closed = fixture.api.endpoints.filter { !$0.access.isWithinExperiments && $0.path.hasPrefix("/api/") }
        let last = Set(closed.map { $0.path.split(separator: "/").suffix(2).joined(separator: "/") })
        for name in ["experiments/create", "registered-models/search", "model-versions/create", "1.0/gc", "1.0/import"]
        {
            #expect(last.contains(name), "\(name)")
        }
        #expect(last.contains("tokens/create") && last.contains("forward/status"))
    }
}
