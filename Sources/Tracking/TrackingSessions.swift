// What the API asks of a store, for one request at a time: the seam of a second store. Searches stand with their queries.
//
// Every function throws `.resourceDoesNotExist` for an id or a name in the request that nobody gave, and every change of
// what belongs to a run or an experiment throws `.invalidParameterValue` when that one is deleted. Each says what else.

/// The store as one read request sees it: one moment in time.
package protocol TrackingReading {
    // MARK: Experiments

    /// An experiment with its tags, active or deleted.
    func experiment(id: Int64) throws -> Experiment

    /// An experiment with its tags, active or deleted.
    func experiment(named name: String) throws -> Experiment

    /// The datasets that runs of the experiments used, each with the contexts of its uses; 1,000 at the most.
    ///
    /// An unknown experiment adds nothing.
    func datasetSummaries(experimentIDs: [Int64]) throws -> [DatasetSummary]

    // MARK: Runs

    /// A run with everything that is known of it, active or deleted.
    func run(id runID: String) throws -> Run

    /// A run's identity and state, active or deleted.
    func runInfo(id runID: String) throws -> RunInfo

    /// The number of runs, deleted ones included; costs time in proportion to it.
    func runCount() throws -> Int64

    // MARK: Metrics

    /// One page of a metric's history; empty for an unknown run or key, as in the reference.
    ///
    /// Cost grows with the page and not with what lies before it.
    /// - Parameter limit: number of points at the most, at least 1.
    /// - Throws: `.invalidParameterValue` for a page token that is none or belongs to another history.
    func metricHistory(_ history: MetricHistory, pageToken: String?, limit: Int) throws -> MetricHistoryPage

    /// The points of one metric in several runs, in ascending order of (run id, timestamp, step, value).
    ///
    /// - Parameters:
    ///   - runIDs: an unknown one adds nothing; one that is named twice counts once.
    ///   - limit: number of points over all runs.
    func metricHistories(key: String, runIDs: [String], limit: Int) throws -> [RunMetricPoint]

    /// A sample of a metric's history that is spread evenly over its points, in the order of (step, timestamp, value,
    /// is_nan); `BucketSample` chooses them. Reads the whole history once.
    ///
    /// - Parameters:
    ///   - steps: only points within; nil for all.
    ///   - maxResults: at least 1.
    /// - Returns: in ascending order; empty for an unknown run or key.
    func sampleMetric(_ history: MetricHistory, steps: ClosedRange<Int64>?, maxResults: Int) throws -> [MetricPoint]

    /// One metric of one run as a line of few points that keeps its extremes.
    ///
    /// - Parameter position: what an earlier answer said; nil for the whole curve.
    /// - Returns: nil for an unknown run or key, and where nothing is new since the position.
    /// - Throws: `.invalidParameterValue` for a position that no answer said of this metric.
    func curve(
        of history: MetricHistory,
        _ request: CurveRequest,
        after position: String?
    ) throws -> MetricCurve?

    // MARK: Logged models

    /// A logged model's identity and state.
    ///
    /// - Parameter allowsDeleted: whether a deleted model may be the answer; otherwise it counts as unknown.
    func loggedModelInfo(id modelID: String, allowsDeleted: Bool) throws -> LoggedModelInfo

    /// A logged model with everything that is known of it; as `loggedModelInfo`.
    func loggedModel(id modelID: String, allowsDeleted: Bool) throws -> LoggedModel

    // MARK: Model registry

    /// A registered model with its tags, aliases and the latest version of each stage.
    func registeredModel(named name: String) throws -> RegisteredModel

    /// The latest version of each stage, the stage of the oldest version first; with their aliases.
    func latestVersions(ofModel name: String) throws -> [ModelVersion]

    /// A version with its tags and aliases.
    func modelVersion(_ key: ModelVersionKey) throws -> ModelVersion

    /// The version that an alias stands for; `latest` is the one with the highest number.
    ///
    /// - Throws: `.resourceDoesNotExist` for `latest` of a model without versions too, `.invalidParameterValue` for an
    ///   unknown alias.
    func modelVersion(named name: String, alias: String) throws -> ModelVersion

    /// Where the artifacts of a version lie, as a client may open it.
    func modelVersionLocation(_ key: ModelVersionKey) throws -> String

    /// The location that a `runs:/<run id>/<path>` stands for; any other location as it is.
    func resolvedRunLocation(_ location: String) throws -> String

    // MARK: Journal of artifacts

    /// Where a content was uploaded to, the newest first, at most 8 paths; whether it is still there the journal
    /// cannot know.
    func artifactPaths(sha256: [UInt8]) throws -> [String]
}

