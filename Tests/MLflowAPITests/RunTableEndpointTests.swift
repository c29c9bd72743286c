import JSON
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct RunTableEndpointTests {
    @Test func `a table has its exact shape`() throws {
        let fixture = try APIFixture()
        let parent = try fixture.createRun()
        let made = try fixture.post(
            "runs/create",
            #"""
            {"experiment_id":"0","run_name":"n","user_id":"u","start_time":5,\#
            "tags":[{"key":"mlflow.parentRunId","value":"\#(parent)"}]}
            """#
        )
        let runID = try #require(try made.member("run", "info", "run_id").string)
        let batch = #"""
            {"run_id":"\#(runID)","metrics":[{"key":"m","value":2.5,"timestamp":1,"step":1},\#
            {"key":"m","value":"-Infinity","timestamp":2,"step":2},{"key":"m","value":"NaN","timestamp":3,"step":3},\#
            {"key":"bad","value":"NaN","timestamp":9,"step":0}],\#
            "params":[{"key":"lr","value":"1e-3"},{"key":"name","value":"net"}]}
            """#
        #expect(try fixture.post("runs/log-batch", batch).text == "{}")
        let columns = #"""
            [{"metric":"m"},{"metric":"m","value":"min"},{"metric":"m","value":"best","goal":"maximize"},\#
            {"metric":"m","value":"at_step","step":1},{"metric":"bad","value":"max"},{"param":"lr"},{"param":"name"},\#
            {"tag":"none"},{"metric":"bad"}]
            """#
        let filter = "attributes.run_name = 'n'"
        let reply = try fixture.table(#"{"experiment_ids":["0"],"columns":\#(columns),"filter":"\#(filter)"}"#)
        #expect(
            reply.text == #"""
                {"runs":[{"run_id":"\#(runID)","run_name":"n","experiment_id":"0","status":"RUNNING",\#
                "lifecycle_stage":"active","start_time":5,"user_id":"u","parent_run_id":"\#(parent)","last_logged":9,\#
                "values":["NaN",{"value":"-Infinity","step":2},{"value":2.5,"step":1},2.5,null,"1e-3","net",null,"NaN"]}],\#
                "columns":[{"metric":"m","value":"last","type":"number"},{"metric":"m","value":"min","type":"number"},\#
                {"metric":"m","value":"best","goal":"maximize","type":"number"},\#
                {"metric":"m","value":"at_step","step":1,"type":"number"},{"metric":"bad","value":"max","type":"number"},\#
                {"param":"lr","type":"number"},{"param":"name","type":"string"},{"tag":"none","type":"string"},\#
                {"metric":"bad","value":"last","type":"number"}]}
                """#
        )
        let none = try fixture.table(#"{"experiment_ids":["7"],"columns":[{"param":"lr"}]}"#)
        #expect(none.text == #"{"runs":[],"columns":[{"param":"lr","type":"string"}]}"#)
        #expect(try fixture.table(#"{}"#).text == #"{"runs":[],"columns":[]}"#)
    }

    @Test func `any column orders a table, page by page`() throws {
        let fixture = try APIFixture()
        let values = ["10", "9", "-1e1", "x", "Y", nil]
        for (index, value) in values.enumerated() {
            let runID = try fixture.createRun()
            if let value {
                let metrics = [index * 7 % 5, index].enumerated().map { step, number in
                    #"{"key":"m","value":\#(number),"timestamp":1,"step":\#(step)}"#
                }.joined(separator: ",")
                let params = #"[{"key":"p","value":"\#(value)"}]"#
                let batch = #"{"run_id":"\#(runID)","params":\#(params),"metrics":[\#(metrics)]}"#
                #expect(try fixture.post("runs/log-batch", batch).text == "{}")
            }
        }
        let columns = #"[{"param":"p"},{"metric":"m","value":"max"},{"metric":"m","value":"at_step","step":0}]"#
        func pages(_ order: String) throws -> [String] {
            var found: [String] = []
            var token = ""
            repeat {
                let page = try fixture.table(
                    #"""
                    {"experiment_ids":["0"],"columns":\#(columns),"order_by":[\#(order)],"max_results":2,\#
                    "page_token":"\#(token)"}
                    """#
                )
                found += try page.member("runs").elements.map { row in
                    row["values"]?.elements.first { _ in true }?.string ?? "-"
                }
                token = try JSONDocument(parsing: page.bytes).root["next_page_token"]?.string ?? ""
            } while !token.isEmpty
            return found
        }
        #expect(try pages(#"{"column":0}"#) == ["-1e1", "9", "10", "Y", "x", "-"])
        #expect(try pages(#"{"column":0,"descending":true}"#) == ["10", "9", "-1e1", "x", "Y", "-"])
        // The greatest numbers are 0, 2, 4, 3, 4.
        #expect(try pages(#"{"column":1,"descending":true},"params.p ASC""#) == ["-1e1", "Y", "x", "9", "10", "-"])
        // At step 0 the numbers are 0, 2, 4, 1, 3.
        #expect(try pages(#"{"column":2}"#) == ["10", "x", "9", "Y", "-1e1", "-"])
        #expect(try pages(#""params.p ASC""#) == ["-1e1", "10", "9", "Y", "x", "-"])
    }

    @Test(arguments: [
        (#"{"max_results":10001}"#, "from 1 to 10000"), (#"{"max_results":0}"#, "from 1 to 10000"),
        (#"{"columns":[{}]}"#, "exactly one of 'metric', 'param' and 'tag'"),
        (#"{"columns":[{"metric":"m","tag":"t"}]}"#, "exactly one of"),
        (#"{"columns":[{"metric":"m","value":"mean"}]}"#, "one of 'last', 'min', 'max', 'best', 'at_step'"),
        (#"{"columns":[{"metric":"m","value":"best","goal":"up"}]}"#, "one of 'minimize', 'maximize'"),
        (#"{"columns":[{"metric":"m","value":"at_step"}]}"#, "'step'"),
        (#"{"columns":[{"param":"p"}],"order_by":[{"column":1}]}"#, "there are 1 columns"),
        (#"{"columns":[{"param":"p"}],"order_by":[{"column":-1}]}"#, "there are 1 columns"),
        (#"{"order_by":[7]}"#, "order_by"), (#"{"order_by":[{"descending":true}]}"#, "order_by"),
        (#"{"columns":"p"}"#, "columns"), (#"{"filter":"x y z"}"#, "x y"),
    ])
    func `a table that cannot be made is refused by name`(body: String, named: String) throws {
        let error = try APIFixture().table(body).error
        #expect(error.hasPrefix("400 INVALID_PARAMETER_VALUE") && error.contains(named), "\(error)")
    }

    @Test func `more columns than are allowed are refused`() throws {
        let columns = Array(repeating: #"{"param":"p"}"#, count: 201).joined(separator: ",")
        #expect(try APIFixture().table(#"{"columns":[\#(columns)]}"#).error.contains("at most 200 columns"))
    }

    @Test func `a table of thousands of runs comes in parts`() throws {
        let fixture = try APIFixture()
        try fixture.stored.write { session in
            for number in 0..<3_000 {
                let run = NewRun(experimentID: 0, userID: "", name: "run \(number)", startTime: Int64(number), tags: [])
                let made = try session.createRun(run)
                let param = Param(key: "p", value: number == 0 ? "none" : "\(number)")
                try session.log(LogBatch(params: [param]), runID: made.info.runID)
            }
        }
        let reply = try fixture.table(#"{"experiment_ids":["0"],"columns":[{"param":"p"}],"max_results":10000}"#)
        #expect(reply.pieces > 3)
        let names = try reply.member("runs").elements.compactMap { $0["run_name"]?.string }
        #expect(names == (0..<3_000).reversed().map { "run \($0)" })
        // The last row of the last part decides the type.
        #expect(try reply.member("columns").canonicalText == #"[{"param":"p","type":"string"}]"#)
    }

    @Test func `the columns that runs have are listed by key`() throws {
        let fixture = try APIFixture()
        for value in ["1", "2", "2"] {
            let runID = try fixture.createRun()
            let params = #"[{"key":"p","value":"\#(value)"}]"#
            let batch = #"{"run_id":"\#(runID)","params":\#(params),"metrics":[{"key":"m","value":1,"timestamp":1}]}"#
            #expect(try fixture.post("runs/log-batch", batch).text == "{}")
        }
        let path = "/ajax-api/apus/1.0/runs/columns"
        let headers = ["content-type": "application/json"]
        let reply = try fixture.send("POST", path, body: #"{"experiment_ids":["0"]}"#, headers: headers)
        #expect(
            reply.text == #"""
                {"runs":3,"more_runs":false,"metrics":[{"key":"m","runs":3}],\#
                "params":[{"key":"p","runs":3,"distinct":2,"type":"number","values":\#(try reply.values(of: "params"))}],\#
                "tags":[{"key":"mlflow.runName","runs":3,"distinct":1,"type":"string","values":["fresh"]}]}
                """#
        )
        let values = try reply.member("params").elements.flatMap { Array($0["values"]?.elements.map(\.string) ?? []) }
        #expect(Set(values) == ["1", "2"])
    }
}

extension Reply {
    /// The values of the first key of a kind, whose order is that of runs that began at one time.
    fileprivate func values(of kind: String) throws -> String {
        try member(kind).elements.first { _ in true }?["values"]?.canonicalText ?? ""
    }
}

extension APIFixture {
    fileprivate func table(_ body: String) throws -> Reply {
        try send("POST", "/api/apus/1.0/runs/table", body: body, headers: ["content-type": "application/json"])
    }
}
