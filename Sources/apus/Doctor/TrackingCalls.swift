internal import HTTPClient
internal import MLflowClient

/// The reason why a step of the check-up failed.
enum CheckFailure: Error, Sendable {
    /// The call failed, or its answer lacks the requested data.
    case client(MLflowError)
    /// The server reported success, but data in this or a later answer contradict it.
    case contradiction(String)
    /// The experiment of this name is deleted; the value is its id if the server returned one.
    case experimentDeleted(id: String?)
}

/// The calls of the check-up: those that every training run needs, and the deletion of its run.
struct TrackingCalls: Sendable {
    private let client: BlockingTrackingClient
    let connection: TrackingConnection
    /// The name of the experiment that the user chose; nil for the Default experiment, which every server has.
    let givenExperimentName: String?
    /// The name of the experiment that is used, and created if it does not exist, unless the Default experiment is used.
    var experimentName: String { givenExperimentName ?? "apus-doctor" }

    init(_ connection: TrackingConnection, experimentName: String?) {
        self.connection = connection
        client = BlockingTrackingClient(connection)
        givenExperimentName = experimentName
    }

    /// A number that binary floating point represents exactly, so that every server returns it unchanged.
    private static let metricValue = 0.8125
    private static let metricKey = "apus_doctor"

    func checkHealth(by deadline: Deadline) throws(CheckFailure) {
        try call(by: deadline) { client throws(MLflowError) in try client.checkHealth() }
    }

    /// Returns the id of the experiment to use, which is created if necessary, and whether this check-up created it.
    func experiment(by deadline: Deadline) throws(CheckFailure) -> (id: String, isNew: Bool) {
        if givenExperimentName == nil, try isDefaultExperimentActive(by: deadline) { return (Self.defaultID, false) }
        return try findOrCreateExperiment(by: deadline)
    }

    private static let defaultID = "0"

    /// Whether a run can be created in the Default experiment; false also if this user has no access to it.
    private func isDefaultExperimentActive(by deadline: Deadline) throws(CheckFailure) -> Bool {
        do throws(CheckFailure) {
            let experiment = try call(by: deadline) { client throws(MLflowError) in
                try client.getExperiment(experimentID: Self.defaultID)
            }
            return experiment.lifecycleStage == .active
        } catch .client(let error) where error.code == .resourceDoesNotExist || error.code == .permissionDenied {
            return false
        } catch {
            throw error
        }
    }

    private func findOrCreateExperiment(by deadline: Deadline) throws(CheckFailure) -> (id: String, isNew: Bool) {
        if let id = try findExperiment(by: deadline) { return (id, false) }
        do throws(CheckFailure) {
            let id = try call(by: deadline) { client throws(MLflowError) in
                try client.createExperiment(name: experimentName)
            }
            return (id, true)
        } catch .client(let error) where error.code == .resourceAlreadyExists {
            // Another check-up may have created the experiment meanwhile; otherwise the name belongs to a deleted experiment.
            guard let id = try findExperiment(by: deadline) else { throw .experimentDeleted(id: nil) }
            return (id, false)
        } catch {
            throw error
        }
    }

    private func findExperiment(by deadline: Deadline) throws(CheckFailure) -> String? {
        let found = try call(by: deadline) { client throws(MLflowError) in
            try client.getExperimentByName(experimentName)
        }
        if let found, found.lifecycleStage == .deleted { throw .experimentDeleted(id: found.experimentID) }
        return found?.experimentID
    }

    /// Creates a run and returns its id.
    func createRun(experimentID: String, by deadline: Deadline) throws(CheckFailure) -> String {
        let run = try call(by: deadline) { client throws(MLflowError) in
            try client.createRun(experimentID: experimentID, runName: "apus-doctor")
        }
        return run.info.runID
    }

    func logMetric(runID: String, by deadline: Deadline) throws(CheckFailure) {
        try call(by: deadline) { client throws(MLflowError) in
            try client.logMetric(runID: runID, Self.metricKey, Self.metricValue)
        }
    }

    /// Reads the run back and compares the metric's value.
    func readMetric(runID: String, by deadline: Deadline) throws(CheckFailure) {
        let run = try call(by: deadline) { client throws(MLflowError) in try client.getRun(runID: runID) }
        guard let value = run.data.metric(Self.metricKey) else {
            throw .contradiction("the metric that was just logged is not in the run")
        }
        guard value == Self.metricValue else {
            throw .contradiction("the metric was returned as \(value), not \(Self.metricValue)")
        }
    }

    /// Stores a small file as an artifact of the run, lists it and reads it back, as a training script would.
    func logArtifact(runID: String, by deadline: Deadline) throws(CheckFailure) {
        let (content, path) = (Array("apus doctor\n".utf8), "apus-doctor.txt")
        let returned: (names: [String], content: [UInt8])? = try call(by: deadline) { client throws(MLflowError) in
            // If clients write to a folder or a bucket themselves, an upload does not test the server.
            guard try client.servesArtifacts(of: .run(runID)) else { return nil }
            try client.logArtifact(.run(runID), bytes: content, path: path)
            let names = try client.listArtifacts(.run(runID)).map(\.path)
            return (names, try client.readArtifact(.run(runID), path: path, maximumBytes: 65_536))
        }
        guard let returned else { return }
        guard returned.names.contains(path) else {
            throw .contradiction("the file that was just stored is not in the list of the run's artifacts")
        }
        guard returned.content == content else {
            throw .contradiction("the file that was just stored was returned with another content")
        }
    }

    func endRun(runID: String, by deadline: Deadline) throws(CheckFailure) {
        let info = try call(by: deadline) { client throws(MLflowError) in
            try client.updateRun(runID: runID, status: .finished, endTime: unixMilliseconds())
        }
        guard info?.status == .finished else { throw .contradiction("the run that was just ended is not FINISHED") }
    }

    func deleteRun(runID: String, by deadline: Deadline) throws(CheckFailure) {
        try call(by: deadline) { client throws(MLflowError) in try client.deleteRun(runID: runID) }
    }

    /// Makes a call once, within the time that is left for the step.
    private func call<Answer>(
        by deadline: Deadline,
        _ call: (BlockingTrackingClient) throws(MLflowError) -> Answer
    ) throws(CheckFailure) -> Answer {
        do throws(MLflowError) {
            return try call(client.withTimeout(.milliseconds(Int(deadline.remainingMilliseconds))))
        } catch {
            throw .client(error)
        }
    }
}
