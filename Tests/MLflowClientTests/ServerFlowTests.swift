import Glibc
import MLflowClient
import TestSupport
import Testing

/// The calls against a real server: an Apus of this build, or the one that CLIENT_TEST_URI names.
@Suite struct ServerFlowTests {
    private let client: TrackingClient
    /// Makes names that no other test has.
    private let mark = "swift-\(getpid())-\(UInt64.random(in: 0..<UInt64.max))"

    init() throws {
        client = try TrackingClient(ClientConfiguration(trackingURI: ServerUnderTest.uri()))
    }

    private func run(_ name: String = "run") async throws -> Run {
        let experimentID = try await client.createExperiment(name: "\(mark)-\(UInt64.random(in: 0..<UInt64.max))")
        return try await client.createRun(experimentID: experimentID, runName: name, tags: [Tag("kind", "test")])
    }

    @Test func `the server is healthy and says its version`() async throws {
        try await client.checkHealth()
        #expect(try await client.version().contains("."))
    }

    @Test func `an experiment is created, found, changed, deleted and restored`() async throws {
        let id = try await client.createExperiment(name: mark, tags: [Tag("team", "vision")])
        let taken = await #expect(throws: MLflowError.self) { try await client.createExperiment(name: mark) }
        #expect(taken?.code == .resourceAlreadyExists)
        let found = try #require(try await client.getExperimentByName(mark))
        #expect(found.experimentID == id && found.tags == [Tag("team", "vision")] && found.lifecycleStage == .active)
        #expect(try await client.getExperimentByName("\(mark)-other") == nil)

        try await client.setExperimentTag(experimentID: id, "team", "audio")
        try await client.renameExperiment(experimentID: id, newName: "\(mark)-renamed")
        let renamed = try await client.getExperiment(experimentID: id)
        #expect(renamed.name == "\(mark)-renamed" && renamed.tags == [Tag("team", "audio")])

        let page = try await client.searchExperiments(filter: "name = '\(mark)-renamed'")
        #expect(page.items.map(\.experimentID) == [id] && page.nextPageToken == nil)

        try await client.deleteExperiment(experimentID: id)
        #expect(try await client.getExperiment(experimentID: id).lifecycleStage == .deleted)
        try await client.restoreExperiment(experimentID: id)
        #expect(try await client.getExperiment(experimentID: id).lifecycleStage == .active)
    }

    @Test func `a run keeps what is logged to it`() async throws {
        let id = try await run("first").info.runID
        try await client.logParam(runID: id, "lr", "0.1")
        try await client.logMetric(runID: id, "loss", 0.5, step: 1, timestamp: 1_000)
        try await client.logMetric(runID: id, "loss", .nan, step: 2, timestamp: 2_000)
        try await client.setTag(runID: id, "phase", "train")
        try await client.setTag(runID: id, "passing", "yes")
        try await client.deleteTag(runID: id, "passing")
        let running = try await client.getRun(runID: id)
        #expect(running.info.status == .running && running.info.endTime == nil && running.info.runName == "first")
        try await client.setTerminated(runID: id, status: .finished, endTime: 5_000)

        let run = try await client.getRun(runID: id)
        #expect(run.info.status == .finished && run.info.status.isTerminated && run.info.endTime == 5_000)
        #expect(run.data.param("lr") == "0.1" && run.data.tag("phase") == "train" && run.data.tag("passing") == nil)
        #expect(run.data.tag("kind") == "test")
        #expect(run.data.metric("loss")?.isNaN == true)
        try await client.updateRun(runID: id, runName: "renamed")
        #expect(try await client.getRun(runID: id).info.runName == "renamed")
    }

    @Test func `a batch beyond the limits of a call is logged whole, and again without harm`() async throws {
        let id = try await run().info.runID
        let metrics: [Metric] = (0..<2_100).map { number in
            Metric("loss", Double(number) / 7, step: Int64(number), timestamp: Int64(number))
        }
        let params: [Param] = (0..<150).map { Param("p\($0)", $0) }
        let tags: [MLflowClient.Tag] = (0..<150).map { Tag("t\($0)", $0) }
        for _ in 1...2 {
            try await client.logBatch(runID: id, metrics: metrics, params: params, tags: tags)
        }
        let history = try await client.getMetricHistory(runID: id, "loss")
        #expect(history == metrics)
        let run = try await client.getRun(runID: id)
        #expect(run.data.params.count == 150 && run.data.param("p149") == "149" && run.data.tag("t149") == "149")
        let another = await #expect(throws: MLflowError.self) { try await client.logParam(runID: id, "p1", "2") }
        #expect(another?.code == .invalidParameterValue)
    }

