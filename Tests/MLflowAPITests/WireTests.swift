import JSON
import TestSupport
import Testing
import Tracking

@Suite struct WireTests {
    /// A route, a body, and the error text; RUN stands for the id of a run.
    struct Refusal: Sendable, CustomTestStringConvertible {
        var route: String
        var body: String
        var message: String

        var testDescription: String { "\(route) \(body)" }

        static func missing(_ route: String, _ name: String, _ body: String) -> Refusal {
            Refusal(route: route, body: body, message: "Missing value for required parameter '\(name)'." + seeDocs)
        }

        static func type(_ route: String, _ name: String, _ value: String, _ type: String, _ body: String) -> Refusal {
            let hint = "Invalid value \(value) for parameter '\(name)' supplied:  Hint: Value was of type '\(type)'."
            return Refusal(route: route, body: body, message: hint + seeDocs)
        }
    }

    @Test(
        arguments: [
            .missing("experiments/create", "name", "{}"), .missing("experiments/create", "name", ""),
            .missing("experiments/create", "name", "[]"), .missing("experiments/create", "name", #""[ ]""#),
            .missing("experiments/create", "name", "null"), .missing("experiments/create", "name", #"{"name":null}"#),
            .missing("experiments/create", "name", #"{"name":""}"#),
            .missing("experiments/update", "experiment_id", #"{"experimentId":"0","new_name":"x"}"#),
            .missing("experiments/update", "new_name", #"{"experiment_id":"0"}"#),
            .missing("runs/update", "run_id", "{}"), .missing("runs/delete", "run_id", #"{"run_id":""}"#),
            .missing("runs/log-metric", "key", #"{"run_id":"RUN","value":1,"timestamp":1}"#),
            .missing("runs/log-metric", "value", #"{"run_id":"RUN","key":"a","timestamp":1}"#),
            .missing("runs/log-metric", "value", #"{"run_id":"RUN","key":"a","value":"","timestamp":1}"#),
            .missing("runs/log-metric", "timestamp", #"{"run_id":"RUN","key":"a","value":1,"timestamp":null}"#),
            .missing("runs/log-batch", "metrics[0].key", #"{"run_id":"RUN","metrics":[{"value":1,"timestamp":1}]}"#),
            .missing("runs/log-batch", "metrics[0].value", #"{"run_id":"RUN","metrics":[{"key":"a","timestamp":1}]}"#),
            .missing(
                "runs/log-batch",
                "metrics[1].value",
                #"{"run_id":"RUN","metrics":[{"key":"a","value":1,"timestamp":1},{"key":"a","value":"","timestamp":1}]}"#
            ),
            .missing("runs/log-batch", "metrics[0].timestamp", #"{"run_id":"RUN","metrics":[{"key":"a","value":1}]}"#),
            .missing(
                "runs/log-batch",
                "metrics[0].timestamp",
                #"{"run_id":"RUN","metrics":[{"key":"a","value":1,"timestamp":""}]}"#
            ),
            .missing("runs/log-batch", "params[0].key", #"{"run_id":"RUN","params":[{"value":"1"}]}"#),
            .missing("runs/log-batch", "tags[0].key", #"{"run_id":"RUN","tags":[{"key":null}]}"#),
            .missing("runs/outputs", "models", #"{"run_id":"RUN"}"#),
            .missing("runs/log-model", "model_json", #"{"run_id":"RUN"}"#),
        ] as [Refusal]
    )
    func `a missing value is named`(refusal: Refusal) throws { try check(refusal) }

    @Test(
        arguments: [
            .type("experiments/create", "name", "123", "int", #"{"name":123}"#),
            .type("experiments/create", "name", "1.5", "float", #"{"name":1.5}"#),
            .type("experiments/create", "name", "2.0", "float", #"{"name":2.0}"#),
            .type("experiments/create", "name", "true", "bool", #"{"name":true}"#),
            .type("experiments/create", "name", #"["a"]"#, "list", #"{"name":[ "a" ]}"#),
            .type("experiments/create", "name", #"{"a":1,"b":2}"#, "dict", #"{"name":{"b":2, "a":1}}"#),
            .type("experiments/create", "tags", #""x""#, "str", #"{"name":"n","tags":"x"}"#),
            .type("experiments/create", "artifact_location", "5", "int", #"{"name":"n","artifactLocation":5}"#),
            .type("runs/create", "start_time", #""soon""#, "str", #"{"experiment_id":"0","start_time":"soon"}"#),
            .type("runs/create", "start_time", #""""#, "str", #"{"experiment_id":"0","start_time":""}"#),
            .type("runs/create", "start_time", "1.5", "float", #"{"experiment_id":"0","start_time":1.5}"#),
            .type("runs/create", "start_time", "true", "bool", #"{"experiment_id":"0","start_time":true}"#),
            .type(
                "runs/create",
                "start_time",
                "9223372036854775808",
                "int",
                #"{"experiment_id":"0","start_time":9223372036854775808}"#
            ),
            .type("runs/update", "status", "9", "int", #"{"run_id":"RUN","status":9}"#),
            .type(
                "runs/log-metric",
                "value",
                #""much""#,
                "str",
                #"{"run_id":"RUN","key":"a","value":"much","timestamp":1}"#
            ),
            .type(
                "runs/log-metric",
                "value",
                #""++inf""#,
                "str",
                #"{"run_id":"RUN","key":"a","value":"++inf","timestamp":1}"#
            ),
            .type(
                "runs/log-metric",
                "value",
                "true",
                "bool",
                #"{"run_id":"RUN","key":"a","value":true,"timestamp":1}"#
            ),
            .type("runs/log-metric", "value", "[]", "list", #"{"run_id":"RUN","key":"a","value":[],"timestamp":1}"#),
            .type(
                "runs/log-metric",
                "timestamp",
                #""""#,
                "str",
                #"{"run_id":"RUN","key":"a","value":1,"timestamp":""}"#
            ),
            .type(
                "runs/log-metric",
                "timestamp",
                "1.5",
                "float",
                #"{"run_id":"RUN","key":"a","value":1,"timestamp":1.5}"#
            ),
            .type(
                "runs/log-metric",
                "step",
                "{}",
                "dict",
                #"{"run_id":"RUN","key":"a","value":1,"timestamp":1,"step":{}}"#
            ),
            .type("runs/log-batch", "metrics", "{}", "dict", #"{"run_id":"RUN","metrics":{}}"#),
            .type("runs/search", "max_results", "50001", "int", #"{"max_results":50001}"#),
        ] as [Refusal]
    )
    func `a value of the wrong type is shown with its type`(refusal: Refusal) throws { try check(refusal) }

    @Test(
        arguments: [
            Refusal(
                route: "experiments/create",
                body: #"{"name":"n","artifact_location":"","artifactLocation":""}"#,
                message: "Request specifies both 'artifact_location' and 'artifactLocation'; provide only one of them."
            ),
            Refusal(
                route: "runs/log-metric",
                body: #"{"run_id":"RUN","runId":"RUN","key":"a","value":1,"timestamp":1}"#,
                message: "Request specifies both 'run_id' and 'runId'; provide only one of them."
            ),
        ]
    )
    func `one field in two spellings is refused`(refusal: Refusal) throws { try check(refusal) }

    @Test(
        arguments: [
            ("{", "The request body is not valid JSON"), ("[1]", "The request body must be a JSON object."),
            ("5", "The request body must be a JSON object."), ("\"[{}]\"", "The request body must be a JSON object."),
            ("{\"name\":\"a\u{1}\"}", "The request body is not valid JSON"),
        ]
    )
    func `a body that is no object is refused`(body: String, message: String) throws {
        let reply = try APIFixture().post("experiments/create", body)
        #expect(reply.error.hasPrefix("400 INVALID_PARAMETER_VALUE \(message)"))
    }

    @Test(
        arguments: [
            (nil, "Bad Request. Content-Type header is missing."),
            ("text/plain", "Bad Request. Content-Type must be one of ['application/json']."),
            ("application/jsonx", "Bad Request. Content-Type must be one of ['application/json']."),
        ] as [(String?, String)]
    )
    func `a body of another type is refused`(type: String?, message: String) throws {
        let headers = type.map { ["content-type": $0] } ?? [:]
        let path = "/api/2.0/mlflow/experiments/create"
        let reply = try APIFixture().send("POST", path, body: #"{"name":"n"}"#, headers: headers)
        #expect(reply.error == "400 INVALID_PARAMETER_VALUE \(message)")
        let accepted = ["content-type": "application/json; charset=utf-8"]
        #expect(try APIFixture().send("POST", path, body: #"{"name":"n"}"#, headers: accepted).status == 200)
    }

    /// Different bodies for the same metric.
    @Test(
        arguments: [
            #"{"run_id":"RUN","key":"a","value":1.5,"timestamp":1234,"step":7}"#,
            #"{"run_uuid":"RUN","key":"a","value":"1.5","timestamp":"1234","step":"7"}"#,
            #"{"run_id":null,"run_uuid":"RUN","key":"a","value":15e-1,"timestamp":1234.0,"step":"7e0"}"#,
            #"{"run_id":"RUN","run_uuid":"x","key":"a","value":"15e-1","timestamp":1.234e3,"step":7,"unknown":{"a":[1]}}"#,
            #"{"run_id":"x","run_id":"RUN","key":"\u0061","value":1.5,"timestamp":1234,"step":7,"modelId":""}"#,
            #""{\"run_id\":\"RUN\",\"key\":\"a\",\"value\":1.5,\"timestamp\":1234,\"step\":7}""#,
            "\u{FEFF}{\"run_id\":\"RUN\",\"key\":\"a\",\"value\":1.5,\"timestamp\":1234,\"step\":7}",
        ]
    )
    func `a metric is read however it is spelled`(body: String) throws {
        let fixture = try APIFixture()
        let runID = try fixture.createRun()
        let reply = try fixture.post("runs/log-metric", body.replacing("RUN", with: runID))
        #expect(reply.text == "{}", "\(reply.text)")
        let run = try fixture.get("runs/get", [("run_uuid", runID)])
        #expect(
            try run.member("run", "data", "metrics").canonicalText
                == #"[{"key":"a","step":7,"timestamp":1234,"value":1.5}]"#
        )
    }

    @Test(
        arguments: [
            ("\"NaN\"", "\"NaN\""), ("\"Infinity\"", "1.7976931348623157e+308"),
            ("\"-Infinity\"", "-1.7976931348623157e+308"), ("\"NAN\"", "\"NaN\""), ("\"-nan\"", "\"NaN\""),
            ("\"Inf\"", "1.7976931348623157e+308"), ("\"+Inf\"", "1.7976931348623157e+308"),
            ("\"-inf\"", "-1.7976931348623157e+308"), ("\"INFINITY\"", "1.7976931348623157e+308"),
            ("\" 1 \"", "1.0"), ("\"+.5e1\"", "5.0"),
            ("-0.0", "0.0"), ("3", "3.0"), ("5e-324", "5e-324"),
            ("123456789012345678901234567890", "1.2345678901234568e+29"),
        ]
    )
    func `a value comes back as the reference shows it`(sent: String, shown: String) throws {
        let fixture = try APIFixture()
        let runID = try fixture.createRun()
        let body = #"{"run_id":"\#(runID)","key":"a","value":\#(sent),"timestamp":1}"#
        #expect(try fixture.post("runs/log-metric", body).text == "{}")
        let run = try fixture.get("runs/get", [("run_id", runID)])
        #expect(run.text.contains(#"{"key":"a","value":\#(shown),"timestamp":1,"step":0}"#), "\(run.text)")
    }

    @Test func `a refused value is repeated in part, even if it is one character of many bytes`() throws {
        let value = "e" + String(repeating: "\u{301}", count: 100_000)
        let body = #"{"run_id":"RUN","key":"a","value":1,"timestamp":"\#(value)"}"#
        let reply = try APIFixture().post("runs/log-metric", body)
        #expect(reply.error.hasPrefix("400 INVALID_PARAMETER_VALUE Invalid value"))
        #expect(reply.text.utf8.count < 20_000)
    }

    @Test func `optional fields in camel case and null are understood`() throws {
        let fixture = try APIFixture()
        let created = try fixture.post(
            "runs/create",
            #"{"experimentId":"0","startTime":"12","runName":"n","userId":null,"tags":[{"key":"k"}]}"#
        )
        #expect(try created.member("run", "info", "start_time").int64 == 12)
        #expect(try created.member("run", "info", "run_name").string == "n")
        #expect(try created.member("run", "info", "user_id").string == "")
    }

    @Test(
        arguments: [
            (#""FINISHED""#, "FINISHED"), ("3", "FINISHED"), (#""3""#, "FINISHED"), (#""KILLED""#, "KILLED"),
            (#""finished""#, "RUNNING"), (#""""#, "RUNNING"), ("null", "RUNNING"), (#""99""#, "RUNNING"),
        ]
    )
    func `a status is read by name or number and an unknown name changes nothing`(sent: String, shown: String) throws {
        let fixture = try APIFixture()
        let runID = try fixture.createRun()
        let reply = try fixture.post("runs/update", #"{"run_id":"\#(runID)","status":\#(sent)}"#)
        #expect(try reply.member("run_info", "status").string == shown)
    }

    private func check(_ refusal: Refusal) throws {
        let fixture = try APIFixture()
        let runID = try fixture.createRun()
        let reply = try fixture.post(refusal.route, refusal.body.replacing("RUN", with: runID))
        #expect(reply.error == "400 INVALID_PARAMETER_VALUE \(refusal.message)")
        let run = try fixture.get("runs/get", [("run_id", runID)])
        #expect(!run.text.contains("metrics"))
    }
}
