import Glibc
import MLflowClient
import TestSupport
import Testing

/// What programs write on top of the calls, against a real server.
@Suite struct WorkflowTests {
    private let client: TrackingClient
    /// Makes names that no other test has.
    private let mark = "flow-\(getpid())-\(UInt64.random(in: 0..<UInt64.max))"
    private var experiment: ExperimentReference { .name(mark) }

    init() throws {
        client = try TrackingClient(ClientConfiguration(trackingURI: ServerUnderTest.uri()))
    }

    @Test func `an experiment is found by its name, its id and one of its runs`() async throws {
        let created = try await client.resolveExperiment(experiment)
        let run = try await client.startRun(experiment)
        let found = [
            try await client.resolveExperiment(experiment),
            try await client.resolveExperiment(.id(created.experimentID)),
            try await client.resolveExperiment(.ofRun(run.info.runID)),
        ]
        #expect(found.allSatisfy { $0.experimentID == created.experimentID })
        try await client.deleteExperiment(experimentID: created.experimentID)
        let deleted = await #expect(throws: MLflowError.self) { try await client.resolveExperiment(experiment) }
        #expect(deleted?.code == .invalidState)
    }

    @Test func `programs that name the same new experiment at once get the same one`() async throws {
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<8 {
                group.addTask { [client, experiment] in try await client.resolveExperiment(experiment).experimentID }
            }
            var ids: Set<String> = []
            for try await id in group { ids.insert(id) }
            return ids
        }
        #expect(ids.count == 1)
    }

    @Test func `a run is created once for a key, and running again when it is resumed`() async throws {
        let first = try await client.createOrResumeRun(experiment, key: "job 'a'", runName: "job")
        #expect(!first.isResumed)
        try await client.setTerminated(runID: first.run.info.runID, status: .failed)
        let second = try await client.createOrResumeRun(experiment, key: "job 'a'")
        #expect(second.isResumed && second.run.info.runID == first.run.info.runID)
        #expect(second.run.info.status == .running)
        let other = try await client.createOrResumeRun(experiment, key: "job b")
        #expect(!other.isResumed && other.run.info.runID != first.run.info.runID)
    }

    @Test func `a run is found by its params in any order`() async throws {
        let params = [Param("lr", 0.1), Param("depth", 3)]
        let run = try await client.startRun(experiment, params: params)
        _ = try await client.startRun(experiment, params: [Param("lr", 0.2), Param("depth", 3)])
        let found = try await client.findRuns(experiment, params: params.reversed())
        #expect(found.map(\.info.runID) == [run.info.runID])
        #expect(Set(run.data.params) == Set(params))
    }

    @Test func `a run says who started it with which program, unless its tags do`() async throws {
        let run = try await client.startRun(experiment)
        #expect(!run.info.userID.isEmpty && run.data.tag("mlflow.user") == run.info.userID)
        #expect(run.data.tag("mlflow.source.type") == "LOCAL")
        #expect(run.data.tag("mlflow.source.name") == CommandLine.arguments[0])
        let tags = [Tag("mlflow.user", "someone"), Tag("mlflow.source.name", "job")]
        let other = try await client.createOrResumeRun(experiment, key: "told", tags: tags).run
        #expect(other.info.userID == "someone" && other.data.tag("mlflow.user") == "someone")
        #expect(other.data.tag("mlflow.source.name") == "job")
    }

    @Test func `a run ends once, with the tags of the first end`() async throws {
        let id = try await client.startRun(experiment).info.runID
        #expect(try await client.endRun(runID: id, status: .failed, tags: [Tag("why", "first")]))
        #expect(try await !client.endRun(runID: id, tags: [Tag("why", "second")]))
        let run = try await client.getRun(runID: id)
        #expect(run.info.status == .failed && run.data.tag("why") == "first")
        #expect(try await client.ensureEnded(runID: id) == .failed)
        let other = try await client.startRun(experiment).info.runID
        #expect(try await client.ensureEnded(runID: other, status: .killed) == .killed)
        #expect(try await client.getRun(runID: other).info.status == .killed)
    }

    @Test func `a folder goes up once, goes on after a change, and comes down as it was`() async throws {
        let owner = ArtifactOwner.run(try await client.startRun(experiment).info.runID)
        let (source, target) = (try TemporaryFolder(), try TemporaryFolder())
        mkdir(source.file("deep"), 0o777)
        #expect(write(Array("a".utf8), toFile: source.file("a.bin")))
        #expect(write(Array("bb".utf8), toFile: source.file("deep/b.bin")))
        #expect(write([], toFile: source.file("deep/empty")))
        let paths = ["a.bin", "deep/b.bin", "deep/empty"]
        let first = await client.uploadFolder(source.path, to: owner, folder: "checkpoints/1")
        #expect(first.isComplete && first.uploaded == paths.map { "checkpoints/1/" + $0 })

        // The same size, so that only the hash tells.
        #expect(write(Array("B!".utf8), toFile: source.file("deep/b.bin")))
        let second = await client.uploadFolder(source.path, to: owner, folder: "checkpoints/1")
        #expect(second.uploaded == ["checkpoints/1/deep/b.bin"])
        #expect(second.skipped == ["checkpoints/1/a.bin", "checkpoints/1/deep/empty"])

        let folder = target.file("new/folder")
        let manifest = try await client.downloadUpload(from: owner, folder: "checkpoints/1", localFolder: folder)
        #expect(manifest.files.map(\.path) == paths && manifest.files.map(\.size) == [1, 2, 0])
        #expect(contents(ofFile: folder + "/deep/b.bin") == Array("B!".utf8))
    }

    @Test func `a file that cannot be read is reported, and the others go up`() async throws {
        let owner = ArtifactOwner.run(try await client.startRun(experiment).info.runID)
        let folder = try TemporaryFolder()
        #expect(write(Array("a".utf8), toFile: folder.file("a.bin")))
        let files = [LocalArtifact(folder.file("none.bin")), LocalArtifact(folder.file("a.bin"))]
        let report = await client.uploadFiles(files, to: owner, folder: "files")
        #expect(!report.isComplete && report.uploaded == ["files/a.bin"])
        #expect(report.failures.map(\.path) == ["files/none.bin"])
        #expect(report.failures.first?.error.code == .localFile)
    }

    @Test func `a manifest that leads out of the folder is refused`() async throws {
        let owner = ArtifactOwner.run(try await client.startRun(experiment).info.runID)
        let folder = try TemporaryFolder()
        let manifest = #"{"files": [{"path": "../out.bin", "size": 1, "sha256": "00"}]}"#
        try await client.logArtifact(owner, bytes: Array(manifest.utf8), path: "bad/manifest.json")
        let error = await #expect(throws: MLflowError.self) {
            try await client.downloadUpload(from: owner, folder: "bad", localFolder: folder.path)
        }
        #expect(error?.code == .invalidParameterValue)
    }

    @Test func `a training keeps its epochs and goes on after an interruption`() async throws {
        let folder = try TemporaryFolder()
        #expect(write(Array("weights".utf8), toFile: folder.file("weights.bin")))
        let params = [Param("lr", 0.1)]
        let training = try await TrainingTracker.start(client, experiment, key: "t", params: params)
        #expect(!training.isResumed)
        for epoch in 1...3 {
            #expect(await training.log(epoch: epoch, [Metric("loss", 1 / Double(epoch))]) == nil)
        }
        let record = EpochRecord(
            epoch: 3,
            metrics: [Metric("loss", 0.25)],
            metadata: [Param("seed", 7)],
            files: [LocalArtifact(folder.file("weights.bin"))]
        )
        #expect(await training.logEpoch(record).isComplete)
        let owner = ArtifactOwner.run(training.run.info.runID)
        let names = try await client.listArtifacts(owner, path: "epochs/epoch_0003").map(\.path)
        #expect(
            names.map { $0.dropFirst("epochs/epoch_0003/".count) } == [
                "manifest.json", "metadata.json", "summary.md", "weights.bin",
            ]
        )
        let summary = try await client.readArtifact(owner, path: "epochs/epoch_0003/summary.md")
        #expect(String(decoding: summary, as: UTF8.self).contains("| loss | 0.25 |"))

        let again = try await TrainingTracker.start(client, experiment, key: "t", params: params)
        #expect(again.isResumed && again.lastStep("loss") == 3)
        try await again.end(tags: [Tag("phase", "done")])
        let run = try await client.getRun(runID: again.run.info.runID)
        #expect(run.info.status == .finished && run.data.tag("phase") == "done" && run.data.param("lr") == "0.1")
    }

    @Test func `a sweep tries each params once and knows the best`() async throws {
        func sweep() async throws -> (values: [Double?], best: Double?, parent: String) {
            let sweep = try await SweepTracker.start(client, experiment, name: "s", metric: "loss", goal: .minimize)
            var values: [Double?] = []
            for rate in [0.3, 0.1, 0.2] {
                let trial = try await sweep.trial([Param("lr", rate)])
                values.append(trial.value)
                if trial.value == nil { try await sweep.end(trial, value: rate, tags: [Tag("checkpoint", "c")]) }
            }
            let best = try await sweep.best()
            #expect(best?.run.data.param("lr") == "0.1" && best?.run.data.tag("checkpoint") == "c")
            #expect(best?.run.data.tag("mlflow.parentRunId") == sweep.run.info.runID)
            try await sweep.end()
            return (values, best?.value, sweep.run.info.runID)
        }
        let first = try await sweep()
        #expect(first.values == [nil, nil, nil] && first.best == 0.1)
        let second = try await sweep()
        #expect(second.values == [0.3, 0.1, 0.2] && second.parent == first.parent)
        #expect(try await client.getRun(runID: first.parent).data.tag("best_value") == "0.1")
    }

    @Test func `a benchmark and a conversion keep their figures`() async throws {
        let benchmark = try await BenchmarkTracker.start(client, experiment, params: [Param("batch", 32)])
        try await benchmark.log("forward_ms", samples: [3, 1, 2, 4])
        try await benchmark.end()
        let measured = try await client.getRun(runID: benchmark.run.info.runID)
        #expect(measured.data.metric("forward_ms/median") == 2.5 && measured.data.metric("forward_ms/count") == 4)
        #expect(measured.data.metric("forward_ms/min") == 1 && measured.data.metric("forward_ms/max") == 4)

        let folder = try TemporaryFolder()
        #expect(write(Array("onnx".utf8), toFile: folder.file("model.onnx")))
        let conversion = try await ConversionTracker.start(client, experiment, source: "runs:/1/model", format: "onnx")
        try await conversion.log(sourceBytes: 400, convertedBytes: 100, largestDifference: 0.001)
        #expect(await conversion.upload([LocalArtifact(folder.file("model.onnx"))]).isComplete)
        try await conversion.end()
        let converted = try await client.getRun(runID: conversion.run.info.runID)
        #expect(converted.data.metric("size_ratio") == 0.25 && converted.data.param("target_format") == "onnx")
    }
}
