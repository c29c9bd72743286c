/// What a store must offer for an import.
///
/// `importRecords` has one implementation for all stores. It decides whether each record is added, merged into a stored entity,
/// or left out. Some functions of this protocol look up the facts that this decision needs; each of the others makes one
/// change. If the client may not make a change, the function throws a `TrackingError` before it changes anything.
package protocol RecordImporting: AnyObject, ClientBound {
    // The values by which the store finds a run, a logged model, a registered model and a version.
    associatedtype RunHandle
    associatedtype LoggedModelHandle
    associatedtype RegisteredModelHandle
    associatedtype VersionHandle

    var artifactRoot: ArtifactLocation { get }
    /// The greatest id that an experiment can have in the store.
    var greatestExperimentID: Int64 { get }

    /// Called before the first record is imported.
    func beginImport(_ records: [TransferRecord]) throws
    /// Called after the last record; stores the changes that the store has collected, and counts them in the report.
    func finishImport(_ report: inout TransferReport) throws
    /// Returns the record without the parts that the database cannot store, and reports each part that is left out.
    ///
    /// - Throws: `.invalidParameterValue` if the database cannot store the record at all.
    func withoutUnsupportedParts(
        _ record: TransferRecord,
        _ report: inout TransferReport
    ) throws(TrackingError) -> TransferRecord

    // MARK: Experiments

    func storedExperiment(withID id: Int64) throws -> ExperimentDestination.StoredExperiment?
    func storedExperiment(withName name: String) throws -> ExperimentDestination.StoredExperiment?
    /// Returns an experiment that the client may change, active or deleted, without its tags.
    func experimentToChange(_ id: Int64) throws -> Experiment
    func experimentID(ofName name: String) throws -> Int64?
    func creationTime(ofExperiment id: Int64) throws -> Int64?
    /// Adds an experiment without its tags and returns its id. A default artifact location, which contains the id, gets the new
    /// id.
    ///
    /// - Parameter keepsID: whether the experiment keeps the id of the record; otherwise the store gives it the next free id.
    func add(_ experiment: Experiment, keepsID: Bool) throws -> Int64
    /// Overwrites what is stored about the experiment with this id, except its id and tags.
    func replaceExperiment(_ id: Int64, by experiment: Experiment) throws
    /// Adds the tags whose keys the experiment lacks.
    func addMissing(_ tags: [Tag], toExperiment id: Int64) throws -> MergeResult
    /// Returns a user, other than the client and admins, who was granted MANAGE on the experiment directly and not by a shared
    /// role; nil if there is none. The creator of an experiment gets such a grant.
    func otherManager(ofExperiment id: Int64) throws -> String?

    // MARK: Runs

    /// Looks up a run that the client may change, active or deleted.
    func runToChange(_ runID: String) throws -> RunHandle?
    /// Returns the run as the import has left it so far.
    ///
    /// - Parameter id: the id of the run, which a handle need not contain.
    func info(of run: RunHandle, id: String) throws -> RunInfo
    /// Returns who created a run; nil if that is not recorded.
    func creator(of run: RunHandle) throws -> RunCreator?
    /// Adds a run without its params, tags, inputs and outputs. Its experiment id must be the one in this store.
    func add(_ run: TransferredRun) throws -> RunHandle
    /// Stores the status and the end time of `info`.
    func end(_ run: RunHandle, as info: RunInfo) throws
    func addMissing(_ params: [Param], to run: RunHandle) throws -> MergeResult
    func addMissing(_ tags: [Tag], to run: RunHandle) throws -> MergeResult
    /// Links a run with its datasets and models.
    ///
    /// - Parameter record: the run of the import that has the links.
    /// - Returns: whether any of the links was not stored yet.
    func addMissingLinks(of record: Run, to run: RunHandle) throws -> Bool
    /// Adds the points of one metric that are not stored yet. They are counted in the report at once or in `finishImport`.
    func add(_ points: TransferredPoints, to run: RunHandle, _ report: inout TransferReport) throws

    // MARK: Logged models

    /// Looks up a logged model that the client may change, active or deleted.
    func loggedModelToChange(_ modelID: String) throws -> LoggedModelHandle?
    /// Returns the model as the import has left it so far, given its id.
    func info(of model: LoggedModelHandle, id: String) throws -> LoggedModelInfo
    /// Adds a model without its params and tags. Its experiment id must be the one in this store.
    func add(_ info: LoggedModelInfo) throws -> LoggedModelHandle
    func finalize(_ model: LoggedModelHandle, as info: LoggedModelInfo) throws
    func addMissing(_ params: [Param], to model: LoggedModelHandle, id: String) throws -> MergeResult
    func addMissing(_ tags: [Tag], to model: LoggedModelHandle, id: String) throws -> MergeResult
    /// Adds a point if it is not stored yet. It is counted in the report at once or in `finishImport`.
    func add(_ point: ModelMetric, of run: RunHandle, _ report: inout TransferReport) throws

    // MARK: Model registry

    func storedRegisteredModel(named name: String) throws -> StoredRegisteredModel<RegisteredModelHandle>?
    /// Throws unless the client may change the model.
    ///
    /// - Returns: whether it is a prompt.
    func requireChange(ofRegisteredModel name: String) throws -> Bool
    /// Adds a model without its tags and aliases.
    func add(_ model: TransferredRegisteredModel) throws -> RegisteredModelHandle
    func addMissing(_ tags: [Tag], toRegisteredModel model: RegisteredModelHandle) throws -> MergeResult
    /// Adds the aliases that the model lacks.
    ///
    /// - Returns: as conflicts, the aliases that the model uses for another version.
    func addMissing(_ aliases: [ModelAlias], to model: RegisteredModelHandle) throws -> MergeResult
    /// Raises the highest number that a version of the model has had, if it is lower than `version`; returns whether it was
    /// raised.
    func raiseLastVersion(of model: RegisteredModelHandle, to version: Int64) throws -> Bool
    func storedVersion(
        number: Int64,
        of model: RegisteredModelHandle
    ) throws -> (handle: VersionHandle, version: ModelVersion)?
    /// Adds a version with its tags.
    func add(_ version: TransferredModelVersion, to model: RegisteredModelHandle) throws
    func addMissing(_ tags: [Tag], to version: VersionHandle, of model: RegisteredModelHandle) throws -> MergeResult
}

/// A stored registered model.
///
/// Its creation time shows whether it is the imported model or another one with the same name.
package struct StoredRegisteredModel<Handle> {
    package var handle: Handle
    package var creationTime: Int64
    package var description: String

    package init(handle: Handle, creationTime: Int64, description: String) {
        self.handle = handle
        self.creationTime = creationTime
        self.description = description
    }
}
