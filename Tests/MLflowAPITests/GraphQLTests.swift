import JSON
import MLflowAPI
import TestSupport
import Testing

@Suite struct GraphQLTests {
    private let fixture: APIFixture

    init() throws {
        fixture = try APIFixture()
    }

    private func ask(_ query: String, _ variables: String = "{}") throws -> Reply {
        let body = #"{"query":\#(quoted(query)),"variables":\#(variables),"operationName":null}"#
        return try fixture.send("POST", "/graphql", body: body, headers: ["content-type": "application/json"])
    }

    private func quoted(_ text: String) -> String {
        var writer = JSONWriter()
        writer.string(text)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func `tells of an experiment what is asked`() throws {
        let reply = try ask(
            #"{mlflowGetExperiment(input:{experimentId:"0"}){apiError{code} experiment{name experimentId}}}"#
        )
        #expect(reply.status == 200)
        #expect(
            reply.text
                == #"{"data":{"mlflowGetExperiment":{"apiError":null,"experiment":{"name":"Default","experimentId":"0"}}},"errors":null}"#
        )
    }

    @Test func `tells with status 200 what is not there, and answers the rest`() throws {
        let reply = try ask(
            #"{a:mlflowGetRun(input:{runId:"gone"}){run{info{runId}}} mlflowGetExperiment(input:{experimentId:"0"}){experiment{name}}}"#
        )
        #expect(reply.status == 200)
        #expect(
            reply.text
                == #"{"data":{"a":null,"mlflowGetExperiment":{"experiment":{"name":"Default"}}},"errors":["Run with id=gone not found"]}"#
        )
    }

    @Test func `numbers of 64 bits are texts, NaN is null, step 0 is there`() throws {
        let created = try fixture.post("runs/create", #"{"experiment_id":"0","start_time":9007199254740993}"#)
        let run = try #require(try created.member("run", "info", "run_id").string)
        _ = try fixture.post("runs/log-metric", #"{"run_id":"\#(run)","key":"m","value":"NaN","timestamp":1,"step":0}"#)
        let query =
            "query GetRun($d: MlflowGetRunInput!) {mlflowGetRun(input: $d) {run {info {startTime} data {metrics {value step}}}}}"
        let reply = try ask(query, #"{"d":{"runId":"\#(run)"}}"#)
        #expect(
            reply.text
                == #"{"data":{"mlflowGetRun":{"run":{"info":{"startTime":"9007199254740993"},"data":{"metrics":[{"value":null,"step":"0"}]}}}},"errors":null}"#
        )
    }

    @Test func `versions of the runs of a page stand with their runs`() throws {
        let runs = try (0..<3).map { _ in try fixture.createRun() }
        _ = try fixture.post("registered-models/create", #"{"name":"m"}"#)
        for run in [runs[1], runs[0], runs[1]] {
            let made = try fixture.post(
                "model-versions/create",
                #"{"name":"m","source":"mlflow-artifacts:/0/\#(run)/artifacts/model","run_id":"\#(run)"}"#
            )
            try #require(made.status == 200, "\(made.text)")
        }
        let reply = try ask(
            #"{mlflowSearchRuns(input:{experimentIds:["0"]}){runs{info{runId} modelVersions{runId version}}}}"#
        )
        let found = try reply.member("data", "mlflowSearchRuns", "runs").elements
        let versions = Dictionary(
            uniqueKeysWithValues: found.map { run in
                let versions = run["modelVersions"]?.elements.map { ($0["runId"]?.string, $0["version"]?.string) } ?? []
                let id = run["info"]?["runId"]?.string ?? ""
                #expect(versions.allSatisfy { $0.0 == id })
                return (id, versions.compactMap(\.1).sorted())
            }
        )
        #expect(versions == [runs[0]: ["2"], runs[1]: ["1", "3"], runs[2]: []])
    }

    @Test func `queries are taken as JSON by POST alone`() throws {
        #expect(try fixture.send("GET", "/graphql").status == 501)
        #expect(throws: NoEndpoint.self) { try fixture.send("PUT", "/graphql") }
        #expect(try fixture.send("POST", "/graphql", body: "{}", headers: ["content-type": "text/plain"]).status == 400)
        #expect(
            try fixture.send("POST", "/graphql", body: "[1]", headers: ["content-type": "application/json"]).status
                == 400
        )
        #expect(try ask("{").status == 200)
    }

    @Test func `empty answers are for pages, not for the client`() throws {
        let headers = ["content-type": "application/json"]
        let path = "/3.0/mlflow/traces/search"
        #expect(try fixture.send("POST", "/ajax-api" + path, body: "{}", headers: headers).text == "{}")
        #expect(try fixture.send("POST", "/api" + path, body: "{}", headers: headers).status == 501)
        #expect(try fixture.send("PUT", "/ajax-api" + path, body: "{}", headers: headers).status == 501)
    }
}
