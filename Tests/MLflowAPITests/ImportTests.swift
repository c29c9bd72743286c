import JSON
import TestSupport
import Testing
import Tracking

@Suite struct ImportTests {
    private let fixture: APIFixture

    init() throws {
        fixture = try APIFixture()
    }

    private func take(_ body: String, type: String? = "application/x-ndjson") throws -> Reply {
        let headers = type.map { ["content-type": $0] } ?? [:]
        return try fixture.send("POST", "/api/apus/1.0/import", body: body, headers: headers)
    }

    @Test func `a run comes with its id and its history, and once`() throws {
        let body = """
            {"experiment": {"experiment_id": "4", "name": "e", "artifact_location": "", "creation_time": 5}}
            {"run": {"run_id": "abc", "experiment_id": "4", "experiment_name": "e", "start_time": 6, "end_time": 7, \
            "status": "FAILED", "artifact_uri": "mlflow-artifacts:/4/abc/artifacts"}}
            {"points": {"run_id": "abc", "key": "loss", "points": [[6, 0, 0.5], [7, 1, "NaN"]]}}
            """
        #expect(
            try take(body).json
                == #"{"counts":{"experiment":{"added":1,"completed":0,"unchanged":0},"points":{"added":2,"completed":0,"#
                + #""unchanged":0},"run":{"added":1,"completed":0,"unchanged":0}},"mappings":[],"remark_count":0,"remarks":[]}"#
        )
        #expect(try take(body).member("counts", "points", "unchanged").int64 == 2)
        let run = try fixture.get("runs/get", [("run_id", "abc")])
        #expect(try run.member("run", "info", "status").string == "FAILED", "\(run.text)")
        let experiment = try fixture.get("experiments/get", [("experiment_id", "4")])
        #expect(try experiment.member("experiment", "artifact_location").string == "mlflow-artifacts:/4")
    }

    @Test func `what is no record is refused as a whole`() throws {
        let reply = try take("{\"experiment\": {\"experiment_id\": \"4\", \"name\": \"e\", \"creation_time\": 5}}\n{]")
        #expect(reply.status == 400 && reply.text.contains("Line 2"), "\(reply.text)")
        #expect(try fixture.get("experiments/get", [("experiment_id", "4")]).status == 404)
    }

    @Test(arguments: [nil, "application/json", "text/plain"])
    func `another content type is refused`(type: String?) throws {
        #expect(try take("", type: type).status == 400)
    }
}
