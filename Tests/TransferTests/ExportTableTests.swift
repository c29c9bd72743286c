import JSON
import TestSupport
import Testing
import Tracking
import TrackingStore

@testable import Transfer

@Suite struct ExportTableTests {
    private func table(
        _ rows: ExportTable.Rows,
        _ format: ExportTable.Format,
        _ records: [TransferRecord],
        _ keys: RunKeys = RunKeys()
    ) -> String {
        let table = ExportTable(rows, format, keys: keys)
        var bytes: [UInt8] = []
        table.begin(&bytes)
        for record in records { table.add(record, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func run(
        _ id: String,
        metrics: [(String, Double)],
        params: [(String, String)],
        end: Int64? = nil
    ) -> TransferRecord {
        var run = Run(
            info: RunInfo(
                runID: id,
                name: "",
                experimentID: 7,
                userID: "",
                status: .running,
                startTime: 1_764_349_389_120,
                endTime: end,
                artifactURI: "mlflow-artifacts:/7/\(id)",
                lifecycleStage: .active
            )
        )
        run.metrics = metrics.map { Metric(key: $0.0, value: $0.1, timestamp: 1, step: 1) }
        run.params = params.map { Param(key: $0.0, value: $0.1) }
        return .run(TransferredRun(run: run, experiment: Sample.sourceExperiment))
    }

    @Test func `a run is a line whose cells are beneath their keys`() {
        let records = [
            run("r1", metrics: [("a", .nan), ("c", -.infinity)], params: [("p", "1,\"2\"\n3")], end: -1),
            run("r2", metrics: [("b", 0.1), ("later", 2)], params: [("p", "")]),
        ]
        let keys = RunKeys(metrics: ["a", "b", "c"], params: ["p"], tags: ["größe 🦩"])
        #expect(
            table(.runs, .csv, records, keys) == """
                run_id,experiment_id,status,artifact_uri,start_time,end_time,\
                metrics.a,metrics.b,metrics.c,params.p,"tags.größe 🦩"
                r1,7,RUNNING,mlflow-artifacts:/7/r1,2025-11-28T17:03:09.120Z,1969-12-31T23:59:59.999Z,nan,,-inf,"1,""2""
                3",
                r2,7,RUNNING,mlflow-artifacts:/7/r2,2025-11-28T17:03:09.120Z,,,0.1,,"",

                """
        )
    }

    @Test func `every time that a client may store is shown`() {
        let times: [(Int64, String)] = [
            (.min, "-292275055-05-16T16:47:04.192Z"), (.max, "292278994-08-17T07:12:55.807Z"),
            (-1_000, "1969-12-31T23:59:59.000Z"),
        ]
        for (time, text) in times {
            let lines = table(.runs, .csv, [run("r", metrics: [], params: [], end: time)])
            #expect(lines.contains(",\(text)"), "\(time)")
        }
    }

    @Test func `a run is an object of what it has`() throws {
        let lines = table(.runs, .jsonl, [run("r\n", metrics: [("a", .nan), ("b", 0.5)], params: [("\"p\"", "x")])])
        #expect(lines.hasSuffix("}\n") && lines.split(separator: "\n").count == 1)
        let object = try JSONDocument(parsing: Array(lines.utf8)).root
        let about = ["run_id", "experiment_id", "status", "artifact_uri", "start_time"]
        let keys = about + ["metrics.a", "metrics.b", "params.\"p\""]
        #expect(object.members.map(\.key) == keys)
        #expect(object["metrics.a"]?.string == "NaN" && object["experiment_id"]?.string == "7")
    }

    @Test func `a point is a row`() {
        let points = TransferRecord.points(
            TransferredPoints(
                runID: "r",
                key: "k,1",
                points: [
                    MetricPoint(value: 0, isNaN: true, timestamp: 5, step: -1),
                    MetricPoint(value: 1e-300, isNaN: false, timestamp: 6, step: 2),
                ]
            )
        )
        let lines = ["run_id,key,value,timestamp,step", "r,\"k,1\",nan,5,-1", "r,\"k,1\",1e-300,6,2", ""]
        #expect(table(.metrics, .csv, [points]) == lines.joined(separator: "\n"))
        #expect(
            table(.metrics, .jsonl, [points]) == """
                {"run_id":"r","key":"k,1","value":"NaN","timestamp":5,"step":-1}
                {"run_id":"r","key":"k,1","value":1e-300,"timestamp":6,"step":2}

                """
        )
    }

    @Test func `the keys of runs are in the order of their bytes, deleted runs left out`() throws {
        let fixture = try StoreFixture()
        _ = try fixture.write { try $0.importRecords(Sample.all) }
        #expect(
            try fixture.store.runKeys(.everything)
                == RunKeys(metrics: ["loss"], params: ["long", "lr"], tags: ["mlflow.runName", "note"])
        )
        #expect(try fixture.store.runKeys(.experiments([0])) == RunKeys())
    }
}
