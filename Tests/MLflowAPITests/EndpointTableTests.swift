import HTTPServer
import HTTPWire
import JSON
import MLflowAPI
import TestSupport
import Testing
import Tracking

/// What every endpoint declares, held against its path, its method and what its handler reads.
@Suite struct EndpointTableTests {
    private let fixture: APIFixture

    init() throws {
        fixture = try APIFixture()
    }

    /// Calls by POST that change nothing: what they ask for is too long for a query.
    private static let readsByPOST: Set<String> = [
        "/api/2.0/mlflow/experiments/search", "/ajax-api/2.0/mlflow/experiments/search",
        "/ajax-api/2.0/mlflow/experiments/search-datasets",
        "/api/2.0/mlflow/runs/search", "/ajax-api/2.0/mlflow/runs/search",
        "/api/2.0/mlflow/logged-models/search", "/ajax-api/2.0/mlflow/logged-models/search",
        "/api/2.0/mlflow/registered-models/get-latest-versions",
        "/ajax-api/2.0/mlflow/registered-models/get-latest-versions",
        "/api/2.0/mlflow/artifacts/presigned-download-url", "/ajax-api/2.0/mlflow/artifacts/presigned-download-url",
        "/api/apus/1.0/runs/table", "/ajax-api/apus/1.0/runs/table",
        "/api/apus/1.0/runs/columns", "/ajax-api/apus/1.0/runs/columns",
        "/api/apus/1.0/metrics/curves", "/ajax-api/apus/1.0/metrics/curves", "/graphql",
        "/api/apus/1.0/export/html", "/ajax-api/apus/1.0/export/html",
        "/api/apus/1.0/forward/status", "/ajax-api/apus/1.0/forward/status",
        "/ajax-api/3.0/mlflow/datasets/search", "/ajax-api/3.0/mlflow/issues/search",
        "/ajax-api/3.0/mlflow/traces/metrics", "/ajax-api/3.0/mlflow/traces/search",
        "/ajax-api/3.0/mlflow/ui-telemetry",
    ]

    @Test func `a call changes something exactly if its method says so, but for the searches by POST`() {
        let reads = fixture.api.endpoints.filter { $0.method != .get && $0.access.action == .read }
        #expect(Set(reads.map(\.path)) == Self.readsByPOST)
        #expect(reads.allSatisfy { $0.method == .post })
        #expect(fixture.api.endpoints.allSatisfy { $0.method != .get || $0.access.action != .change })
    }

    @Test func `the family of an endpoint is the one with the longest prefix of its path`() {
        let prefixes = PathFamily.allCases.flatMap { family in family.prefixes.map { (family, $0) } }
        for endpoint in fixture.api.endpoints where endpoint.family != .pages {
            let matching = prefixes.filter { endpoint.path.hasPrefix($0.1) && $0.0 != .pages }
            let longest = matching.max { $0.1.utf8.count < $1.1.utf8.count }
            // The families that are not offered stand beneath all prefixes.
            let isOther = endpoint.family == .api && endpoint.access.resources == [.none]
            #expect(longest?.0 == endpoint.family || isOther, "\(endpoint.path)")
        }
        for endpoint in fixture.api.endpoints where endpoint.family == .pages {
            #expect(endpoint.path.hasPrefix("/ajax-api/"))
            let other = endpoint.path.replacing("/ajax-api/", with: "/api/")
            // There, at most a refusal answers.
            let others = fixture.api.endpoints.filter { $0.path == other && $0.method == endpoint.method }
            #expect(others.allSatisfy { $0.family == .api && $0.access.resources == [.none] }, "\(endpoint.path)")
        }
    }

    @Test func `every endpoint names what it touches, and a parameter of the path that is there`() {
        for endpoint in fixture.api.endpoints {
            #expect(!endpoint.access.resources.isEmpty, "\(endpoint.path)")
            for case .parameter(let index) in endpoint.access.resources.map(\.naming) {
                #expect(endpoint.path.split(separator: "{").count - 1 > index, "\(endpoint.path)")
            }
        }
    }

    @Test func `the endpoints that page are those that say how much`() {
        let paging = fixture.api.endpoints.filter { $0.pages != nil }
        let last = paging.map { $0.path.split(separator: "/").suffix(2).joined(separator: "/") }
        #expect(
            Set(last) == [
                "experiments/search", "runs/search", "logged-models/search", "registered-models/search",
                "model-versions/search", "metrics/get-history", "metrics/get-history-bulk",
                "metrics/get-history-bulk-interval", "artifacts/journal", "artifacts/tree", "runs/table",
                "audit/list",
            ]
        )
        for pages in paging.compactMap(\.pages) { #expect(pages.sizes.upperBound >= pages.defaultSize) }
    }

