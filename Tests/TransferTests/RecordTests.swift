import JSON
import Testing
import Tracking
import Transfer

@Suite struct RecordTests {
    @Test func `every record reads back as what was written`() throws {
        var text: [UInt8] = []
        for record in Sample.all {
            var writer = JSONWriter()
            writer.record(record)
            text += writer.bytes + [UInt8(ascii: "\n")]
        }
        #expect(try RecordLines(text).records == Sample.all)
    }

    @Test func `an experiment without an id, and a run without a location, stay so`() throws {
        var experiment = Sample.experiment(id: Experiment.noID)
        experiment.artifactLocation = ""
        let run = Sample.run { transferred in
            transferred.experiment.id = Experiment.noID
            transferred.run.info.experimentID = Experiment.noID
            transferred.run.info.artifactURI = ""
        }
        let line = #"{"run":{"run_id":"r","experiment_name":"training","start_time":1}}"#
        guard case .run(let bare) = try RecordLines(Array(line.utf8)).records.first else {
            Issue.record("no run")
            return
        }
        #expect(bare.experiment == run.experiment && bare.run.info.artifactURI == "")
        var text: [UInt8] = []
        for record in [.experiment(experiment), .run(run)] as [TransferRecord] {
            var writer = JSONWriter()
            writer.record(record)
            text += writer.bytes + [UInt8(ascii: "\n")]
        }
        #expect(try RecordLines(text).records == [.experiment(experiment), .run(run)])
    }

    @Test func `what shows whose points they are reads back as what was written`() throws {
        let run = Sample.run { $0.experiment.creationTime = 100 }
        var model = Sample.loggedModel()
        model.experiment.creationTime = 0
        var (points, modelPoints) = (Sample.points, Sample.modelPoints)
        points.identity = run.identity
        modelPoints.identity = model.identity
        let records: [TransferRecord] = [.run(run), .points(points), .loggedModel(model), .modelPoints(modelPoints)]
        var text: [UInt8] = []
        for record in records {
            var writer = JSONWriter()
            writer.record(record)
            text += writer.bytes + [UInt8(ascii: "\n")]
        }
        #expect(try RecordLines(text).records == records)
    }

    @Test func `a report tells all that was left out`() throws {
        var report = TransferReport()
        report.noteLeftOut(.run, "r")
        report.noteLeftOut(.loggedModel, "m")
        report.noteLeftOut(.points, "r")
        var writer = JSONWriter()
        writer.beginObject()
        writer.members(of: report)
        writer.endObject()
        let read = TransferReport(try JSONDocument(parsing: writer.takeBytes()).root)
        #expect(read?.leftOut == [TransferOwner(.run, "r"), TransferOwner(.loggedModel, "m")])
    }

    @Test func `unknown kinds and empty lines are left out`() throws {
        let text = "\n{\"trace\": {\"id\": 1}}\r\n  \n{\"points\":{\"run_id\":\"r\",\"key\":\"k\",\"points\":[]}}"
        let records = try RecordLines(Array(text.utf8)).records
        #expect(records == [.points(TransferredPoints(runID: "r", key: "k", points: []))])
    }

    @Test(arguments: [
        (#"{"points": {"run_id": "r", "key": "k", "points": [[1, 2]]}}"#, "points.points[0]"),
        (#"{"points": {"run_id": "r", "key": "k", "points": [[1, 2, "x"]]}}"#, "points.points[0]"),
        (#"{"run": {"run_id": 1}}"#, "run.experiment_name"),
        (#"{"experiment": {"experiment_id": "1", "creation_time": "x"}}"#, "experiment.creation_time"),
        (#"{"experiment": []}"#, "experiment"), ("[]", "one member"), ("{}", "one member"), ("{", "not valid JSON"),
    ])
    func `a line that is no record is refused by its number and member`(line: String, part: String) throws {
        let error = #expect(throws: TrackingError.self) { try RecordLines(Array("\n\(line)".utf8)) }
        #expect(
            error?.message.contains("Line 2 ") == true && error?.message.contains(part) == true,
            "\(error?.message ?? "")"
        )
    }

    @Test func `values beyond JSON are strings`() throws {
        let line = #"{"points":{"run_id":"r","key":"k","points":[[1,2,"NaN"],[1,3,"Infinity"],[1,4,"-Infinity"]]}}"#
        guard case .points(let points) = try RecordLines(Array(line.utf8)).records.first else {
            Issue.record("no points")
            return
        }
        #expect(points.points.map(\.isNaN) == [true, false, false])
        #expect(points.points.map(\.value) == [0, .greatestFiniteMagnitude, -.greatestFiniteMagnitude])
    }

    @Test func `a report reads back as what was written`() throws {
        var report = TransferReport()
        report.count(.run) { $0.added += 2 }
        report.count(.points) { $0.unchanged += 5 }
        for number in 0..<(TransferReport.maximumRemarks + 3) { report.remark(.run, "\(number)", "differs") }
        report.mappings = [ExperimentMapping(source: 1, id: 2, name: "a")]
        var writer = JSONWriter()
        writer.beginObject()
        writer.members(of: report)
        writer.endObject()
        #expect(TransferReport(try JSONDocument(parsing: writer.bytes).root) == report)
    }
}
