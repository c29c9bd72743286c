import HTTPServer
import HTTPWire
import JSON
import MLflowAPI
import TestSupport
import Testing
import Tracking
import TrackingStore

/// The document of an export, and what stands around it.
@Suite struct ExportTests {
    private static let shell = ExportShell(before: Array("<script>".utf8), after: Array("</script>".utf8))

    private func fixture() throws -> APIFixture {
        try APIFixture { settings, _ in settings.exportShell = { Self.shell } }
    }

    @Test func `a run is told whole, with its curves, its files, and the page that is shown first`() throws {
        let fixture = try fixture()
        let runID = try fixture.createRun()
        try fixture.log([("m", 3), ("m", 1), ("m", 2), ("nan", .nan)], runID: runID)
        try fixture.put("0/\(runID)/artifacts/deep/a.txt", "hello")
        let reply = try fixture.export(#"{"run_ids":["\#(runID)","\#(runID)"]}"#)
        #expect(reply.header("Content-Disposition")?.hasPrefix("attachment") == true)
        #expect(reply.header("Content-Security-Policy")?.contains("sandbox") == true)
        let document = try reply.document()
        let run = try #require(document["runs"]?.firstElement)
        #expect(document["runs"]?.count == 1)
        #expect(run["run"]?["info"]?["run_id"]?.string == runID)
        #expect(run["extremes"]?["m"]?.elements.map { $0.double } == [1, 1, 3, 0])
        #expect(run["extremes"]?["nan"] == nil)
        #expect(document["experiments"]?.elements.map { $0["experiment_id"]?.string } == ["0"])
        let curves = try #require(document["curves"]?.elements)
        #expect(curves.map { $0["key"]?.string } == ["m", "nan"])
        #expect(document["curves"]?.firstElement?["count"]?.double == 3)
        let files = try #require(document["artifacts"]?.firstElement?["files"]?.elements)
        #expect(files.map { $0["path"]?.string } == ["deep", "deep/a.txt"])
        #expect(files.map { $0["content"]?.string } == [nil, "aGVsbG8="])
        #expect(document["start"]?.string == "#/experiments/0/runs/\(runID)")
        #expect(document["left_out"] == nil)
    }

    @Test func `a misspelt or empty choice is refused and not taken for everything`() throws {
        let fixture = try fixture()
        let runID = try fixture.createRun()
        let calls = [
            ("archive", "run_id", runID), ("archive", "run_ids", ""), ("table", "experiment_ids", ","),
            ("table", "formats", "csv"),
        ]
        for (call, name, value) in calls {
            let reply = try fixture.send("GET", "/api/apus/1.0/export/\(call)", query: [(name, value)])
            #expect(reply.status == 400, "\(call)?\(name)=\(value)")
        }
        #expect(try fixture.export(#"{"run_ids":["\#(runID)"],"filters":"x = 1"}"#).status == 400)
    }

    @Test func `a table has runs without curves and files`() throws {
        let fixture = try fixture()
        let runIDs = try (0..<25).map { _ in try fixture.createRun() }
        for runID in runIDs { try fixture.log([("m", 1)], runID: runID) }
        try fixture.put("0/\(runIDs[0])/artifacts/a.txt", "hello")
        let all = try fixture.export(#"{"experiment_ids":["0"]}"#).document()
        #expect(Set(all["runs"]?.elements.compactMap { $0["run"]?["info"]?["run_id"]?.string } ?? []) == Set(runIDs))
        #expect(all["curves"]?.count == 0 && all["artifacts"]?.count == 0)
        #expect(all["start"]?.string == "#/experiments/0")
        let none = try fixture.export(#"{"experiment_ids":["0"],"filter":"metrics.m > 1"}"#).document()
        #expect(none["runs"]?.count == 0 && none["experiments"]?.count == 1)
    }

    @Test func `a long curve is thinned and says how long it is, and a long file is left out`() throws {
        let fixture = try fixture()
        let runID = try fixture.createRun()
        try fixture.log((0..<3_000).map { ("m", Double($0)) }, runID: runID)
        try fixture.put("0/\(runID)/artifacts/long", String(repeating: "x", count: 1_048_577))
        try fixture.put("0/\(runID)/artifacts/short", String(repeating: "x", count: 1_048_576))
        let document = try fixture.export(#"{"run_ids":["\#(runID)"]}"#).document()
        let curve = try #require(document["curves"]?.firstElement)
        #expect(curve["count"]?.double == 3_000)
        #expect(curve["values"]?.count == 1_000 && curve["max"]?.count == 1_000)
        let files = try #require(document["artifacts"]?.firstElement?["files"]?.elements)
        #expect(files.map { $0["content"] == nil } == [true, false])
        #expect(document["left_out"]?.string == "1 files")
    }

    @Test(arguments: ["</script>", "<!--<script>", "\u{2028}\u{2029}", "]]>\"\\", "\u{202E}"])
    func `no text leaves the element that it lies in`(text: String) throws {
        let fixture = try fixture()
        let runID = try fixture.createRun()
        let quoted = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        for call in ["set-tag", "log-parameter"] {
            let reply = try fixture.post("runs/\(call)", #"{"run_id":"\#(runID)","key":"k","value":"\#(quoted)"}"#)
            try #require(reply.status == 200)
        }
        try fixture.put("0/\(runID)/artifacts/\(text.replacing("/", with: "\\").replacing("#", with: ""))", text)
        let reply = try fixture.export(#"{"run_ids":["\#(runID)"]}"#)
        let inside = reply.text.dropFirst("<script>".count).dropLast("</script>".count)
        #expect(!inside.contains("<") && !inside.contains("\u{2028}") && !inside.contains("\u{2029}"))
        let values = try reply.document()["runs"]?.firstElement?["run"]?["data"]?["params"]?.elements
        #expect(values?.map { $0["value"]?.string } == [text])
    }

    @Test(arguments: [
        (#"{}"#, "400", "'run_ids'"), (#"{"run_ids":["a"],"experiment_ids":["0"]}"#, "400", "either"),
        (#"{"run_ids":["absent"]}"#, "404", "absent"), (#"{"experiment_ids":["77"]}"#, "404", "77"),
        (#"{"experiment_ids":["0"],"filter":"what"}"#, "400", ""),
        (#"{"run_ids":[\#((0...100).map { "\"r\($0)\"" }.joined(separator: ","))]}"#, "400", "at most 100"),
    ])
    func `what cannot be exported is refused before anything is sent`(
        body: String,
        status: String,
        named: String
    ) throws {
        let error = try fixture().export(body).error
        #expect(error.hasPrefix(status) && (named.isEmpty || error.contains(named)), "\(error)")
    }
}

extension JSONValue {
    fileprivate var firstElement: JSONValue? { elements.first { _ in true } }
}

extension APIFixture {
    fileprivate func export(_ body: String) throws -> Reply {
        try send("POST", "/api/apus/1.0/export/html", body: body, headers: ["content-type": "application/json"])
    }

    /// Logs points at the steps 0, 1, 2 and so on.
    fileprivate func log(_ points: [(key: String, value: Double)], runID: String) throws {
        let metrics = points.enumerated().map { step, point in
            Metric(key: point.key, value: point.value, timestamp: Int64(step), step: Int64(step))
        }
        try stored.write { try $0.logMetrics(metrics, runID: runID) }
    }

    fileprivate func put(_ path: String, _ text: String) throws {
        let reply = try send("PUT", "/api/2.0/mlflow-artifacts/artifacts/" + path, body: text)
        try #require(reply.status == 200, "\(reply.text)")
    }
}

extension Reply {
    /// What stands between the two ends of the file.
    fileprivate func document() throws -> JSONValue {
        try #require(status == 200, "\(text)")
        let inside = text.dropFirst("<script>".count).dropLast("</script>".count)
        return try JSONDocument(parsing: Array(inside.utf8)).root
    }
}
