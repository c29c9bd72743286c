import HTTPWire
import JSON
import MLflowAPI
import TestSupport
import Testing
import Tracking

@Suite struct ErrorTests {
    @Test(
        arguments: [
            (.invalidParameterValue, 400, "INVALID_PARAMETER_VALUE"), (.badRequest, 400, "BAD_REQUEST"),
            (.resourceAlreadyExists, 400, "RESOURCE_ALREADY_EXISTS"), (.invalidState, 400, "INVALID_STATE"),
            (.permissionDenied, 403, "PERMISSION_DENIED"), (.resourceDoesNotExist, 404, "RESOURCE_DOES_NOT_EXIST"),
            (.internalError, 500, "INTERNAL_ERROR"), (.notImplemented, 501, "NOT_IMPLEMENTED"),
            (.temporarilyUnavailable, 429, "REQUEST_LIMIT_EXCEEDED"), (.databaseLocked, 429, "REQUEST_LIMIT_EXCEEDED"),
            (.insufficientStorage, 507, "RESOURCE_LIMIT_EXCEEDED"),
        ] as [(TrackingError.Code, Int, String)]
    )
    func `every failure has its status and code`(code: TrackingError.Code, status: Int, name: String) throws {
        let reply = try Reply(APIError(TrackingError(code, "it's \"so\"\n")).response)
        #expect(reply.status == status)
        #expect(reply.text == #"{"error_code":"\#(name)","message":"it's \"so\"\n"}"#)
        #expect(reply.header("Content-Type") == "application/json")
    }