/// The store as one write request sees it; what it throws undoes all that the request did.
package protocol TrackingWriting {
    // MARK: Experiments

    /// Creates an experiment and gives its id.
    ///
    /// - Parameter artifactLocation: nil for the default, a folder named by the id beneath the artifact root.
    /// - Throws: `.resourceAlreadyExists` when the name is taken, by a deleted experiment too.
    func createExperiment(name: String, artifactLocation: String?, tags: [Tag]) throws -> Int64

    /// Gives an active experiment another name.
    ///
    /// - Throws: `.invalidState` for a deleted experiment, `.badRequest` when the name is taken.
    func renameExperiment(_ id: Int64, to name: String) throws

    /// Marks an active experiment and all its runs as deleted; its name stays taken. A deleted one counts as unknown.
    func deleteExperiment(_ id: Int64) throws

    /// Makes a deleted experiment and all its runs active again. An active one counts as unknown.
    func restoreExperiment(_ id: Int64) throws

    /// Sets one tag of an active experiment.
    func setExperimentTag(_ tag: Tag, experimentID: Int64) throws

    /// Removes one tag of an active experiment, which has it.
    func deleteExperimentTag(key: String, experimentID: Int64) throws

    // MARK: Runs

    /// Creates a run in state RUNNING, or finds the one that the same request made before under the id that it names.
    ///
    /// - Throws: `.invalidParameterValue` for a name that differs from the run name tag, `.resourceAlreadyExists` where
    ///   another run has the id.
    func createRun(_ new: NewRun) throws -> Run

    /// Changes what is given of a run's status, end time and name.
    ///
    /// - Parameter name: an empty one is ignored, as in the reference.
    func updateRun(_ runID: String, status: RunStatus?, endTime: Int64?, name: String?) throws -> RunInfo

    /// Marks a run as deleted; deleting it again is no error.
    func deleteRun(_ runID: String) throws

    /// Makes a run active again; restoring an active one is no error.
    func restoreRun(_ runID: String) throws

    /// Logs a batch of metrics, params and tags of one run: all of it or nothing.
    ///
    /// - Parameter batch: validated; each param key at most once.
    /// - Throws: `.invalidParameterValue` for a param that holds another value, `.badRequest` for a metric of an unknown
    ///   model.
    func log(_ batch: LogBatch, runID: String) throws

    /// Logs points of a run's metrics; a point that is stored already is stored once.
    ///
    /// - Parameters:
    ///   - metrics: validated; any order of steps and times.
    ///   - modelMetrics: those among them that were logged against a model too.
    /// - Throws: `.badRequest` for an unknown model.
    func logMetrics(_ metrics: [Metric], modelMetrics: [ModelMetric], runID: String) throws

    /// Logs one param of a run; the same value again is no change.
    ///
    /// - Throws: `.invalidParameterValue` for a key that holds another value.
    func logParam(_ param: Param, runID: String) throws

    /// Sets one tag of a run; the tag of the run's name renames the run.
    func setTag(_ tag: Tag, runID: String) throws

    /// Removes one tag of a run, which has it.
    func deleteTag(key: String, runID: String) throws

    /// Adds one model to the JSON list in the tag by which older clients find the models of a run.
    ///
    /// - Parameter model: a JSON object.
    /// - Throws: `.invalidParameterValue` when the tag holds no list.
    func appendLoggedModel(_ model: String, runID: String) throws

    /// Links datasets and models to a run as its inputs.
    ///
    /// A dataset that the experiment knows by name and digest is kept as it is; a run that has the dataset already
    /// keeps the tags of the first time. Of two equal datasets in one request the first counts.
    func logInputs(datasets: [DatasetInput], models: [ModelInput], runID: String) throws

    /// Links models to a run as its outputs; a model that is linked already takes the new step.
    func logOutputs(models: [ModelOutput], runID: String) throws

    // MARK: Logged models

    /// Creates a logged model in status PENDING.
    func createLoggedModel(_ new: NewLoggedModel) throws -> LoggedModel

    /// Sets the status of a model, deleted or not, and gives the model as it is then.
    func finalizeLoggedModel(_ modelID: String, status: LoggedModelStatus) throws -> LoggedModel

    /// Marks a model as deleted; deleting it again is no error.
    func deleteLoggedModel(_ modelID: String) throws

    /// Adds params to a model, deleted or not: all of them or none.
    ///
    /// - Parameter params: each key at most once.
    /// - Throws: `.badRequest` for a param that the model has.
    func logLoggedModelParams(_ params: [Param], modelID: String) throws

    /// Sets tags of a model, deleted or not; of two values for one key the last one stays.
    func setLoggedModelTags(_ tags: [Tag], modelID: String) throws

    /// Removes one tag of a model, deleted or not, which has it.
    func deleteLoggedModelTag(key: String, modelID: String) throws

    // MARK: Model registry

    /// Creates a registered model, or a prompt when its tags say so.
    ///
    /// - Throws: `.resourceAlreadyExists` when the name is taken; the message says by what.
    func createRegisteredModel(name: String, description: String, tags: [Tag]) throws -> RegisteredModel

    /// Gives a registered model another description.
    func updateRegisteredModel(_ name: String, description: String) throws -> RegisteredModel

    /// Gives a registered model another name; its versions, tags and aliases go with it.
    ///
    /// - Throws: `.resourceAlreadyExists` when the new name is taken.
    func renameRegisteredModel(_ name: String, to newName: String) throws -> RegisteredModel

    /// Removes a registered model with its versions, tags and aliases; a new one of that name begins at version 1.
    func deleteRegisteredModel(_ name: String) throws

    /// Sets one tag of a registered model.
    func setRegisteredModelTag(_ tag: Tag, model name: String) throws

    /// Removes one tag of a registered model, if it has it.
    func deleteRegisteredModelTag(key: String, model name: String) throws

    /// Lets an alias stand for a version, whatever it stood for.
    func setModelAlias(_ alias: String, version key: ModelVersionKey) throws

    /// Removes an alias of a registered model, if it has it.
    func deleteModelAlias(_ alias: String, model name: String) throws

    /// Registers the next version of a model.
    ///
    /// Numbers are consecutive, however many clients ask at once, and go on behind deleted versions.
    /// - Parameter workingDirectory: against which a relative source is meant.
    /// - Throws: `.invalidParameterValue` for a source that does not lie in the run or model that the request names.
    func createModelVersion(_ new: NewModelVersion, workingDirectory: String) throws -> ModelVersion

    /// Gives a version another description, or none.
    func updateModelVersion(_ key: ModelVersionKey, description: String?) throws -> ModelVersion

    /// Moves a version into a stage.
    ///
    /// - Parameter archivesOthers: whether the versions that are in the stage leave it for the archive.
    func moveModelVersion(_ key: ModelVersionKey, to stage: ModelStage, archivesOthers: Bool) throws -> ModelVersion

    /// Removes a version with its tags and aliases; its number is not given again.
    func deleteModelVersion(_ key: ModelVersionKey) throws

    /// Sets one tag of a version.
    func setModelVersionTag(_ tag: Tag, version key: ModelVersionKey) throws

    /// Removes one tag of a version, if it has it.
    func deleteModelVersionTag(key: String, version: ModelVersionKey) throws

    // MARK: Journal of artifacts

    /// Journals an event under the present time.
    ///
    /// A run id that nobody made is left out: the path alone may suggest one.
    func add(_ event: ArtifactEvent) throws
}
