package import Budgets

// What MLflowAPI needs from a store for one request. `TrackingStore` (SQLite) and `PostgresStore` (PostgreSQL) implement it.
//
// Every function throws `.resourceDoesNotExist` if the request names an id or a name that does not exist. Every function that
// changes a run or an experiment, or something that belongs to one, throws `.invalidParameterValue` if the run or experiment is
// deleted, unless its comment says otherwise. The comments list only other errors, and exceptions to these rules.

/// Reads the data for one request.
///
/// All functions of a session see the same state of the database.
package protocol TrackingReading: RecordReading, AccessTables {
    /// The client that waits for the result, and whose permissions the store checks.
    var caller: Caller { get }
    /// Returns the counter to which this read and the later reads for the same answer add the time that they take.
    func effortOfWholeAnswer() -> ReadEffort

    // MARK: Searches
    //
    // Each search returns one page, and throws `.invalidParameterValue` for a page token that is malformed or belongs to
    // another search, for too many sort keys, and for a pattern that is too long.

    /// Finds runs, without their model inputs, because MLflow returns these only with a single run.
    func findRuns(_ search: RunSearch) throws -> SearchCursor<Run>
    /// Finds runs, with only the metrics, params and tags in `columns`.
    func findRunTable(_ search: RunSearch, columns: [RunTableColumn]) throws -> SearchCursor<RunTableRow>
    /// Collects the columns of the run table: the keys and values of the metrics, params and tags of the runs on the first page.
    ///
    /// - Parameter valueLimit: no more runs are read when this number of values has been read. Runs are read in batches of up
    ///   to 50, so the last batch may exceed the limit.
    func describeRunColumns(_ search: RunSearch, valueLimit: Int) throws -> RunColumns

    /// Finds experiments, by default with the newest first.
    func findExperiments(_ search: ExperimentSearch) throws -> SearchCursor<Experiment>
    /// Finds logged models that are not deleted.
    ///
    /// Models with equal sort keys are ordered by creation time, the newest first, and then by model id. A model meets a
    /// comparison of a metric if any point of that metric does; `order_by` uses the latest point.
    func findLoggedModels(_ search: LoggedModelSearch) throws -> SearchCursor<LoggedModel>
    /// Finds registered models, by default without prompts and in the order of their names.
    func findRegisteredModels(_ search: RegistrySearch) throws -> SearchCursor<RegisteredModel>
    /// Finds model versions without aliases, by default without prompts and with the last updated first.
    func findModelVersions(_ search: RegistrySearch) throws -> SearchCursor<ModelVersion>

    // MARK: Experiments and runs, active or deleted

    func experiment(id: Int64) throws -> Experiment
    func experiment(named name: String) throws -> Experiment
    /// Returns the datasets that runs of the experiments used, at most 1,000 entries; ignores unknown experiments.
    ///
    /// A dataset that was used in several contexts, such as training and evaluation, has one entry for each.
    func datasetSummaries(experimentIDs: [Int64]) throws -> [DatasetSummary]

    /// A run with everything that is stored about it.
    func run(id runID: String) throws -> Run
    /// A run's identity and state.
    func runInfo(id runID: String) throws -> RunInfo
    /// The number of all runs. The cost is proportional to the number.
    func runCount() throws -> Int64

    // MARK: Metrics
    //
    // A run or key that is unknown has no points.

    /// Returns one page of a metric's history, in ascending order of (timestamp, step, value); the cost depends on its size.
    /// - Parameter limit: the maximum number of points, at least 1.
    /// - Throws: `.invalidParameterValue` for a page token that is malformed or belongs to another history.
    func metricHistory(_ history: MetricHistory, pageToken: String?, limit: Int) throws -> MetricHistoryPage

    /// Returns the points of one metric in several runs, in ascending order of (run id, timestamp, step, value).
    ///
    /// - Parameter limit: the maximum number of points of all runs together.
    func metricHistories(key: String, runIDs: [String], limit: Int) throws -> [RunMetricPoint]

    /// Returns a sample of a metric's points, spread evenly over the history; `BucketSample` chooses the points.
    ///
    /// The points are in ascending order of (step, timestamp, value, is_nan). The cost is that of reading the whole history once.
    /// - Parameters:
    ///   - steps: the steps to include; nil includes all.
    ///   - maxResults: the maximum number of points, at least 1.
    func sampleMetric(_ history: MetricHistory, steps: ClosedRange<Int64>?, maxResults: Int) throws -> [MetricPoint]

    /// The curve of one metric of one run, reduced to few points that keep its extremes.
    ///
    /// Nil if there are no points in the metric, in the requested range or after the position.
    /// - Parameter position: `MetricCurve.position` of an earlier answer, to get only points that were added after it.
    /// - Throws: `.invalidParameterValue` for a position that does not come from a curve of this metric.
    func curve(of history: MetricHistory, _ request: CurveRequest, after position: String?) throws -> MetricCurve?

    /// Returns the extremes of a run's metrics, without metrics whose values are all NaN.
    func metricExtremes(runID: String) throws -> [(key: String, extremes: MetricExtremes)]

    // MARK: Logged models

    /// A logged model's identity and state; a deleted model counts as unknown.
    func loggedModelInfo(id modelID: String) throws -> LoggedModelInfo
    /// A logged model with everything that is stored about it; a deleted model counts as unknown unless `allowsDeleted`.
    func loggedModel(id modelID: String, allowsDeleted: Bool) throws -> LoggedModel

    // MARK: Model registry

    /// A registered model with its tags, aliases and the latest version of each stage.
    func registeredModel(named name: String) throws -> RegisteredModel
    /// The latest version in each stage that has one, with aliases; the stages are ordered by the lowest version number in each.
    func latestVersions(ofModel name: String) throws -> [ModelVersion]
    /// A version with its tags and aliases.
    func modelVersion(_ key: ModelVersionKey) throws -> ModelVersion
    /// The version to which an alias points. The alias `latest` points to the version with the highest number.
    ///
    /// - Throws: `.invalidParameterValue` for an unknown alias other than `latest`.
    func modelVersion(named name: String, alias: String) throws -> ModelVersion

    /// The location of a version's artifacts, for clients; it may be a `runs:` URI.
    func modelVersionLocation(_ key: ModelVersionKey) throws -> String
    /// Resolves a location `runs:/<run id>/<path>` to a path below the run's artifact URI; returns any other location unchanged.
    func resolvedRunLocation(_ location: String) throws -> String

    // MARK: Owners of artifact folders
    //
    // These functions are for the server itself; they do not check permissions.

    /// Returns a number that changes whenever the result of `experimentArtifactLocations` may have changed; for a PostgreSQL
    /// database, to which other programs may write too, also every 30 seconds.
    func experimentArtifactLocationVersion() throws -> Int64
    /// Returns the locations of all experiments, and of runs and logged models that are outside of their experiment's location.
    func experimentArtifactLocations() throws -> [ExperimentArtifactLocation]
    /// Returns the runs and logged models that have one of the ids, in the order of the ids.
    func artifactOwners(among ids: [String]) throws -> [ArtifactOwner]

    // MARK: The journal of artifacts, and how much each owner has stored

    /// Returns one page of the artifact journal with the newest entry first; empty for an unknown run or path.
    ///
    /// The cost of a query by time or run depends only on the page size. A query by path reads all events of that path.
    /// - Throws: `.invalidParameterValue` for a page token that is malformed or belongs to another query,
    ///   `.notImplemented` if the store keeps no journal.
    func findArtifactEvents(_ query: ArtifactJournalQuery) throws -> SearchCursor<ArtifactJournalEntry>
    /// The number of entries of the journal that are older than a time in Unix milliseconds.
    func journalEntryCount(before time: Int64) throws -> Int64
    /// Returns what each owner has stored: first what has no owner, then tokens and users, each by name.
    ///
    /// - Parameter checksRuns: whether to read the runs of all owners, so that runs that other programs have removed are not
    ///   counted.
    /// - Throws: `.notImplemented` if the store keeps no journal.
    func storageUse(checksRuns: Bool) throws -> [StorageUse]

    // MARK: Permanent removal

    /// The artifacts of all runs, logged models and model versions that a request does not remove; reads all of these.
    func artifactsInUse(excluding request: RemovalRequest, in folders: ArtifactFolders) throws -> ArtifactsInUse
    /// What a request would remove: the numbers of objects and points, and each object with its artifact folder; counts no files.
    ///
    /// The cost is that of reading all deleted objects, and the whole list is in memory.
    /// - Throws: `.invalidParameterValue` if the request names an object that must be kept.
    func removalPreview(
        _ request: RemovalRequest,
        keeping inUse: ArtifactsInUse
    ) throws -> (count: RemovalCount, owners: [PendingFolderRemoval])
}