    /// What must be right before the handler looks at the field in question.
    private static let otherFields: [String: [(String, String)]] = [
        "artifacts/presigned-upload-url": [("path", "a")], "get-artifact": [("path", "a")],
        "model-versions/get-artifact": [("path", "a")], "upload-artifact": [("path", "a")],
    ]

    /// The journal may be asked for without a run, a list of artifacts without a folder, and an export of everything.
    ///
    /// A server without an upstream has no status of forwarding.
    private static let optional: Set<String> = [
        "artifacts/journal", "mlflow-artifacts/artifacts", "export/archive", "export/table", "forward/status",
    ]

    /// Sends what names nothing, and looks for the name in the refusal.
    @Test func `a handler reads the fields by which its resources are named`() throws {
        for endpoint in fixture.api.endpoints {
            let last = endpoint.path.split(separator: "/").suffix(2).joined(separator: "/")
            guard !Self.optional.contains(last) else { continue }
            for resource in endpoint.access.resources {
                guard let names = Self.names(resource.naming) else { continue }
                let name = endpoint.path.split(separator: "/").last.map(String.init) ?? ""
                let others = Self.otherFields[last] ?? Self.otherFields[name] ?? []
                let reply = try send(endpoint, others, wrong: names[0])
                #expect((400..<500).contains(reply.status), "\(endpoint.path): \(reply.error)")
                #expect(names.contains { reply.error.contains($0) }, "\(endpoint.path): \(reply.error)")
            }
        }
    }

    private static func names(_ place: Resource.Naming) -> [String]? {
        switch place {
        case .fields(let names): names
        case .list(let name): [name, "run_id", "experiment_id"]
        case .unnamed, .parameter: nil
        }
    }

    /// By GET and to uploads without the field, in a message with a value of the wrong type.
    private func send(_ endpoint: Endpoint, _ others: [(String, String)], wrong: String) throws -> Reply {
        let path = endpoint.path.replacing("{model_id}", with: "m-0")
        if endpoint.method == .get { return try fixture.send("GET", path, query: others) }
        if case .streamed = endpoint.handler {
            return try fixture.send(endpoint.method.rawValue, path, query: others, body: "x")
        }
        let members = others.map { "\"\($0.0)\":\"\($0.1)\"" } + ["\"\(wrong)\":{}"]
        let body = "{" + members.joined(separator: ",") + "}"
        let headers = ["content-type": "application/json"]
        return try fixture.send(endpoint.method.rawValue, path, body: body, headers: headers)
    }

    @Test func `a logged model is the one that the path names`() throws {
        let other = try fixture.post("logged-models", #"{"experiment_id":"0","name":"other"}"#)
        let otherID = try #require(try other.member("model", "info", "model_id").string)
        for endpoint in fixture.api.endpoints where endpoint.access.resources == [.loggedModel] {
            let path = endpoint.path.replacing("{model_id}", with: "m-0").replacing("{tag_key}", with: "k")
            let pairs = #"[{"key":"p","value":"1"}]"#
            let fields = #""status":"LOGGED_MODEL_READY","params":\#(pairs),"tags":\#(pairs)"#
            let body = #"{"model_id":"\#(otherID)",\#(fields)}"#
            let query = endpoint.method == .get ? [("artifact_file_path", "a")] : []
            let reply = try fixture.send(
                endpoint.method.rawValue,
                path,
                query: query,
                body: endpoint.method == .get ? "" : body,
                headers: ["content-type": "application/json"]
            )
            #expect((400..<500).contains(reply.status), "\(endpoint.method) \(endpoint.path): \(reply.text)")
            #expect(reply.error.contains("m-0"), "\(endpoint.method) \(endpoint.path): \(reply.error)")
        }
    }

    /// The store calls back on its writer's and readers' threads: what it gets from the API there must not be made there.
    @Test func `no answer with a value is made on the threads of the store`() throws {
        let runID = try fixture.createRun()
        let created = try fixture.post("runs/create", #"{"experiment_id":"0","start_time":2}"#)
        let failed = try fixture.post("runs/delete", #"{"run_id":"nothing"}"#)
        let found = try fixture.get("runs/get", [("run_id", runID)])
        #expect([created, failed, found].map(\.making) == [.short, .short, .short])
        let page = try fixture.post("runs/search", #"{"experiment_ids":["0"]}"#)
        let history = try fixture.get("metrics/get-history", [("run_id", runID), ("metric_key", "m")])
        #expect([page, history].map(\.making) == [.long, .long])
        let logged = try fixture.post("runs/set-tag", #"{"run_id":"\#(runID)","key":"k","value":"v"}"#)
        #expect(logged.making == .ready && logged.text == "{}")
    }
}
