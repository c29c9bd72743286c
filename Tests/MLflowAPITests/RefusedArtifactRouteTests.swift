import ArtifactStore
import MLflowAPI
import TestSupport
import Testing
import TrackingStore

/// Routes that take an artifact path but are not offered: they check it in the reference's order, with its messages.
@Suite struct RefusedArtifactRouteTests {
    private static let missing = " See the API docs for more information about request parameters."

    @Test(
        arguments: [
            (#"{}"#, "400 INVALID_PARAMETER_VALUE Missing value for required parameter 'path'." + missing),
            (
                #"{"path":"../a"}"#,
                "400 INVALID_PARAMETER_VALUE Exactly one of run_id and model_id must be provided."
            ),
            (#"{"path":"../a","model_id":"m-0"}"#, "400 INVALID_PARAMETER_VALUE Invalid path"),
            (#"{"path":"a","model_id":"m-0"}"#, "404 RESOURCE_DOES_NOT_EXIST Logged model with ID 'm-0' not found."),
            (#"{"path":"a","run_id":"x"}"#, "404 RESOURCE_DOES_NOT_EXIST Run with id=x not found"),
            (
                #"{"path":"a","run_id":"RUN"}"#,
                "400 INVALID_PARAMETER_VALUE Presigned upload is not supported for proxied artifact storage (artifact URI "
                    + "scheme: mlflow-artifacts). This endpoint requires a direct cloud storage artifact URI."
            ),
        ]
    )
    func `a presigned upload is checked and refused`(body: String, expected: String) throws {
        let fixture = try APIFixture()
        let asked = body.replacing("RUN", with: try fixture.createRun())
        #expect(try fixture.post("artifacts/presigned-upload-url", asked).error == expected)
    }

    @Test(
        arguments: [
            (#"{"path":"a"}"#, "400 INVALID_PARAMETER_VALUE Missing value for required parameter 'run_id'." + missing),
            (#"{"run_id":"x"}"#, "400 INVALID_PARAMETER_VALUE Missing value for required parameter 'path'." + missing),
            (#"{"path":"../a","run_id":"x","expiration":0}"#, "400 INVALID_PARAMETER_VALUE Invalid path"),
            (
                #"{"path":"a","run_id":"x","expiration":0}"#,
                "400 INVALID_PARAMETER_VALUE expiration must be between 1 and 604800 seconds (got 0)."
            ),
            (#"{"path":"a","run_id":"x"}"#, "404 RESOURCE_DOES_NOT_EXIST Run with id=x not found"),
            (
                #"{"path":"a","run_id":"RUN","expiration":604800}"#,
                "400 INVALID_PARAMETER_VALUE Presigned download is not supported for runs with proxied artifact storage "
                    + "(artifact URI scheme: mlflow-artifacts). This endpoint requires a run with a direct cloud storage "
                    + "artifact URI."
            ),
        ]
    )
    func `a presigned download is checked and refused`(body: String, expected: String) throws {
        let fixture = try APIFixture()
        let asked = body.replacing("RUN", with: try fixture.createRun())
        #expect(try fixture.post("artifacts/presigned-download-url", asked).error == expected)
    }

    @Test(arguments: ["upload", "download"])
    func `a presigned URL of a folder is not offered at all`(kind: String) throws {
        let fixture = try APIFixture()
        let id = try fixture.stored.write { try $0.createExperiment(name: "e", artifactLocation: "/data", tags: []) }
        let runID = try fixture.createRun(in: String(id))
        let reply = try fixture.post("artifacts/presigned-\(kind)-url", #"{"path":"a","run_id":"\#(runID)"}"#)
        #expect(
            reply.error == "501 NOT_IMPLEMENTED Presigned \(kind) is not supported for the current artifact repository"
        )
    }

    @Test(
        arguments: [
            ([], "400 BAD_REQUEST Request must include the \"request_id\" query parameter."),
            ([("request_id", "tr-1")], "501 NOT_IMPLEMENTED Traces are not offered by this server yet."),
            ([("request_id", "tr-1"), ("path", "../x")], "400 INVALID_PARAMETER_VALUE Invalid path"),
            (
                [("request_id", "tr-1"), ("path", "x")],
                "400 INVALID_PARAMETER_VALUE Invalid attachment path: 'x'. Attachment path must be a valid UUID."
            ),
            (
                [("request_id", "tr-1"), ("path", "0c6be3a2-2b1f-4c1e-9d52-0d2d3b7a1f00")],
                "501 NOT_IMPLEMENTED Traces are not offered by this server yet."
            ),
        ]
    )
    func `an artifact of a trace is checked and refused`(query: [(String, String)], expected: String) throws {
        let reply = try APIFixture().send("GET", "/ajax-api/3.0/mlflow/get-trace-artifact", query: query)
        #expect(reply.error == expected)
    }

    @Test func `an artifact of a model version is checked and refused`() throws {
        let fixture = try APIFixture()
        let get = { try fixture.send("GET", "/model-versions/get-artifact", query: $0).error }
        #expect(try get([]).hasPrefix("400 INVALID_PARAMETER_VALUE Missing value for required parameter 'path'."))
        #expect(try get([("path", "../x")]) == "400 INVALID_PARAMETER_VALUE Invalid path")
        let missing = "400 INVALID_PARAMETER_VALUE Missing value for required parameter 'name'."
        #expect(try get([("path", "x")]) == missing)
    }

    @Test func `a server for artifacts alone closes the rest`() throws {
        let fixture = try APIFixture { settings, _ in settings.servesOnlyArtifacts = true }
        let route = "/ajax-api/2.0/mlflow-artifacts/artifacts"
        #expect(try fixture.send("PUT", "\(route)/a", body: "x").status == 200)
        #expect(try fixture.send("GET", "\(route)/a").text == "x")
        #expect(try fixture.send("GET", "/health").text == "OK")
        #expect(try fixture.send("GET", "/api/3.0/mlflow/server-info").status == 200)
        let closed = [
            try fixture.get("artifacts/list", [("run_id", "x")]), try fixture.send("GET", "/get-artifact"),
            try fixture.post("runs/create", "{}"),
            try fixture.send("POST", "/ajax-api/2.0/mlflow/upload-artifact", body: "x"),
        ]
        for reply in closed { #expect(reply.error.hasPrefix("501 NOT_IMPLEMENTED Endpoint: /"), "\(reply.error)") }
    }
}
