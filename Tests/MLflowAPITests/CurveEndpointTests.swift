import JSON
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct CurveEndpointTests {
    @Test func `curves have their exact shape`() throws {
        let fixture = try APIFixture()
        let runID = try fixture.createRun()
        try fixture.log([("m", 1), ("m", .nan), ("m", .infinity), ("n", 2)], runID: runID)
        let reply = try fixture.curves(#"{"run_ids":["\#(runID)","nothing"],"keys":["m","n","none"]}"#)
        let positions = try reply.positions()
        #expect(
            reply.text == #"""
                {"curves":[{"run_id":"\#(runID)","key":"m","count":3,"mode":"whole","position":"\#(positions[0])",\#
                "steps":[0,1,2],"timestamps":[0,1,2],"values":[1.0,"NaN","Infinity"]},\#
                {"run_id":"\#(runID)","key":"n","count":1,"mode":"whole","position":"\#(positions[1])",\#
                "steps":[3],"timestamps":[3],"values":[2.0]}]}
                """#
        )
        let thinned = try fixture.curves(#"{"run_ids":["\#(runID)"],"keys":["m"],"max_points":2}"#)
        let points = #""steps":[0,2],"timestamps":[0,2],"values":[1.0,"Infinity"]"#
        #expect(thinned.text.contains(points + #","min":[1.0,"Infinity"],"max":[1.0,"Infinity"],"nan":[0,1]}"#))
        #expect(try fixture.curves(#"{"run_ids":["x"],"keys":["m"]}"#).text == #"{"curves":[]}"#)
    }

    @Test func `only new points come after a position, also for keys that look like fields`() throws {
        let fixture = try APIFixture()
        let runID = try fixture.createRun()
        try fixture.log([("val_loss", 1), ("valLoss", 2)], runID: runID)
        let keys = #"["val_loss","valLoss"]"#
        let first = try fixture.curves(#"{"run_ids":["\#(runID)"],"keys":\#(keys)}"#)
        let positions = try first.positions()
        let after = #"{"\#(runID)":{"val_loss":"\#(positions[0])","valLoss":"\#(positions[1])"}}"#
        let body = #"{"run_ids":["\#(runID)"],"keys":\#(keys),"after":\#(after)}"#
        #expect(try fixture.curves(body).text == #"{"curves":[]}"#)
        try fixture.stored.write {
            try $0.logMetrics([Metric(key: "valLoss", value: 3, timestamp: 99, step: 9)], runID: runID)
        }
        let more = try fixture.curves(body)
        #expect(try more.member("curves").elements.compactMap { $0["key"]?.string } == ["valLoss"])
        #expect(more.text.contains(#""mode":"append""#) && more.text.contains(#""values":[3.0]"#))
    }

    @Test func `a part of a curve has no position`() throws {
        let fixture = try APIFixture()
        let runID = try fixture.createRun()
        try fixture.log((0..<100).map { ("m", Double($0)) }, runID: runID)
        let reply = try fixture.curves(#"{"run_ids":["\#(runID)"],"keys":["m"],"from":97}"#)
        #expect(
            reply.text == #"""
                {"curves":[{"run_id":"\#(runID)","key":"m","count":100,"mode":"whole","steps":[97,98,99],\#
                "timestamps":[97,98,99],"values":[97.0,98.0,99.0]}]}
                """#
        )
    }

    @Test func `many long curves come in parts`() throws {
        let fixture = try APIFixture()
        var runIDs: [String] = []
        for _ in 0..<20 {
            let runID = try fixture.createRun()
            runIDs.append(runID)
            try fixture.log((0..<1_000).map { ("m", Double($0) / 7) }, runID: runID)
        }
        let list = runIDs.map { #""\#($0)""# }.joined(separator: ",")
        let reply = try fixture.curves(#"{"run_ids":[\#(list)],"keys":["m","none"],"max_points":500,"x":"time"}"#)
        #expect(reply.pieces > 3)
        #expect(try reply.member("curves").elements.compactMap { $0["run_id"]?.string } == runIDs)
        let lengths = try reply.member("curves").elements.flatMap { [$0["values"]?.count, $0["min"]?.count] }
        #expect(lengths == Array(repeating: 500, count: 40))
    }

    @Test(arguments: [
        (#"{"keys":["m"]}"#, "'run_ids'"), (#"{"run_ids":["r"],"keys":[]}"#, "'keys'"),
        (#"{"run_ids":["r"],"keys":["m"],"max_points":1}"#, "from 2 to 2500"),
        (#"{"run_ids":["r"],"keys":["m"],"x":"epoch"}"#, "one of 'step', 'time'"),
        (#"{"run_ids":["r"],"keys":["m"],"after":7}"#, "after"),
        (#"{"run_ids":["r"],"keys":["m"],"from":3,"to":2}"#, "from=3 and to=2"),
        (#"{"run_ids":["r"],"keys":["m"],"from":3,"after":{}}"#, "leave out either"),
    ])
    func `a question that has no answer is refused by name`(body: String, named: String) throws {
        let error = try APIFixture().curves(body).error
        #expect(error.hasPrefix("400 INVALID_PARAMETER_VALUE") && error.contains(named), "\(error)")
    }

    @Test func `too much at once is refused`() throws {
        let fixture = try APIFixture()
        func names(_ count: Int) -> String { (0..<count).map { #""k\#($0)""# }.joined(separator: ",") }
        let tooMany = try fixture.curves(#"{"run_ids":[\#(names(101))],"keys":["m"]}"#)
        #expect(tooMany.error.contains("at most 100"))
        let tooLarge = try fixture.curves(#"{"run_ids":[\#(names(100))],"keys":[\#(names(100))],"max_points":101}"#)
        #expect(tooLarge.error.contains("more than 1000000 points"))
        let legal = try fixture.curves(#"{"run_ids":[\#(names(100))],"keys":[\#(names(100))],"max_points":100}"#)
        #expect(legal.text == #"{"curves":[]}"#)
    }
}

extension Reply {
    /// The positions of the curves, in their order.
    fileprivate func positions() throws -> [String] {
        try member("curves").elements.compactMap { $0["position"]?.string }
    }
}

extension APIFixture {
    fileprivate func curves(_ body: String) throws -> Reply {
        try send("POST", "/ajax-api/apus/1.0/metrics/curves", body: body, headers: ["content-type": "application/json"])
    }

    /// Logs points whose times and steps count from 0.
    fileprivate func log(_ points: [(key: String, value: Double)], runID: String) throws {
        let metrics = points.enumerated().map { index, point in
            Metric(key: point.key, value: point.value, timestamp: Int64(index), step: Int64(index))
        }
        try stored.write { try $0.logMetrics(metrics, runID: runID) }
    }
}
