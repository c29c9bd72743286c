import JSON
import TestSupport
import Testing
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
        #expect(whole.pieces == 3)
        let names = try Self.names(whole)
        #expect(names == (0..<count).reversed().map { "run \($0)" })
        #expect(try JSONDocument(parsing: whole.bytes).root["next_page_token"] == nil)

        let first = try fixture.post("runs/search", #"{"experiment_ids":["0"],"max_results":2000}"#)
        let token = try #require(JSONDocument(parsing: first.bytes).root["next_page_token"]?.string)
        let second = try fixture.post(
            "runs/search",
            #"{"experiment_ids":["0"],"max_results":2000,"page_token":"\#(token)"}"#
        )
        #expect(first.pieces == 2)
        #expect(try Self.names(first) + Self.names(second) == names)
    }

    /// Thousands of versions of two models, one of which is deleted behind the head of the answer.
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
        #expect(reply.pieces == 4)
        let names = try reply.member("model_versions").elements.map { $0["name"]?.string ?? "" }
        #expect(names == Array(repeating: deleted == "a" ? "b" : "a", count: 2_000))
    }

    private static func names(_ reply: Reply) throws -> [String] {
        try reply.member("runs").elements.map { $0["info"]?["run_name"]?.string ?? "" }
    }
}
