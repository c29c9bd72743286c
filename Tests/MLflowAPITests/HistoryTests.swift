import JSON
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct HistoryTests {
    @Test func `a long history comes in pieces and says what one page would say`() throws {
        let fixture = try APIFixture()
        let runID = try fixture.createRun()
        try fixture.log(pointCount: 10_000, runID: runID)
        let whole = try fixture.get("metrics/get-history", [("run_id", runID), ("metric_key", "m")])
        #expect(whole.pieces > 1)
        let points = try whole.member("metrics").elements.map {
            "\($0["timestamp"]?.int64 ?? -1) \($0["value"]?.double ?? -1)"
        }
        #expect(points == (0..<10_000).map { "\($0) \(Double($0))" })
        #expect(try !whole.json.contains("next_page_token"))
        for size in [1_999, 2_000, 2_001, 9_999, 10_000, 25_000] {
            var joined: [String] = []
            var token: String?
            repeat {
                var query = [("run_id", runID), ("metric_key", "m"), ("max_results", "\(size)")]
                if let token { query.append(("page_token", token)) }
                let page = try fixture.get("metrics/get-history", query)
                let found = try page.member("metrics").elements.map {
                    "\($0["timestamp"]?.int64 ?? -1) \($0["value"]?.double ?? -1)"
                }
                token = try JSONDocument(parsing: page.bytes).root["next_page_token"]?.string
                #expect(found.count == size || token == nil)
                joined += found
            } while token != nil
            #expect(joined == points, "pages of \(size)")
        }
    }

    @Test func `a history has its exact shape and its ends are empty objects`() throws {
        let fixture = try APIFixture()
        let runID = try fixture.createRun()
        let body = #"""
            {"run_id":"\#(runID)","metrics":[{"key":"m","value":"NaN","timestamp":2},{"key":"m","value":1,"timestamp":1,"step":3}]}
            """#
        #expect(try fixture.post("runs/log-batch", body).text == "{}")
        let whole = try fixture.get("metrics/get-history", [("run_uuid", runID), ("metric_key", "m")])
        #expect(
            whole.text
                == #"{"metrics":[{"key":"m","value":1.0,"timestamp":1,"step":3},{"key":"m","value":"NaN","timestamp":2,"step":0}]}"#
        )
        for query in [[("run_id", runID), ("metric_key", "n")], [("run_id", "nothing"), ("metric_key", "m")]] {
            #expect(try fixture.get("metrics/get-history", query).text == "{}")
            #expect(try fixture.get("metrics/get-history", query + [("max_results", "1")]).text == "{}")
        }
        // {"offset": 99}: a page token of the reference, beyond the end.
        let beyond = [("run_id", runID), ("metric_key", "m"), ("page_token", "eyJvZmZzZXQiOiA5OX0=")]
        #expect(try fixture.get("metrics/get-history", beyond).text == "{}")
    }

    @Test(arguments: ["0", "-1"])
    func `a page of nothing is refused`(size: String) throws {
        let query = [("run_id", "r"), ("metric_key", "m"), ("max_results", size)]
        #expect(
            try APIFixture().get("metrics/get-history", query).error
                == "400 INVALID_PARAMETER_VALUE Invalid value \(size) for parameter 'max_results' supplied. "
                + "It must be a positive integer."
        )
    }

    @Test func `NaN is a bare word in the bulk history and a string elsewhere`() throws {
        let fixture = try APIFixture()
        let runID = try fixture.createRun()
        let body = #"{"run_id":"\#(runID)","key":"m","value":"NaN","timestamp":2}"#
        #expect(try fixture.post("runs/log-metric", body).text == "{}")
        let point = { (value: String, tail: String) in #"{"key":"m","value":\#(value),"timestamp":2,"step":0\#(tail)}"#
        }
        let bulk = try fixture.bulk([("run_id", runID), ("run_id", runID), ("metric_key", "m")])
        #expect(bulk.text == #"{"metrics":[\#(point("NaN", #","run_id":"\#(runID)""#))]}"#)
        let interval = try fixture.get("metrics/get-history-bulk-interval", [("run_ids", runID), ("metric_key", "m")])
        #expect(interval.text == #"{"metrics":[\#(point("\"NaN\"", #","run_id":"\#(runID)""#))]}"#)
        let history = try fixture.get("metrics/get-history", [("run_id", runID), ("metric_key", "m")])
        #expect(history.text == #"{"metrics":[\#(point("\"NaN\"", ""))]}"#)
        #expect(try fixture.get("runs/get", [("run_id", runID)]).text.contains(point("\"NaN\"", "")))
        #expect(try fixture.bulk([("run_id", "nothing"), ("metric_key", "")]).text == #"{"metrics":[]}"#)
        #expect(
            try fixture.bulk([("run_id", runID), ("metric_key", "m"), ("max_results", "0")]).text == #"{"metrics":[]}"#
        )
    }

    @Test(
        arguments: [
            ([], "GetMetricHistoryBulk request must specify at least one run_id."),
            ([("run_id", "r")], "GetMetricHistoryBulk request must specify a metric_key."),
            (
                Array(repeating: ("run_id", "r"), count: 101),
                "GetMetricHistoryBulk request cannot specify more than 100 run_ids. Received 101 run_ids."
            ),
        ] as [([(String, String)], String)]
    )
    func `the bulk history says what it needs`(query: [(String, String)], message: String) throws {
        #expect(try APIFixture().bulk(query).error == "400 INVALID_PARAMETER_VALUE \(message)")
    }

    @Test(
        arguments: [
            ([], "Missing value for required parameter 'run_ids'." + seeDocs),
            ([("run_ids", "r")], "Missing value for required parameter 'metric_key'." + seeDocs),
            (
                Array(repeating: ("run_ids", "r"), count: 101),
                "GetMetricHistoryBulkInterval request must specify at most 100 run_ids. Received 101 run_ids." + seeDocs
            ),
            (
                [("run_ids", "r"), ("metric_key", "m"), ("max_results", "0")],
                "max_results must be between 1 and 2500." + seeDocs
            ),
            (
                [("run_ids", "r"), ("metric_key", "m"), ("max_results", "2501")],
                "max_results must be between 1 and 2500." + seeDocs
            ),
            (
                [("run_ids", "r"), ("metric_key", "m"), ("start_step", "1")],
                "If either start step or end step are specified, both must be specified."
            ),
            (
                [("run_ids", "r"), ("metric_key", "m"), ("start_step", "6"), ("end_step", "2")],
                "end_step must be greater than start_step. Found start_step=6 and end_step=2."
            ),
        ] as [([(String, String)], String)]
    )
    func `the sampled history says what it needs`(query: [(String, String)], message: String) throws {
        let reply = try APIFixture().get("metrics/get-history-bulk-interval", query)
        #expect(reply.error == "400 INVALID_PARAMETER_VALUE \(message)")
    }

    @Test func `the sampled history keeps the order of the request`() throws {
        let fixture = try APIFixture()
        let runIDs = try (0..<2).map { _ in try fixture.createRun() }.sorted()
        for runID in runIDs { try fixture.log(pointCount: 10, runID: runID) }
        let asked = [runIDs[1], runIDs[0], runIDs[1], "nothing"]
        let query = asked.map { ("run_ids", $0) } + [("metric_key", "m"), ("max_results", "3")]
        let reply = try fixture.get("metrics/get-history-bulk-interval", query)
        let found = try reply.member("metrics").elements.map {
            "\($0["run_id"]?.string ?? "") \($0["step"]?.int64 ?? -1)"
        }
        #expect(found == asked.dropLast().flatMap { runID -> [String] in ["\(runID) 0", "\(runID) 4", "\(runID) 9"] })
        let none = try fixture.get("metrics/get-history-bulk-interval", [("run_ids", "x"), ("metric_key", "m")])
        #expect(none.text == "{}")
    }
}

extension APIFixture {
    fileprivate func bulk(_ query: [(String, String)]) throws -> Reply {
        try send("GET", "/ajax-api/2.0/mlflow/metrics/get-history-bulk", query: query)
    }

    /// Logs the values 0, 1, 2 and so on of the metric `m`; the timestamp and step of each equal its value.
    fileprivate func log(pointCount: Int, runID: String) throws {
        let metrics = (0..<pointCount).map {
            Metric(key: "m", value: Double($0), timestamp: Int64($0), step: Int64($0))
        }
        try stored.write { try $0.logMetrics(metrics, runID: runID) }
    }
}
