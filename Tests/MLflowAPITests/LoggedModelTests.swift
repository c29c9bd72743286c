import ArtifactStore
import JSON
import MLflowAPI
import TestSupport
import Testing
import TrackingStore

@Suite struct LoggedModelTests {
    @Test func `a model is shown as the reference shows it`() throws {
        let fixture = try APIFixture()
        let made = try fixture.post(
            "logged-models",
            #"{"experiment_id":"0","name":"n","params":[{"key":"lr","value":"0.1"}],"tags":[{"key":"t","value":""}]}"#
        )
        let info = try made.member("model", "info")
        let id = try #require(info["model_id"]?.string)
        let time = try #require(info["creation_timestamp_ms"]?.int64)
        let whole = { (status: String, updated: Int64, tail: String) in
            """
            {"model":{"data":{\(tail)"params":[{"key":"lr","value":"0.1"}]},"info":{"artifact_uri":\
            "mlflow-artifacts:/0/models/\(id)/artifacts","creation_timestamp_ms":\(time),"experiment_id":"0",\
            "last_updated_timestamp_ms":\(updated),"model_id":"\(id)","model_type":"","name":"n",\
            "source_run_id":"","status":"LOGGED_MODEL_\(status)","tags":[{"key":"t","value":""}]}}}
            """
        }
        #expect(try made.json == whole("PENDING", time, ""))
        let runID = try fixture.createRun()
        let metric = #""key":"m","value":"NaN","timestamp":5,"step":3,"model_id":"\#(id)""#
        let onDataset = metric + #","dataset_name":"d","dataset_digest":"1""#
        #expect(try fixture.post("runs/log-metric", #"{"run_id":"\#(runID)",\#(metric)}"#).text == "{}")
        let batch = #"{"run_id":"\#(runID)","metrics":[{\#(onDataset)},{\#(onDataset)}]}"#
        #expect(try fixture.post("runs/log-batch", batch).text == "{}")
        let ready = try fixture.send(
            "PATCH",
            "/ajax-api/2.0/mlflow/logged-models/\(id)",
            body: #"{"model_id":"\#(id)","status":2}"#,
            headers: ["content-type": "application/json"]
        )
        let updated = try #require(try ready.member("model", "info", "last_updated_timestamp_ms").int64)
        let point =
            #""key":"m","model_id":"\#(id)","run_id":"\#(runID)","step":3,"timestamp":5,"value":0.0}"#
        let metrics = #""metrics":[{\#(point),{"dataset_digest":"1","dataset_name":"d",\#(point)],"#
        #expect(try ready.json == whole("READY", updated, metrics))
        #expect(try fixture.get("logged-models/\(id)", []).text == ready.text)
        let search = try fixture.post("logged-models/search", #"{"experiment_ids":["0"],"filter":"metrics.m = 0"}"#)
        #expect(search.text == #"{"models":[\#(ready.text.dropFirst(#"{"model":"#.count).dropLast())]}"#)
    }

    @Test(
        arguments: [
            (#"{}"#, "400 INVALID_PARAMETER_VALUE Missing value for required parameter 'experiment_id'." + seeDocs),
            (#"{"experiment_id":"9"}"#, "404 RESOURCE_DOES_NOT_EXIST No Experiment with id=9 exists"),
            (
                #"{"experiment_id":"x","name":"a/b"}"#,
                "400 INVALID_PARAMETER_VALUE Invalid model name ('a/b') provided. Model name must be a non-empty string and "
                    + "cannot contain the following characters: ('/', ':', '.', '%', '\"', \"'\")"
            ),
            (
                #"{"experiment_id":"0","params":[{"key":"a"},{"key":"a"}]}"#,
                "400 BAD_REQUEST The param \"a\" is given twice; give each param once."
            ),
            (
                #"{"experiment_id":"0","tags":[{"key":"a"},{"key":"a"}]}"#,
                "400 BAD_REQUEST The tag \"a\" is given twice; give each tag once."
            ),
        ]
    )
    func `a model that cannot be made is refused`(body: String, expected: String) throws {
        let fixture = try APIFixture()
        #expect(try fixture.post("logged-models", body).error == expected)
        #expect(try fixture.post("logged-models/search", #"{"experiment_ids":["0"]}"#).text == "{}")
    }

    @Test(arguments: ["GET /", "DELETE /", "PATCH /tags {}", "DELETE /tags/t", #"POST /params {"model_id":"m"}"#])
    func `an unknown model is not found`(call: String) throws {
        let parts = call.split(separator: " ", maxSplits: 2).map(String.init)
        let path = "/api/2.0/mlflow/logged-models/m-0" + (parts[1] == "/" ? "" : parts[1])
        let reply = try APIFixture().send(
            parts[0],
            path,
            body: parts.count > 2 ? parts[2] : "",
            headers: ["content-type": "application/json"]
        )
        #expect(reply.error == "404 RESOURCE_DOES_NOT_EXIST Logged model with ID 'm-0' not found.")
    }

    @Test(
        arguments: [
            (#"{"status":2}"#, "Missing value for required parameter 'model_id'."),
            (#"{"model_id":"ID"}"#, "Missing value for required parameter 'status'."),
            (#"{"model_id":"ID","status":"READY"}"#, "Invalid value \"READY\" for parameter 'status' supplied:"),
            (#"{"model_id":"ID","status":9}"#, "Invalid value 9 for parameter 'status' supplied:"),
        ]
    )
    func `a status that is none is refused and changes nothing`(body: String, expected: String) throws {
        let fixture = try APIFixture()
        let id = try fixture.createModel()
        let before = try fixture.get("logged-models/\(id)", []).text
        let reply = try fixture.send(
            "PATCH",
            "/api/2.0/mlflow/logged-models/\(id)",
            body: body.replacing("ID", with: id),
            headers: ["content-type": "application/json"]
        )
        #expect(reply.error.hasPrefix("400 INVALID_PARAMETER_VALUE \(expected)"), "\(reply.error)")
        #expect(try fixture.get("logged-models/\(id)", []).text == before)
    }

    @Test func `a deleted model is shown to those alone who ask for deleted ones`() throws {
        let fixture = try APIFixture()
        let id = try fixture.createModel()
        #expect(try fixture.send("DELETE", "/api/2.0/mlflow/logged-models/\(id)").text == "{}")
        for (value, status) in [("true", 200), ("TRUE", 200), ("false", 404), ("1", 404), ("", 404)] {
            #expect(try fixture.get("logged-models/\(id)", [("allow_deleted", value)]).status == status)
        }
        #expect(try fixture.post("logged-models/search", #"{"experiment_ids":["0"]}"#).text == "{}")
    }

    @Test(
        arguments: [
            (#"{}"#, "Missing value for required parameter 'experiment_ids'."),
            (#"{"experimentIds":["0"]}"#, "Missing value for required parameter 'experiment_ids'."),
            (#"{"experiment_ids":["x"]}"#, "Invalid experiment ID 'x'."),
            (#"{"experiment_ids":["0"],"filter":"name > 'a'"}"#, "Invalid comparison operator '>'"),
            (#"{"experiment_ids":["0"],"filter":"nonsense","order_by":[{}]}"#, "Invalid filter string: 'nonsense'"),
            (
                #"{"experiment_ids":["0"],"order_by":[{"field_name":"params.a"}]}"#,
                "Invalid order by field name: params.a."
            ),
            (#"{"experiment_ids":["0"],"order_by":["name"]}"#, "Invalid value \"name\" for parameter 'order_by'"),
            (#"{"experiment_ids":["0"],"order_by":[{"field_name":"name","ascending":1}]}"#, "Invalid value 1 for"),
            (
                #"{"experiment_ids":["0"],"datasets":[{}]}"#,
                "`dataset_name` in the `datasets` clause must be specified."
            ),
            (#"{"experiment_ids":["0"],"max_results":-1}"#, "Invalid value -1 for parameter 'max_results' supplied."),
            (#"{"experiment_ids":["0"],"page_token":"x"}"#, "Invalid page token"),
        ]
    )
    func `a search that means nothing is refused`(body: String, beginning: String) throws {
        let error = try APIFixture().post("logged-models/search", body).error
        #expect(error.hasPrefix("400 INVALID_PARAMETER_VALUE \(beginning)"), "\(error)")
    }

    @Test func `a page holds 50 models unless the client says otherwise`() throws {
        let fixture = try APIFixture()
        for _ in 0..<101 { _ = try fixture.createModel() }
        for (asked, count) in [
            ("", 50), (#","max_results":0"#, 100), (#","max_results":"7""#, 7), (#","max_results":1e9"#, 101),
        ] {
            let reply = try fixture.post("logged-models/search", #"{"experiment_ids":["0"]\#(asked)}"#)
            #expect(try reply.member("models").count == count)
            #expect(reply.text.contains("next_page_token") == (count < 101))
        }
        #expect(try fixture.post("logged-models/search", #"{"experiment_ids":[]}"#).text == "{}")
    }

    @Test(
        arguments: [
            (
                #""dataset_name":"d""#,
                "400 INVALID_PARAMETER_VALUE Both dataset_name and dataset_digest must be provided"
            ),
            (#""model_id":"MODEL","dataset_digest":"d""#, "400 INVALID_PARAMETER_VALUE Both dataset_name and"),
            (#""model_id":"m-0""#, "400 BAD_REQUEST Logged model with ID 'm-0' not found: the metric 'm' cannot be"),
            (#""model_id":5"#, "400 INVALID_PARAMETER_VALUE Invalid value 5 for parameter 'model_id' supplied:"),
        ]
    )
    func `a metric whose model or dataset is none is refused, with all of its batch`(
        fields: String,
        expected: String
    ) throws {
        let fixture = try APIFixture()
        let runID = try fixture.createRun()
        let id = try fixture.createModel()
        let metric = #""key":"m","value":1,"timestamp":1,\#(fields.replacing("MODEL", with: id))"#
        let single = try fixture.post("runs/log-metric", #"{"run_id":"\#(runID)",\#(metric)}"#)
        let good = #"{"key":"m","value":1,"timestamp":1,"model_id":"\#(id)"}"#
        let batch = try fixture.post("runs/log-batch", #"{"run_id":"\#(runID)","metrics":[\#(good),{\#(metric)}]}"#)
        #expect(single.error.hasPrefix(expected) && batch.error.hasPrefix(expected), "\(single.error) \(batch.error)")
        #expect(try !fixture.get("runs/get", [("run_id", runID)]).text.contains("metrics"))
        #expect(try !fixture.get("logged-models/\(id)", []).text.contains("metrics"))
    }

    @Test func `artifacts of a model are listed and sent, by safe paths alone`() throws {
        let fixture = try APIFixture()
        let id = try fixture.createModel()
        let proxy = "/api/2.0/mlflow-artifacts/artifacts/0/models/\(id)/artifacts/"
        for (name, text) in [("MLmodel", "flavors"), ("data/100%.txt", "x")] {
            #expect(try fixture.send("PUT", proxy + name, body: text).status == 200)
        }
        let list = { (id: String, path: String) in
            try fixture.get("logged-models/\(id)/artifacts/directories", [("artifact_directory_path", path)])
        }
        #expect(
            try list(id, "").json == """
                {"files":[{"file_size":7,"is_dir":false,"path":"MLmodel"},{"is_dir":true,"path":"data"}],\
                "root_uri":"mlflow-artifacts:/0/models/\(id)/artifacts"}
                """
        )
        #expect(try list(id, "data").text.contains(#""path":"data/100%.txt""#))
        #expect(try !list(id, "nothing").text.contains("files"))
        let file = { (id: String, path: String?) in
            try fixture.send(
                "GET",
                "/ajax-api/2.0/mlflow/logged-models/\(id)/artifacts/files",
                query: path.map { [("artifact_file_path", $0)] } ?? []
            )
        }
        #expect(try file(id, "MLmodel").text == "flavors" && file(id, "data/100%.txt").text == "x")
        #expect(try file(id, nil).error.hasPrefix("400 BAD_REQUEST Request must include the \"artifact_file_path\""))
        #expect(try file(id, "data").error.hasPrefix("400 INVALID_PARAMETER_VALUE "))
        #expect(try file(id, "nothing").status == 404)
        for path in ["../MLmodel", "/MLmodel", "a/../../x"] {
            // The server refuses the path before it looks for the model.
            for model in [id, "m-0"] {
                #expect(try file(model, path).error == "400 INVALID_PARAMETER_VALUE Invalid path")
                #expect(try list(model, path).error == "400 INVALID_PARAMETER_VALUE Invalid path")
            }
        }
        #expect(try file("m-0", "a").error == "404 RESOURCE_DOES_NOT_EXIST Logged model with ID 'm-0' not found.")
        _ = try fixture.send("DELETE", "/api/2.0/mlflow/logged-models/\(id)")
        #expect(try file(id, "MLmodel").status == 404 && list(id, "").status == 404)
    }

    @Test func `artifacts outside the roots of the operator are not opened`() throws {
        let fixture = try APIFixture()
        let made = try fixture.post("experiments/create", #"{"name":"e","artifact_location":"/etc"}"#)
        let experiment = try #require(try made.member("experiment_id").string)
        let id = try fixture.createModel(in: experiment)
        let error = try fixture.get("logged-models/\(id)/artifacts/directories", []).error
        #expect(error.hasPrefix("400 INVALID_PARAMETER_VALUE The artifacts of logged model \(id) are at '/etc/models/"))
    }
}

extension APIFixture {
    /// Creates a model through the API.
    fileprivate func createModel(in experimentID: String = "0") throws -> String {
        let reply = try post("logged-models", #"{"experiment_id":"\#(experimentID)"}"#)
        return try #require(try reply.member("model", "info", "model_id").string, "\(reply.text)")
    }
}
