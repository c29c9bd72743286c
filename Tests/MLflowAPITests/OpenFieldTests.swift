import JSON
import TestSupport
import Testing

/// Fields that the reference does not limit.
@Suite struct OpenFieldTests {
    struct Request: Sendable, CustomTestStringConvertible {
        var method = "POST"
        var path: String
        /// TEXT stands for a text, LIST for a list of tags, RUN and MODEL for ids.
        var body: String
        /// The name of the field in the error message.
        var name: String
        var limit = 8_000

        var testDescription: String { "\(path) \(name)" }
    }

    private static let texts: [Request] = [
        Request(path: "runs/create", body: #"{"experiment_id":"0","user_id":"TEXT"}"#, name: "user_id"),
        Request(path: "runs/create", body: #"{"experiment_id":"0","run_name":"TEXT"}"#, name: "run_name"),
        Request(path: "runs/update", body: #"{"run_id":"RUN","run_name":"TEXT"}"#, name: "run_name"),
        Request(
            path: "runs/create",
            body: #"{"experiment_id":"0","tags":[{"key":"TEXT"}]}"#,
            name: "tags.key",
            limit: 1_000
        ),
        Request(
            path: "runs/log-inputs",
            body:
                #"{"run_id":"RUN","datasets":[{"dataset":{"name":"n","digest":"d","source":"s","source_type":"TEXT"}}]}"#,
            name: "source_type"
        ),
        Request(path: "runs/log-inputs", body: #"{"run_id":"RUN","models":[{"model_id":"TEXT"}]}"#, name: "model_id"),
        Request(
            path: "runs/outputs",
            body: #"{"run_id":"RUN","models":[{"model_id":"TEXT","step":1}]}"#,
            name: "model_id"
        ),
        Request(
            path: "runs/log-metric",
            body:
                #"{"run_id":"RUN","key":"k","value":1,"timestamp":1,"model_id":"MODEL","dataset_name":"TEXT","dataset_digest":"d"}"#,
            name: "dataset_name"
        ),
        Request(
            path: "runs/log-batch",
            body:
                #"{"run_id":"RUN","metrics":[{"key":"k","value":1,"timestamp":1,"model_id":"MODEL","dataset_name":"n","dataset_digest":"TEXT"}]}"#,
            name: "dataset_digest"
        ),
        Request(
            path: "registered-models/create",
            body: #"{"name":"new","description":"TEXT"}"#,
            name: "description",
            limit: 1_000_000
        ),
        Request(
            method: "PATCH",
            path: "registered-models/update",
            body: #"{"name":"m","description":"TEXT"}"#,
            name: "description",
            limit: 1_000_000
        ),
        Request(
            path: "model-versions/create",
            body: #"{"name":"m","source":"s3://b/x","description":"TEXT"}"#,
            name: "description",
            limit: 1_000_000
        ),
        Request(
            method: "PATCH",
            path: "model-versions/update",
            body: #"{"name":"m","version":"1","description":"TEXT"}"#,
            name: "description",
            limit: 1_000_000
        ),
        Request(
            path: "model-versions/create",
            body: #"{"name":"m","source":"s3://b/x","run_id":"TEXT"}"#,
            name: "run_id"
        ),
        Request(
            path: "model-versions/create",
            body: #"{"name":"m","source":"s3://b/x","run_link":"TEXT"}"#,
            name: "run_link"
        ),
        Request(path: "logged-models", body: #"{"experiment_id":"0","name":"TEXT"}"#, name: "name"),
        Request(path: "logged-models", body: #"{"experiment_id":"0","model_type":"TEXT"}"#, name: "model_type"),
        Request(path: "logged-models", body: #"{"experiment_id":"0","source_run_id":"TEXT"}"#, name: "source_run_id"),
        Request(
            path: "logged-models",
            body: #"{"experiment_id":"0","params":[{"key":"TEXT"}]}"#,
            name: "params.key",
            limit: 1_000
        ),
    ]

    private static let lists: [Request] = [
        Request(path: "runs/create", body: #"{"experiment_id":"0","tags":LIST}"#, name: "tags"),
        Request(path: "experiments/create", body: #"{"name":"many","tags":LIST}"#, name: "tags"),
        Request(path: "registered-models/create", body: #"{"name":"many","tags":LIST}"#, name: "tags"),
        Request(path: "model-versions/create", body: #"{"name":"m","source":"s3://b/x","tags":LIST}"#, name: "tags"),
        Request(path: "logged-models", body: #"{"experiment_id":"0","tags":LIST}"#, name: "tags"),
        Request(path: "logged-models", body: #"{"experiment_id":"0","params":LIST}"#, name: "params"),
        Request(method: "PATCH", path: "logged-models/MODEL/tags", body: #"{"tags":LIST}"#, name: "tags"),
        Request(path: "logged-models/MODEL/params", body: #"{"model_id":"MODEL","params":LIST}"#, name: "params"),
        Request(
            path: "runs/log-inputs",
            body: #"{"run_id":"RUN","datasets":[{"dataset":{"name":"n","digest":"d","source":"s"},"tags":LIST}]}"#,
            name: "tags"
        ),
    ]

    private let fixture: APIFixture
    private let runID: String
    private let modelID: String

    init() throws {
        fixture = try APIFixture()
        runID = try fixture.createRun()
        let model = try fixture.post("logged-models", #"{"experiment_id":"0"}"#)
        modelID = try #require(try model.member("model", "info", "model_id").string)
        _ = try fixture.post("registered-models/create", #"{"name":"m"}"#)
        _ = try fixture.post("model-versions/create", #"{"name":"m","source":"s3://b/x"}"#)
    }

    private func send(_ request: Request, _ body: String) throws -> Reply {
        let path = request.path.replacing("MODEL", with: modelID)
        let filled = body.replacing("RUN", with: runID).replacing("MODEL", with: modelID)
        return try fixture.send(
            request.method,
            "/api/2.0/mlflow/" + path,
            body: filled,
            headers: ["content-type": "application/json"]
        )
    }

    @Test(arguments: texts)
    func `a text is taken up to its limit`(request: Request) throws {
        func body(_ length: Int) -> String {
            request.body.replacing("TEXT", with: String(repeating: "x", count: length))
        }
        let refusal = try send(request, body(request.limit + 1)).error
        #expect(
            refusal
                == "400 INVALID_PARAMETER_VALUE '\(request.name)' exceeds the maximum length of \(request.limit) characters"
        )
        let taken = try send(request, body(request.limit))
        #expect(taken.status == 200, "\(taken.error)")
    }

    @Test(arguments: lists)
    func `a list is taken up to its limit`(request: Request) throws {
        func body(_ count: Int) -> String {
            let tags = (0..<count).map { #"{"key":"k\#($0)","value":"v"}"# }
            return request.body.replacing("LIST", with: "[\(tags.joined(separator: ","))]")
        }
        let refusal = try send(request, body(1_001)).error
        let reason = "'\(request.name)' has 1001 elements; one request can have at most 1000 of them."
        #expect(refusal == "400 INVALID_PARAMETER_VALUE \(reason)")
        let taken = try send(request, body(1_000))
        #expect(taken.status == 200, "\(taken.error)")
    }

    @Test(arguments: ["datasets", "models"])
    func `a run takes a bounded number of inputs at once`(name: String) throws {
        let element = name == "models" ? #"{"model_id":"m"}"# : #"{"dataset":{"name":"n","digest":"d","source":"s"}}"#
        let elements = Array(repeating: element, count: 1_001).joined(separator: ",")
        let reply = try fixture.post("runs/log-inputs", #"{"run_id":"\#(runID)","\#(name)":[\#(elements)]}"#)
        #expect(reply.error.hasPrefix("400 INVALID_PARAMETER_VALUE '\(name)' has 1001 elements"))
    }

    @Test func `the texts of a list are bounded together`() throws {
        let value = String(repeating: "x", count: 200_000)
        let tags = (0..<10).map { #"{"key":"k\#($0)","value":"\#(value)"}"# }.joined(separator: ",")
        let reply = try fixture.post("runs/create", #"{"experiment_id":"0","tags":[\#(tags)]}"#)
        #expect(
            reply.error
                == "400 INVALID_PARAMETER_VALUE 'tags' has 2000020 bytes of text; one request can have at most 2000000 of them."
        )
    }

    @Test func `a tag of a logged model has a key that a path can hold`() throws {
        let tags = #"{"tags":[{"key":"a\u0000b","value":"v"}]}"#
        let request = Request(method: "PATCH", path: "logged-models/MODEL/tags", body: tags, name: "tags")
        #expect(try send(request, tags).error.hasSuffix("Keys cannot contain NUL."))
    }

    @Test(arguments: [
        ("experiments/create", #"{"name":"a\u0000b"}"#),
        ("experiments/update", #"{"experiment_id":"0","new_name":"a\u0000b"}"#),
    ])
    func `an experiment has a name that a query can hold`(path: String, body: String) throws {
        let message = #"400 INVALID_PARAMETER_VALUE Invalid experiment name: "a\u0000b". Names cannot contain NUL."#
        #expect(try fixture.post(path, body).error == message)
    }
}
