import JSON
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct LongPageTests {
    @Test func `a page of thousands of runs comes in parts and says what short pages say`() throws {
        let fixture = try APIFixture()
        let count = 2_345
        _ = try fixture.stored.write { session in
            for number in 0..<count {
                let run = NewRun(experimentID: 0, userID: "", name: "run \(number)", startTime: Int64(number), tags: [])
                _ = try session.createRun(run)
            }
        }
        let whole = try fixture.post("runs/search", #"{"experiment_ids":["0"],"max_results":5000}"#)
        #expect(Self.hasShortPieces(whole))
        let names = try Self.names(whole)
        #expect(names == (0..<count).reversed().map { "run \($0)" })
        #expect(try JSONDocument(parsing: whole.bytes).root["next_page_token"] == nil)

        let first = try fixture.post("runs/search", #"{"experiment_ids":["0"],"max_results":2000}"#)
        let token = try #require(JSONDocument(parsing: first.bytes).root["next_page_token"]?.string)
        let second = try fixture.post(
            "runs/search",
            #"{"experiment_ids":["0"],"max_results":2000,"page_token":"\#(token)"}"#
        )
        #expect(Self.hasShortPieces(first))
        #expect(try Self.names(first) + Self.names(second) == names)
    }

    /// There are thousands of versions of two models; one model is deleted after the first part of the answer is sent.
    @Test(arguments: ["a", "b"]) func `a page whose rows vanish while it is sent is valid JSON`(deleted: String) throws
    {
        let fixture = try APIFixture()
        try fixture.stored.write { session in
            for name in ["a", "b"] {
                _ = try session.createRegisteredModel(name: name, description: "", tags: [])
                for _ in 0..<2_000 { _ = try session.createModelVersion(.sample(of: name), workingDirectory: "/") }
            }
        }
        let query = [("order_by", "name")]
        let reply = try fixture.send("GET", "/api/2.0/mlflow/model-versions/search", query: query) {
            try fixture.stored.write { try $0.deleteRegisteredModel(deleted) }
        }
        #expect(Self.hasShortPieces(reply))
        // The search had read the first rows before the deletion.
        let names = try reply.member("model_versions").elements.map { $0["name"]?.string ?? "" }
        let remaining = names.count { $0 == "a" }
        #expect(deleted == "a" ? (1..<2_000).contains(remaining) : remaining == 2_000)
        #expect(names.count { $0 == "b" } == (deleted == "a" ? 2_000 : 0))
    }

    @Test func `a page of a few models with very many points comes in parts`() throws {
        let fixture = try APIFixture()
        let runID = try fixture.createRun()
        let points = 2_000
        for model in 0..<30 {
            let made = try fixture.post("logged-models", #"{"experiment_id":"0","name":"model \#(model)"}"#)
            let id = try #require(try made.member("model", "info", "model_id").string)
            let metrics = (0..<points).map { step in
                let metric = Metric(key: "m", value: 1, timestamp: 1, step: Int64(step))
                return ModelMetric(metric: metric, modelID: id, runID: runID, dataset: nil)
            }
            try fixture.stored.write { try $0.logMetrics([], modelMetrics: metrics, runID: runID) }
        }
        let body = #"{"experiment_ids":["0"],"order_by":[{"field_name":"name"}]}"#
        let reply = try fixture.post("logged-models/search", body)
        // Each model has 260,000 bytes; the server learns the size of the models only while it reads them.
        #expect(reply.pieces > 5)
        let models = try reply.member("models").elements
        let counts = models.map { $0["data"]?["metrics"].map { Array($0.elements).count } }
        #expect(counts == Array(repeating: points, count: 30))
        let names = models.compactMap { $0["info"]?["name"]?.string }
        #expect(names == (0..<30).map { "model \($0)" }.sorted())
    }

    /// Whether the answer came in several pieces, each small enough to be cheap to hold for a slow client.
    private static func hasShortPieces(_ reply: Reply) -> Bool {
        reply.pieces > 1 && reply.bytes.count / reply.pieces <= 160 * 1_024
    }

    private static func names(_ reply: Reply) throws -> [String] {
        try reply.member("runs").elements.map { $0["info"]?["run_name"]?.string ?? "" }
    }
}