    /// A route, a body, and the complete error; RUN is the id of a run, GONE of a deleted run.
    @Test(
        arguments: [
            (
                "experiments/create", #"{"name":"Default"}"#,
                "400 RESOURCE_ALREADY_EXISTS Experiment(name=Default) already exists."
            ),
            (
                "experiments/create", #"{"name":"n","tags":[{"key":"a"},{"key":"a"}]}"#,
                "400 RESOURCE_ALREADY_EXISTS Experiment(name=n) already exists"
            ),
            (
                "experiments/create", #"{"name":"n","artifact_location":"s3://b/x#f"}"#,
                "400 INVALID_PARAMETER_VALUE 'artifact_location' URL can't include fragments or params."
            ),
            (
                "experiments/create", #"{"name":"n","artifact_location":"http://host/x"}"#,
                "400 INVALID_PARAMETER_VALUE 'artifact_location' cannot use the 'http' scheme: the 'http' scheme addresses a host "
            ),
            (
                "experiments/create", #"{"name":"n","artifact_location":"file://host/x"}"#,
                "400 INVALID_PARAMETER_VALUE "
            ),
            (
                "experiments/delete", #"{"experiment_id":"99"}"#,
                "404 RESOURCE_DOES_NOT_EXIST No Experiment with id=99 exists"
            ),
            (
                "experiments/delete", #"{"experiment_id":"abc"}"#,
                "400 INVALID_PARAMETER_VALUE Invalid experiment ID 'abc'. Experiment ID must be a valid integer."
            ),
            (
                "experiments/delete", #"{"experiment_id":"99999999999999999999"}"#,
                "404 RESOURCE_DOES_NOT_EXIST No Experiment with id=99999999999999999999 exists"
            ),
            (
                "experiments/set-experiment-tag", #"{"experiment_id":"0","key":"a!"}"#,
                "400 INVALID_PARAMETER_VALUE Invalid value \"a!\" for parameter 'key' supplied: Names may only contain alphanumerics"
            ),
            ("runs/create", "{}", "400 BAD_REQUEST "),
            ("runs/create", #"{"experiment_id":"0","tags":[{"key":"a"},{"key":"a"}]}"#, "400 BAD_REQUEST "),
            ("runs/create", #"{"experiment_id":"0","tags":[{"key":"mlflow.runName"}]}"#, "400 BAD_REQUEST "),
            (
                "runs/log-metric", #"{"run_id":"RUN","key":"a//b","value":1,"timestamp":1}"#,
                "400 INVALID_PARAMETER_VALUE Invalid value \"a//b\" for parameter 'name' supplied: Names may be treated as files in "
                    + "certain cases, and must not resolve to other names when treated as such. This name would resolve to 'a/b'"
            ),
            (
                "runs/log-metric", #"{"run_id":"RUN","key":"a","value":1,"timestamp":-1}"#,
                "400 INVALID_PARAMETER_VALUE Invalid value -1 for parameter 'timestamp' supplied: metric 'a' (value=1.0). Timestamp "
                    + "must be a nonnegative long (64-bit integer) "
            ),
            (
                "runs/log-metric", #"{"run_id":"RUN","key":"a","value":1,"timestamp":1,"model_id":"m"}"#,
                "400 BAD_REQUEST "
            ),
            (
                "runs/log-metric", #"{"run_id":"nothing","key":"a","value":1,"timestamp":1}"#,
                "404 RESOURCE_DOES_NOT_EXIST Run with id=nothing not found"
            ),
            (
                "runs/set-tag", #"{"run_id":"GONE","key":"a"}"#,
                "400 INVALID_PARAMETER_VALUE The run GONE must be in the 'active' state. Current state is deleted."
            ),
            (
                "runs/log-batch", #"{"run_id":"not a run id!"}"#,
                "400 INVALID_PARAMETER_VALUE Invalid value \"not a run id!\" for parameter 'run_id' supplied."
            ),
            (
                "runs/log-batch", #"{"run_id":"RUN","params":[{"key":"p","value":"1"},{"key":"p","value":"1"}]}"#,
                "400 INVALID_PARAMETER_VALUE Duplicate parameter keys have been submitted: ['p']."
            ),
            ("runs/delete", #"{"run_uuid":"RUN"}"#, "404 RESOURCE_DOES_NOT_EXIST Run with id= not found"),
            (
                "runs/delete-tag", #"{"run_id":"RUN","key":"t"}"#,
                "404 RESOURCE_DOES_NOT_EXIST No tag with name: t in run with id RUN"
            ),
            (
                "runs/log-model", #"{"run_id":"RUN","model_json":"x"}"#,
                "400 INVALID_PARAMETER_VALUE Malformed model info. \n x \n is not a valid JSON."
            ),
            (
                "runs/log-model",
                #"{"run_id":"RUN","model_json":"{\"flavors\":{},\"utc_time_created\":1,\"run_id\":1}"}"#,
                "400 INVALID_PARAMETER_VALUE Model json is missing mandatory fields: {'artifact_path'}"
            ),
            (
                "runs/search", #"{"filter":"   "}"#,
                "400 INVALID_PARAMETER_VALUE Invalid filter '   '. Could not be parsed."
            ),
            (
                "runs/search", #"{"max_results":0}"#,
                "400 INVALID_PARAMETER_VALUE Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer"
            ),
            ("runs/search", #"{"order_by":["dataset.name"]}"#, "400 INVALID_PARAMETER_VALUE Invalid "),
            (
                "runs/search", #"{"experiment_ids":["0"],"page_token":"!!!"}"#,
                "400 INVALID_PARAMETER_VALUE Invalid page token"
            ),
            (
                "experiments/search", "{}",
                "400 INVALID_PARAMETER_VALUE Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer"
            ),
            (
                "experiments/search", #"{"max_results":50001}"#,
                "400 INVALID_PARAMETER_VALUE Invalid value 50001 for parameter 'max_results' supplied. It must be at most 50000"
            ),
        ] as [(String, String, String)]
    )
    func `a refusal says what to change`(route: String, body: String, expected: String) throws {
        let fixture = try APIFixture()
        let runID = try fixture.createRun()
        let gone = try fixture.createRun()
        _ = try fixture.post("runs/delete", #"{"run_id":"\#(gone)"}"#)
        let fill = { (text: String) in text.replacing("RUN", with: runID).replacing("GONE", with: gone) }
        let reply = try fixture.post(route, fill(body))
        #expect(reply.error.hasPrefix(fill(expected)), "\(reply.error)")
        #expect(fixture.failures.all.isEmpty)
    }

    @Test func `a failure that no client can cause is reported and hidden`() throws {
        let fixture = try APIFixture()
        let runID = try fixture.createRun()
        try fixture.stored.execute("UPDATE runs SET status = 77")
        let reply = try fixture.get("runs/get", [("run_id", runID)])
        #expect(reply.status == 500 && !reply.text.contains("77"))
        #expect(try reply.member("error_code").string == "INTERNAL_ERROR")
        #expect(fixture.failures.all.count == 1 && fixture.failures.all[0].contains("77"))
    }
}

@Suite struct UnsupportedTests {
    @Test(
        arguments: [
            ("POST", "/api/3.0/mlflow/traces"),
            ("POST", "/v1/traces"), ("GET", "/graphql"),
            ("GET", "/ajax-api/2.0/mlflow-artifacts/presigned/0/x"), ("GET", "/api/3.0/mlflow/scorers/list"),
            ("GET", "/ajax-api/2.0/mlflow/webhooks"),
            ("PATCH", "/api/3.0/mlflow/mcp-servers/a/b/versions/1"), ("GET", "/api/3.0/mlflow/jobs/1"),
            ("POST", "/ajax-api/3.0/mlflow/genai/evaluate/invoke"), ("POST", "/ajax-api/3.0/jobs/"),
            ("POST", "/gateway/mlflow/v1/chat/completions"), ("GET", "/api/3.0/mlflow/skills"),
            ("DELETE", "/ajax-api/3.0/mlflow/skills/@team/review/versions/1"),
        ]
    )
    func `what is not offered is refused at once as not implemented`(method: String, path: String) throws {
        let reply = try APIFixture().send(method, path, body: method == "GET" ? "" : "\u{0}")
        #expect(reply.status == 501)
        #expect(try reply.member("error_code").string == "NOT_IMPLEMENTED")
    }

    @Test func `presigned addresses are refused as in the reference`() throws {
        let fixture = try APIFixture()
        let runID = try fixture.createRun()
        for (name, direction) in [("presigned-upload-url", "upload"), ("presigned-download-url", "download")] {
            let reply = try fixture.post("artifacts/\(name)", #"{"run_id":"\#(runID)","path":"y"}"#)
            let expected = "400 INVALID_PARAMETER_VALUE Presigned \(direction) is not supported for "
            #expect(reply.error.hasPrefix(expected), "\(reply.error)")
        }
    }

    @Test func `every path is offered once for each method`() throws {
        let fixture = try APIFixture()
        let offered = fixture.api.endpoints.map { "\($0.method) \($0.path)" }
        #expect(Set(offered).count == offered.count)
        #expect(!fixture.answers(.get, "/api/2.0/mlflow/nothing"))
    }
}