    @Test func `a search goes over all pages`() async throws {
        let experimentID = try await run().info.experimentID
        for number in 0..<4 {
            let run = try await client.createRun(experimentID: experimentID, runName: "r\(number)")
            try await client.logMetric(runID: run.info.runID, "score", Double(number))
        }
        let found = try await client.perform { client throws(MLflowError) in
            try client.allItems { token throws(MLflowError) in
                try client.searchRuns(
                    experimentIDs: [experimentID],
                    filter: "metrics.score > 0",
                    orderBy: ["metrics.score DESC"],
                    maxResults: 2,
                    pageToken: token
                )
            }
        }
        #expect(found.map(\.info.runName) == ["r3", "r2", "r1"])
    }

    @Test func `a run is deleted and restored`() async throws {
        let info = try await run().info
        try await client.deleteRun(runID: info.runID)
        #expect(try await client.getRun(runID: info.runID).info.lifecycleStage == .deleted)
        #expect(try await client.searchRuns(experimentIDs: [info.experimentID]).items.isEmpty)
        let all = try await client.searchRuns(experimentIDs: [info.experimentID], viewType: .all)
        #expect(all.items.map(\.info.runID) == [info.runID])
        try await client.restoreRun(runID: info.runID)
        #expect(try await client.searchRuns(experimentIDs: [info.experimentID]).items.count == 1)
    }

    @Test func `inputs and outputs of a run come back`() async throws {
        let run = try await run()
        let dataset = Dataset(name: "digits", digest: "d1", sourceType: "local", source: #"{"uri": "digits.csv"}"#)
        let model = try await client.createLoggedModel(
            experimentID: run.info.experimentID,
            name: "net",
            sourceRunID: run.info.runID
        )
        try await client.logInputs(runID: run.info.runID, datasets: [DatasetInput(dataset, context: "training")])
        try await client.logOutputs(runID: run.info.runID, models: [ModelOutput(modelID: model.modelID, step: 3)])
        let found = try await client.getRun(runID: run.info.runID)
        #expect(found.inputs.datasetInputs == [DatasetInput(dataset, context: "training")])
        #expect(found.outputs.modelOutputs == [ModelOutput(modelID: model.modelID, step: 3)])
    }

    @Test func `artifacts go up and come down as they are`() async throws {
        let folder = try TemporaryFolder()
        let owner = ArtifactOwner.run(try await run().info.runID)
        let large: [UInt8] = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(write(large, toFile: folder.file("large.bin")))
        try await client.logArtifact(owner, localPath: folder.file("large.bin"), path: "models/é 100%.bin")
        try await client.logArtifact(owner, bytes: Array("hello".utf8), path: "note.txt")

        let top = try await client.listArtifacts(owner)
        #expect(top.map(\.path) == ["models", "note.txt"] && top.map(\.isDirectory) == [true, false])
        let inner = try await client.listArtifacts(owner, path: "models")
        #expect(inner.map(\.path) == ["models/é 100%.bin"] && inner.first?.fileSize == 3_000_000)

        try await client.downloadArtifact(owner, path: "models/é 100%.bin", localPath: folder.file("back.bin"))
        #expect(contents(ofFile: folder.file("back.bin")) == large)
        #expect(try await client.readArtifact(owner, path: "note.txt") == Array("hello".utf8))
        let missing = await #expect(throws: MLflowError.self) {
            try await client.downloadArtifact(owner, path: "none.txt", localPath: folder.file("none.txt"))
        }
        #expect(missing?.httpStatus == 404)
        #expect(fileNames(inFolder: folder.path).sorted() == ["back.bin", "large.bin"])
    }

