import MLflowClient

// The examples of docs/swift-client.md and of the comments in Sources/MLflowClient, so that they compile.
// DocumentationTests compares them line by line.

private func tokenOfTheCloud() throws -> String { "token" }

private func startServer(_ dataFolder: String) throws -> String { "http://127.0.0.1:5000" }

private func credentials() {
    var configuration = ClientConfiguration(trackingURI: "https://mlflow.example.com")
    configuration.credentials = .provider { try tokenOfTheCloud() }
    _ = configuration
}

private func renewedCredentials() {
    var configuration = ClientConfiguration(trackingURI: "https://mlflow.example.com")
    configuration.credentials = .provider { try tokenOfTheCloud() }
    configuration.retries.totalTime = .seconds(60)
}

private func configured() throws {
    var configuration = ClientConfiguration(trackingURI: "http://127.0.0.1:5000")
    configuration.retries.totalTime = .seconds(30)
    let client = try TrackingClient(configuration)
    _ = client
}

private func cancelled(_ blockingClient: BlockingTrackingClient) {
    let cancellation = Cancellation()
    let cancellable = blockingClient.cancelled(by: cancellation)
    // From another thread: calls of `cancellable` end with the code `.cancelled`.
    cancellation.cancel()
    _ = cancellable
}

private func blocking() throws {
    let client = try BlockingTrackingClient(ClientConfiguration(trackingURI: "http://127.0.0.1:5000"))
    let experimentID = try client.createExperiment(name: "digits")
    let run = try client.createRun(experimentID: experimentID)
    try client.logMetric(runID: run.info.runID, "loss", 0.25, step: 1)
    try client.setTerminated(runID: run.info.runID)
}

private func blockingRead(id: String) throws {
    let client = try BlockingTrackingClient(ClientConfiguration(trackingURI: "http://127.0.0.1:5000"))
    let run = try client.getRun(runID: id)
    _ = run
}

private func pages(_ client: BlockingTrackingClient) throws {
    let runs = try client.allItems { token throws(MLflowError) in
        try client.searchRuns(experimentIDs: ["1"], pageToken: token)
    }
    _ = runs
}

private func calls() async throws {
    let client = try TrackingClient(ClientConfiguration(trackingURI: "http://127.0.0.1:5000"))
    let experimentID = try await client.createExperiment(name: "digits")
    let run = try await client.createRun(experimentID: experimentID, runName: "first")
    try await client.logBatch(runID: run.info.runID, metrics: [Metric("loss", 0.25, step: 1)])
    try await client.setTerminated(runID: run.info.runID)
}

private func moreCalls() async throws {
    let client = try TrackingClient(ClientConfiguration(trackingURI: "http://127.0.0.1:5000"))
    let experiment = try await client.resolveExperiment(.name("digits"))
    let run = try await client.createRun(experimentID: experiment.experimentID, runName: "first")
    try await client.logBatch(
        runID: run.info.runID,
        metrics: [Metric("loss", 0.25, step: 1)],
        params: [Param("lr", 0.1)]
    )
    try await client.logArtifact(.run(run.info.runID), bytes: Array("hello".utf8), path: "notes/hello.txt")
    try await client.setTerminated(runID: run.info.runID)
    print(client.runURL(run.info))
}

private func severalCalls(_ client: TrackingClient, id: String) async throws {
    let histories = try await client.perform { client throws(MLflowError) in
        (try client.getMetricHistory(runID: id, "loss"), try client.getMetricHistory(runID: id, "accuracy"))
    }
    _ = histories
}

private func setup() async throws {
    let setup = try await TrackingSetup.connect(ClientConfiguration(trackingURI: "https://mlflow.example.com"))
    print(setup.reason)
    let experiment = try await setup.client.resolveExperiment(.name("digits"))
    _ = experiment
}

private func setupWithStart() async throws {
    let setup = try await TrackingSetup.connect(
        ClientConfiguration(trackingURI: "https://mlflow.example.com"),
        fallback: .start { dataFolder in try startServer(dataFolder) },
        timeout: .seconds(5)
    )
    print(setup.reason)
}

private func termination(_ client: TrackingClient, _ run: Run) throws {
    let watch = try TerminationWatch(client)
    watch.add(run.info.runID)
    // …the training…
    watch.remove(run.info.runID)
}

private func resumption(_ client: TrackingClient) async throws {
    let first = try await client.startRun(.name("digits"), runName: "first", params: [Param("lr", 0.1)])
    let same = try await client.findRuns(.name("digits"), params: [Param("lr", 0.1)])
    let started = try await client.createOrResumeRun(.name("digits"), key: "job-17")
    let watch = try TerminationWatch(client)
    watch.add(started.run.info.runID)
    try await client.endRun(runID: started.run.info.runID, tags: [Tag("phase", "done")])
    try await client.ensureEnded(runID: first.info.runID)
    _ = same
}

private func upload(_ client: TrackingClient, id: String) async throws {
    let report = await client.uploadFolder("/tmp/checkpoint", to: .run(id), folder: "checkpoints/3")
    if !report.isComplete { print(report.failures) }
    let manifest = try await client.downloadUpload(from: .run(id), folder: "checkpoints/3", localFolder: "/tmp/back")
    let files = [LocalArtifact("/tmp/checkpoint/weights")]
    let record = EpochRecord(epoch: 3, metrics: [Metric("loss", 0.25)], files: files)
    let kept = await client.logEpoch(record, to: .run(id))
    _ = (manifest, kept)
}

private func hash() {
    let hash = Param.hash(of: [Param("lr", 0.1), Param("depth", 3)])
    _ = hash
}

private func training(_ client: TrackingClient) async throws {
    let training = try await TrainingTracker.start(client, .name("digits"), key: "job-17", params: [Param("lr", 0.1)])
    for epoch in 1...3 {
        await training.log(epoch: epoch, [Metric("loss", 1 / Double(epoch))])
    }
    try await training.end()
}

private func sweep(_ client: TrackingClient) async throws {
    let sweep = try await SweepTracker.start(client, .name("digits"), name: "grid", metric: "loss", goal: .minimize)
    for rate in [0.1, 0.2] {
        let trial = try await sweep.trial([Param("lr", rate)])
        if trial.value == nil { try await sweep.end(trial, value: rate * 2) }
    }
    let best = try await sweep.best()
    try await sweep.end()
    _ = best
}

private func benchmark(_ client: TrackingClient) async throws {
    let benchmark = try await BenchmarkTracker.start(client, .name("speed"), params: [Param("batch", 32)])
    try await benchmark.log("forward_ms", samples: [1.5, 1.25, 1.75])
    try await benchmark.end()
}

private func conversion(_ client: TrackingClient) async throws {
    let conversion = try await ConversionTracker.start(
        client,
        .name("export"),
        source: "runs:/0123/model",
        format: "onnx",
        params: [Param("opset", 17)]
    )
    try await conversion.log(sourceBytes: 4_000_000, convertedBytes: 1_000_000, largestDifference: 0.001)
    let report = await conversion.upload([LocalArtifact("/tmp/model.onnx")])
    try await conversion.end(report.isComplete ? .finished : .failed)
}
