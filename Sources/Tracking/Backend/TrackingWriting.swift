/// Changes the data for one request.
///
/// If a function throws, all changes of the request are undone.
package protocol TrackingWriting: ChangingAccessTables, StorageCounting {
    // MARK: Repeated creations

    /// The answers of earlier creations, which a client that repeats its request may get again.
    var creations: UnconfirmedCreations { get }

    // These functions decide whether the entity that an earlier, identical request created can be returned to the client instead of a
    // new one. They require the permissions that the creation requires, throw `.permissionDenied` if the client lacks one of them, and
    // return false if the entity no longer exists.
    func stands(experiment id: Int64) throws -> Bool
    func stands(_ run: RunInfo) throws -> Bool
    func stands(_ model: LoggedModelInfo) throws -> Bool
    func stands(_ model: RegisteredModel) throws -> Bool
    func stands(_ version: ModelVersion) throws -> Bool

    // MARK: Experiments

    /// Creates an experiment and returns its id.
    ///
    /// - Parameter artifactLocation: nil for the default: a folder in the artifact root whose name is the id of the experiment.
    /// - Throws: `.resourceAlreadyExists` if an experiment, active or deleted, has the name.
    func createExperiment(name: String, artifactLocation: String?, tags: [Tag]) throws -> Int64

    /// Renames an active experiment.
    ///
    /// - Throws: `.invalidState` for a deleted experiment, `.badRequest` if another experiment has the name.
    func renameExperiment(_ id: Int64, to name: String) throws

    /// Marks an active experiment, whose name stays taken, and all its runs as deleted. A deleted one counts as unknown.
    func deleteExperiment(_ id: Int64) throws
    /// Restores a deleted experiment and all its runs. An active one counts as unknown.
    func restoreExperiment(_ id: Int64) throws

    // MARK: Runs

    /// Creates a run with status RUNNING.
    ///
    /// If the request chooses a run id and an identical request was carried out before, the run of that request is returned.
    /// - Throws: `.invalidParameterValue` for a name that differs from the run name tag, `.resourceAlreadyExists` if
    ///   the id belongs to another run.
    func createRun(_ new: NewRun) throws -> Run

    /// Changes a run's status, end time and name; those that are nil, and an empty name, are ignored, as in MLflow.
    func updateRun(_ runID: String, status: RunStatus?, endTime: Int64?, name: String?) throws -> RunInfo

    /// Marks a run as deleted. Deleting a deleted run succeeds.
    func deleteRun(_ runID: String) throws
    /// Restores a deleted run. Restoring an active run succeeds.
    func restoreRun(_ runID: String) throws
    /// Returns the name and the experiment of a run that was just deleted, for the audit; throws `StoreCorruption` if it has no row.
    func auditedRun(_ runID: String) throws -> (name: String, experimentID: Int64)

    /// Logs a batch of metrics, params and tags of one run: all of them or none.
    ///
    /// A point that is already stored is ignored; steps and timestamps may be in any order. The tag `mlflow.runName` also
    /// renames the run.
    ///
    /// - Parameter batch: must be validated; each param key at most once.
    /// - Throws: `.invalidParameterValue` for a param that is stored with another value, `.badRequest` for a metric of
    ///   an unknown logged model.
    func log(_ batch: LogBatch, runID: String) throws

    /// Logs one param of a run like a batch, but with MLflow's other error for a param that is stored with another value.
    func logParam(_ param: Param, runID: String) throws

    /// Appends one model to the JSON list in the run's tag `mlflow.log-model.history`, which older clients read.
    ///
    /// - Parameter model: a JSON object.
    /// - Throws: `.invalidParameterValue` if the tag does not contain a list, or would become too long.
    func appendLoggedModel(_ model: String, runID: String) throws

    /// Links datasets and models to a run as its inputs.
    ///
    /// If the experiment already has a dataset with the same name and digest, the dataset is not changed. If the run
    /// already has the dataset, the tags of the existing link stay. So of two equal datasets in one request, the first
    /// counts.
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

    /// Adds params to a model, deleted or not: all of them or none.
    ///
    /// - Parameter params: each key at most once.
    /// - Throws: `.badRequest` for a param that the model already has, even with the same value.
    func logLoggedModelParams(_ params: [Param], modelID: String) throws

    // MARK: Model registry

    /// Creates a registered model, or a prompt if it has the tag `mlflow.prompt.is_prompt`.
    ///
    /// - Throws: `.resourceAlreadyExists` if a model or a prompt has the name.
    func createRegisteredModel(name: String, description: String, tags: [Tag]) throws -> RegisteredModel

    /// Changes the description of a registered model.
    func updateRegisteredModel(_ name: String, description: String) throws -> RegisteredModel
    /// Renames a registered model together with its versions; its tags and aliases stay.
    ///
    /// - Throws: `.resourceAlreadyExists` if another model has the new name.
    func renameRegisteredModel(_ name: String, to newName: String) throws -> RegisteredModel
    /// Deletes a registered model with its versions, tags and aliases. A new model with its name starts at version 1.
    func deleteRegisteredModel(_ name: String) throws

    /// Makes an alias stand for a version, even if the alias has stood for another version.
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
    /// Moves a version to a stage.
    ///
    /// - Parameter archivesOthers: whether the other versions in that stage move to the stage Archived.
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
    /// Sets tags of a model. If a key occurs twice, the last value stays.
    func setLoggedModelTags(_ tags: [Tag], modelID: String) throws
    func deleteLoggedModelTag(key: String, modelID: String) throws
    func setRegisteredModelTag(_ tag: Tag, model name: String) throws
    func deleteRegisteredModelTag(key: String, model name: String) throws
    func setModelVersionTag(_ tag: Tag, version key: ModelVersionKey) throws
    func deleteModelVersionTag(key: String, version: ModelVersionKey) throws

    // MARK: The journal of artifacts

    /// Adds an event to the journal, with the current time.
    ///
    /// Leaves out an unknown run id, because run ids are guessed from paths. Also updates the number of bytes that the
    /// owners of the files have stored.
    /// - Returns: the changes of these numbers.
    /// - Throws: `.notImplemented` if the store keeps no journal.
    @discardableResult
    func add(_ event: ArtifactEvent) throws -> [StoredChange]

    /// Removes entries of the journal that are older than a time in Unix milliseconds, the oldest first.
    ///
    /// - Returns: how many were removed; fewer than the limit if no more such entries are left.
    func trimArtifactJournal(before time: Int64, limit: Int) throws -> Int

    // MARK: Transfer

    /// Stores records from another store, as `RecordImporting.importRecords` says.
    func importRecords(_ records: [TransferRecord]) throws -> TransferReport
}
