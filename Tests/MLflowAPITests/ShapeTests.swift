import JSON
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct ShapeTests {
    @Test func `a new run has no outputs and no empty lists`() throws {
        let fixture = try APIFixture()
        let created = try fixture.post("runs/create", #"{"experiment_id":"0","run_name":"n"}"#)
        let runID = try #require(try created.member("run", "info", "run_id").string)
        let info = #"""
            {"artifact_uri":"mlflow-artifacts:/0/\#(runID)/artifacts","experiment_id":"0","lifecycle_stage":"active",\#
            "run_id":"\#(runID)","run_name":"n","run_uuid":"\#(runID)","start_time":0,"status":"RUNNING","user_id":""}
            """#
        let data = #"{"tags":[{"key":"mlflow.runName","value":"n"}]}"#
        #expect(try created.json == #"{"run":{"data":\#(data),"info":\#(info),"inputs":{}}}"#)
        let whole = #"{"data":\#(data),"info":\#(info),"inputs":{},"outputs":{}}"#
        #expect(try fixture.get("runs/get", [("run_id", runID)]).json == #"{"run":\#(whole)}"#)
        #expect(try fixture.post("runs/search", #"{"experiment_ids":["0"]}"#).json == #"{"runs":[\#(whole)]}"#)
        let ended = try fixture.post("runs/update", #"{"run_id":"\#(runID)","end_time":9,"status":"FINISHED"}"#)
        #expect(try ended.member("run_info", "end_time").int64 == 9)
        #expect(try ended.member("run_info", "status").string == "FINISHED")
        _ = try fixture.post("runs/delete-tag", #"{"run_id":"\#(runID)","key":"mlflow.runName"}"#)
        #expect(try fixture.get("runs/get", [("run_id", runID)]).json.contains(#"{"run":{"data":{},"info""#))
    }

    @Test func `a run with everything shows everything`() throws {
        let fixture = try APIFixture()
        let runID = try fixture.createRun()
        let requests = [
            (
                "runs/log-batch",
                #""metrics":[{"key":"m","value":1,"timestamp":2,"step":3}],"params":[{"key":"p"}],"tags":[{"key":"t","value":"v"}]"#
            ),
            (
                "runs/log-inputs",
                #"""
                "datasets":[{"tags":[{"key":"mlflow.data.context","value":"train"}],"dataset":{"name":"d","digest":"1",\#
                "source_type":"local","source":"s","schema":"{}"}},{"dataset":{"name":"e","digest":"2"}}],\#
                "models":[{"model_id":"m-1"}]
                """#
            ),
            ("runs/outputs", #""models":[{"model_id":"m-2","step":"4"}]"#),
        ]
        for (route, fields) in requests {
            #expect(try fixture.post(route, #"{"run_id":"\#(runID)",\#(fields)}"#).text == "{}", "\(route)")
        }
        let run = try fixture.get("runs/get", [("run_id", runID)])
        #expect(
            try run.member("run", "data").canonicalText
                == #"""
                {"metrics":[{"key":"m","step":3,"timestamp":2,"value":1.0}],"params":[{"key":"p","value":""}],\#
                "tags":[{"key":"mlflow.runName","value":"fresh"},{"key":"t","value":"v"}]}
                """#
        )
        let datasets = #"""
            "dataset_inputs":[{"dataset":{"digest":"1","name":"d","schema":"{}","source":"s","source_type":"local"},\#
            "tags":[{"key":"mlflow.data.context","value":"train"}]},\#
            {"dataset":{"digest":"2","name":"e","source":"","source_type":""}}]
            """#
        #expect(try run.member("run", "inputs").canonicalText == #"{\#(datasets),"model_inputs":[{"model_id":"m-1"}]}"#)
        #expect(try run.member("run", "outputs").canonicalText == #"{"model_outputs":[{"model_id":"m-2","step":4}]}"#)
        // A search returns no model inputs.
        #expect(
            try fixture.post("runs/search", #"{"experiment_ids":["0"]}"#).json.contains(#""inputs":{\#(datasets)}"#)
        )
        let summaries = try fixture.send(
            "POST",
            "/ajax-api/2.0/mlflow/experiments/search-datasets",
            body: #"{"experiment_ids":["0"]}"#,
            headers: ["content-type": "application/json"]
        )
        #expect(
            try summaries.json
                == #"""
                {"dataset_summaries":[{"context":"train","digest":"1","experiment_id":"0","name":"d"},\#
                {"digest":"2","experiment_id":"0","name":"e"}]}
                """#
        )
    }

    @Test func `an experiment has its exact shape under both names of its route`() throws {
        let fixture = try APIFixture()
        #expect(try fixture.post("experiments/create", #"{"name":"e"}"#).text == #"{"experiment_id":"1"}"#)
        let plain = try fixture.get("experiments/get", [("experiment_id", "1")])
        let time = try #require(try plain.member("experiment", "creation_time").int64)
        let shape = { (tags: String) in
            #"""
            {"artifact_location":"mlflow-artifacts:/1","creation_time":\#(time),"experiment_id":"1",\#
            "last_update_time":\#(time),"lifecycle_stage":"active","name":"e",\#(tags)"workspace":"default"}
            """#
        }
        #expect(try plain.json == #"{"experiment":\#(shape(""))}"#)
        #expect(try fixture.post("experiments/set-experiment-tag", #"{"experiment_id":"1","key":"k"}"#).text == "{}")
        let tagged = shape(#""tags":[{"key":"k","value":""}],"#)
        #expect(
            try fixture.get("experiments/get-by-name", [("experiment_name", "e")]).json == #"{"experiment":\#(tagged)}"#
        )
        let ajax = try fixture.send("GET", "/ajax-api/2.0/mlflow/experiments/get", query: [("experiment_id", "1")])
        #expect(try ajax.json == #"{"experiment":\#(tagged)}"#)
        let search = #"{"max_results":5,"filter":"name = 'e'"}"#
        #expect(try fixture.post("experiments/search", search).json == #"{"experiments":[\#(tagged)]}"#)
        let query = [("max_results", "5"), ("filter", "name = 'e'"), ("order_by", "name"), ("view_type", "ALL")]
        #expect(try fixture.get("experiments/search", query).json == #"{"experiments":[\#(tagged)]}"#)
    }

    @Test(
        arguments: [
            ("runs/search", "{}"), ("runs/search", #"{"experiment_ids":[]}"#),
            ("runs/search", #"{"experiment_ids":["0"]}"#),
            ("runs/search", #"{"experiment_ids":["77"],"filter":"metrics.a > 1"}"#),
            ("experiments/search", #"{"max_results":1,"filter":"name = 'nothing'"}"#),
        ]
    )
    func `a search that finds nothing is an empty object`(route: String, body: String) throws {
        #expect(try APIFixture().post(route, body).text == "{}")
    }

    @Test func `a full last page has no token and pages continue over the wire`() throws {
        let fixture = try APIFixture()
        let runIDs = Set(try (0..<4).map { _ in try fixture.createRun() })
        var found: [String] = []
        var token = ""
        for page in 0..<2 {
            let body = #"{"experiment_ids":["0"],"max_results":"2","page_token":"\#(token)"}"#
            let reply = try fixture.post("runs/search", body)
            found += try reply.member("runs").elements.compactMap { $0["info"]?["run_id"]?.string }
            let next = try JSONDocument(parsing: reply.bytes).root["next_page_token"]?.string
            #expect((next == nil) == (page == 1))
            token = next ?? ""
        }
        #expect(found == runIDs.sorted())
    }

    @Test func `the server says what works and that it is there`() throws {
        let fixture = try APIFixture()
        #expect(try fixture.send("GET", "/health").text == "OK")
        #expect(try fixture.send("GET", "/version").text == "3.17.2")
        for prefix in ["/api", "/ajax-api"] {
            let information = try fixture.send("GET", "\(prefix)/3.0/mlflow/server-info")
            #expect(try information.member("store_type").string == "SqlStore")
            #expect(try information.member("multipart_uploads_enabled").bool == true)
            #expect(try information.member("multipart_downloads_enabled").bool == false)
        }
    }
}