    @Test(arguments: ["", "/a", "a/", "a//b", "../a", "a/./b"])
    func `a path that is none of an artifact is refused before a call`(path: String) async throws {
        let error = await #expect(throws: MLflowError.self) {
            try await client.logArtifact(.run("0123456789abcdef"), bytes: [], path: path)
        }
        #expect(error?.code == .invalidParameterValue && error?.httpStatus == nil)
    }

    @Test func `a logged model is created, completed, described, found and deleted`() async throws {
        let run = try await run()
        let created = try await client.createLoggedModel(
            experimentID: run.info.experimentID,
            name: "net",
            modelType: "mlp",
            sourceRunID: run.info.runID,
            params: [Param("depth", 3)],
            tags: [Tag("stage", "draft")]
        )
        #expect(created.status == .pending && created.sourceRunID == run.info.runID && created.modelType == "mlp")
        let owner = ArtifactOwner.loggedModel(created.modelID)
        try await client.logArtifact(owner, bytes: Array("weights".utf8), path: "weights.bin")
        #expect(try await client.readArtifact(owner, path: "weights.bin") == Array("weights".utf8))
        try await client.logLoggedModelParams(modelID: created.modelID, [Param("width", 8)])
        try await client.setLoggedModelTags(modelID: created.modelID, [Tag("stage", "done"), Tag("x", "y")])
        try await client.deleteLoggedModelTag(modelID: created.modelID, "x")
        #expect(try await client.finalizeLoggedModel(modelID: created.modelID).status == .ready)

        let model = try await client.getLoggedModel(modelID: created.modelID)
        #expect(Set(model.params) == [Param("depth", 3), Param("width", 8)])
        #expect(model.tags.contains(Tag("stage", "done")) && !model.tags.contains(Tag("x", "y")))
        let found = try await client.searchLoggedModels(
            experimentIDs: [run.info.experimentID],
            filter: "name = 'net'",
            orderBy: [LoggedModelOrder("creation_timestamp", isAscending: false)]
        )
        #expect(found.items.map(\.modelID) == [model.modelID])
        try await client.deleteLoggedModel(modelID: model.modelID)
        #expect(try await client.searchLoggedModels(experimentIDs: [run.info.experimentID]).items.isEmpty)
    }

    @Test func `a registered model has versions, aliases, tags and stages`() async throws {
        let run = try await run()
        let name = "\(mark)-model"
        let created = try await client.createRegisteredModel(name: name, description: "first", tags: [Tag("a", "b")])
        #expect(created.name == name && created.description == "first" && created.tags == [Tag("a", "b")])
        try await client.logArtifact(.run(run.info.runID), bytes: Array("w".utf8), path: "model/weights.bin")
        let source = "\(run.info.artifactURI)/model"
        let version = try await client.createModelVersion(name: name, source: source, runID: run.info.runID)
        #expect(version.version == "1" && version.runID == run.info.runID && version.source == source)
        _ = try await client.createModelVersion(name: name, source: source, runID: run.info.runID)

        try await client.setRegisteredModelAlias(name: name, alias: "champion", version: "2")
        #expect(try await client.getModelVersionByAlias(name: name, alias: "champion").version == "2")
        try await client.deleteRegisteredModelAlias(name: name, alias: "champion")
        try await client.setModelVersionTag(name: name, version: "1", "checked", "yes")
        try await client.updateModelVersion(name: name, version: "1", description: "the first one")
        let moved = try await client.transitionModelVersionStage(name: name, version: "1", stage: "Production")
        #expect(moved.currentStage == "Production")
        let first = try await client.getModelVersion(name: name, version: "1")
        #expect(first.tags == [Tag("checked", "yes")] && first.description == "the first one")
        #expect(try await client.getModelVersionDownloadURI(name: name, version: "1") == source)
        #expect(try await client.getLatestVersions(name: name, stages: ["Production"]).map(\.version) == ["1"])
        let versions = try await client.searchModelVersions(filter: "name = '\(name)'")
        #expect(Set(versions.items.map(\.version)) == ["1", "2"])

        try await client.updateRegisteredModel(name: name, description: "second")
        try await client.setRegisteredModelTag(name: name, "c", "d")
        try await client.deleteRegisteredModelTag(name: name, "a")
        let changed = try await client.getRegisteredModel(name: name)
        #expect(changed.description == "second" && changed.tags == [Tag("c", "d")])
        #expect(try await client.searchRegisteredModels(filter: "name = '\(name)'").items.count == 1)
        try await client.deleteModelVersion(name: name, version: "2")
        try await client.renameRegisteredModel(name: name, newName: "\(name)-renamed")
        try await client.deleteRegisteredModel(name: "\(name)-renamed")
        let gone = await #expect(throws: MLflowError.self) { try await client.getRegisteredModel(name: name) }
        #expect(gone?.code == .resourceDoesNotExist)
    }

    @Test func `the blocking client makes the same calls on a thread of its caller`() throws {
        let client = client.blocking
        let id = try client.createExperiment(name: mark)
        let run = try client.createRun(experimentID: id)
        try client.logMetric(runID: run.info.runID, "loss", 0.5)
        try client.setTerminated(runID: run.info.runID, status: .failed)
        let found = try client.getRun(runID: run.info.runID)
        #expect(found.info.status == .failed && found.data.metric("loss") == 0.5)
    }
}