/// Changes the data for one request.
///
/// If a function throws, all changes of the request are undone.
package protocol TrackingWriting: CreationChecking, StorageCounting {
    // MARK: Repeated requests

    /// The answers of earlier creations, which a client that repeats its request may get again.
    var creations: UnconfirmedCreations { get }
    /// Whether an entity that an earlier, identical request created still exists, so that the client can get its answer again.
    ///
    /// - Throws: `.permissionDenied` if the client now lacks a permission that the creation requires.
    func canReturnAgain(_ entity: CreatedEntity) throws -> Bool

    // MARK: Experiments

    /// Creates an experiment and returns its id.
    ///
    /// - Parameter artifactLocation: nil for the default: a folder in the artifact root whose name is the id of the experiment.
    /// - Throws: `.resourceAlreadyExists` if an experiment, active or deleted, has the name.
    func createExperiment(name: String, artifactLocation: String?, tags: [Tag]) throws -> Int64
    /// Renames an experiment; throws `.invalidState` for a deleted one, `.badRequest` if another experiment has the name.
    func renameExperiment(_ id: Int64, to name: String) throws
    /// Marks an active experiment and all its runs as deleted; no other experiment can get its name. Throws
    /// `.resourceDoesNotExist` for a deleted experiment.
    func deleteExperiment(_ id: Int64) throws
    /// Restores a deleted experiment and all its runs. Throws `.resourceDoesNotExist` for an active experiment.
    func restoreExperiment(_ id: Int64) throws

    // MARK: Runs

    /// Creates a run with status RUNNING.
    ///
    /// If the request chooses a run id and an identical request was carried out before, the run of that request is returned.
    /// - Throws: `.invalidParameterValue` for a name that the run name tag contradicts, `.resourceAlreadyExists` for a taken id.
    func createRun(_ new: NewRun) throws -> Run
    /// Changes a run's status, end time and name; those that are nil, and an empty name, are ignored, as in MLflow.
    func updateRun(_ runID: String, status: RunStatus?, endTime: Int64?, name: String?) throws -> RunInfo
    /// Marks a run as deleted. Deleting a deleted run succeeds.
    func deleteRun(_ runID: String) throws
    /// Restores a deleted run. Restoring an active run succeeds.
    func restoreRun(_ runID: String) throws
    /// Returns the name and the experiment of a run that this request has deleted, for the audit log.
    func nameAndExperiment(ofDeletedRun runID: String) throws -> (name: String, experimentID: Int64)

    /// Logs a batch of metrics, params and tags of one run: all of them or none.
    ///
    /// A point that is already stored is ignored; steps and timestamps may be in any order. The tag `mlflow.runName` also
    /// renames the run.
    /// - Parameter batch: must be validated; each param key at most once.
    /// - Throws: `.invalidParameterValue` for a param with another stored value, `.badRequest` for an unknown logged model.
    func log(_ batch: LogBatch, runID: String) throws
    /// Logs one param of a run. For a param that is stored with another value, the error has the text of MLflow's
    /// `log-parameter`, which differs from that of `log-batch`.
    func logParam(_ param: Param, runID: String) throws
    /// Appends one model to the JSON list in the run's tag `mlflow.log-model.history`, which older clients read.
    ///
    /// - Parameter model: a JSON object.
    /// - Throws: `.invalidParameterValue` if the tag does not contain a list, or would become too long.
    func appendLoggedModel(_ model: String, runID: String) throws

    /// Links datasets and models to a run as its inputs.
    ///
    /// If the experiment already has a dataset with this name and digest, the stored dataset is not changed. If the run is
    /// already linked with this dataset, the tags of the link are not changed either. So of two equal datasets in one request,
    /// the first counts.
    func logInputs(datasets: [DatasetInput], models: [ModelInput], runID: String) throws
    /// Links models to a run as its outputs. For a model that is already linked, only the step changes.
    func logOutputs(models: [ModelOutput], runID: String) throws

    // MARK: Logged models

    /// Creates a logged model in status PENDING.
    func createLoggedModel(_ new: NewLoggedModel) throws -> LoggedModel
    /// Sets the status of a model, deleted or not, and returns the changed model.
    func finalizeLoggedModel(_ modelID: String, status: LoggedModelStatus) throws -> LoggedModel
    /// Marks a model as deleted. Deleting a deleted model succeeds.
    func deleteLoggedModel(_ modelID: String) throws
    /// Adds params, each key at most once, to a model, deleted or not: all of them or none. Throws `.badRequest` for a param that
    /// the model already has, even with the same value.
    func logLoggedModelParams(_ params: [Param], modelID: String) throws

    // MARK: Model registry

    /// Creates a registered model, or a prompt if it has the tag `mlflow.prompt.is_prompt`; throws `.resourceAlreadyExists` if a
    /// model or a prompt has the name.
    func createRegisteredModel(name: String, description: String, tags: [Tag]) throws -> RegisteredModel
    func updateRegisteredModel(_ name: String, description: String) throws -> RegisteredModel
    /// Renames a registered model with its versions, tags and aliases; throws `.resourceAlreadyExists` for a taken name.
    func renameRegisteredModel(_ name: String, to newName: String) throws -> RegisteredModel
    /// Deletes a registered model with its versions, tags and aliases. A new model with its name starts at version 1.
    func deleteRegisteredModel(_ name: String) throws
    /// Makes an alias point to a version, whether the alias is new or points to another version.
    func setModelAlias(_ alias: String, version key: ModelVersionKey) throws
    /// Deletes an alias of a registered model. Deleting an unknown alias succeeds.
    func deleteModelAlias(_ alias: String, model name: String) throws

    /// Creates the next version of a model.
    ///
    /// Version numbers are consecutive, also with concurrent clients, and those of deleted versions are not reused.
    /// - Parameter workingDirectory: the folder that a relative path in the source starts from.
    /// - Throws: `.invalidParameterValue` for a source that is not inside the run or model that the request names.
    func createModelVersion(_ new: NewModelVersion, workingDirectory: String) throws -> ModelVersion
    /// Changes the description of a version; nil removes it.
    func updateModelVersion(_ key: ModelVersionKey, description: String?) throws -> ModelVersion
    /// Moves a version to a stage; if `archivesOthers`, the other versions in that stage move to the stage Archived.
    func moveModelVersion(_ key: ModelVersionKey, to stage: ModelStage, archivesOthers: Bool) throws -> ModelVersion
    /// Deletes a version with its tags and aliases.
    func deleteModelVersion(_ key: ModelVersionKey) throws

    // MARK: Tags
    //
    // The tags of a logged model can be changed even if it is deleted. Deleting a tag that is not set succeeds in the model
    // registry; elsewhere it throws `.resourceDoesNotExist`.

    func setExperimentTag(_ tag: Tag, experimentID: Int64) throws
    func deleteExperimentTag(key: String, experimentID: Int64) throws
    func deleteTag(key: String, runID: String) throws
    /// Sets tags of a model. If a key occurs twice, the last value is stored.
    func setLoggedModelTags(_ tags: [Tag], modelID: String) throws
    func deleteLoggedModelTag(key: String, modelID: String) throws
    func setRegisteredModelTag(_ tag: Tag, model name: String) throws
    func deleteRegisteredModelTag(key: String, model name: String) throws
    func setModelVersionTag(_ tag: Tag, version key: ModelVersionKey) throws
    func deleteModelVersionTag(key: String, version: ModelVersionKey) throws

    // MARK: The journal of artifacts, and transfer

    /// Adds an event to the journal with the current time. If no run has the event's run id, the event is stored without it.
    ///
    /// - Returns: by how many bytes the stored artifacts of each owner have changed.
    /// - Throws: `.notImplemented` if the store keeps no journal.
    @discardableResult
    func add(_ event: ArtifactEvent) throws -> [StoredChange]
    /// Removes up to `limit` entries of the journal that are older than a time in Unix milliseconds, the oldest first; returns
    /// how many were removed.
    func trimArtifactJournal(before time: Int64, limit: Int) throws -> Int

    /// Stores records from another store; described at `RecordImporting.importRecords`.
    func importRecords(_ records: [TransferRecord]) throws -> TransferReport
}
