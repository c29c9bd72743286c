/// What a store does for an import.
///
/// `importRecords`, which is the same over all stores, decides what becomes of each record. The functions look up what decides,
/// and make one change each. They throw a `TrackingError` for what the client may not do, before they change anything.
package protocol RecordTaking: AnyObject, ClientBound {
    /// What identifies a run, a logged model, a registered model and a version in the store.
    associatedtype RunHandle
    associatedtype LoggedModelHandle
    associatedtype RegisteredModelHandle
    associatedtype VersionHandle

    var artifactRoot: ArtifactLocation { get }
    /// The greatest id that an experiment can have in the store.
    var greatestExperimentID: Int64 { get }

    /// Called before the records are taken one after another.
    func beginTaking(_ records: [TransferRecord]) throws
    /// Called after the last record; stores what has collected, and counts in the report what was not counted yet.
    func finishTaking(_ report: inout TransferReport) throws
    /// Returns the record without the parts that the store cannot hold, about which it makes remarks.
    ///
    /// - Throws: `.invalidParameterValue` if the store cannot hold the record at all.
    func fitting(_ record: TransferRecord, _ report: inout TransferReport) throws(TrackingError) -> TransferRecord

    // MARK: Experiments

    func experimentHolder(ofID id: Int64) throws -> ExperimentDestination.Holder?
    func experimentHolder(ofName name: String) throws -> ExperimentDestination.Holder?
    /// Returns an experiment that the client may change, active or deleted, without its tags.
    func experimentToChange(_ id: Int64) throws -> Experiment
    func experimentID(ofName name: String) throws -> Int64?
    func creationTime(ofExperiment id: Int64) throws -> Int64?
    /// Adds an experiment without its tags and returns its id, with which its artifact location agrees.
    ///
    /// - Parameter keepsID: whether the experiment has its id here too; otherwise it gets the next one.
    func add(_ experiment: Experiment, keepsID: Bool) throws -> Int64
    /// Stores other facts of the experiment with this id.
    func replaceExperiment(_ id: Int64, by experiment: Experiment) throws
    func complete(_ tags: [Tag], ofExperiment id: Int64) throws -> TakenPart
    /// Returns the user who manages an experiment by an own grant, as its creator does, and is no admin; nil if there is none or
    /// that user is the client.
    func otherManager(ofExperiment id: Int64) throws -> String?

    // MARK: Runs

    /// Looks up a run that the client may change, active or deleted.
    func takenRun(_ runID: String) throws -> RunHandle?
    func info(of run: RunHandle, id: String) throws -> RunInfo
    /// Returns who has made a run; nil if that is not known.
    func maker(of run: RunHandle) throws -> RunMaker?
    /// Adds a run without its params, tags, inputs and outputs. Its experiment is that of the store.
    func add(_ run: TransferredRun) throws -> RunHandle
    func end(_ run: RunHandle, as info: RunInfo) throws
    func complete(_ params: [Param], of run: RunHandle) throws -> TakenPart
    func complete(_ tags: [Tag], of run: RunHandle) throws -> TakenPart
    /// Links a run with its datasets and models.
    ///
    /// - Returns: whether the run was not yet linked with all of them.
    func completeLinks(of run: RunHandle, _ links: Run) throws -> Bool
    /// Adds points of one metric, and counts them at the latest in `finishTaking`.
    func add(_ points: TransferredPoints, to run: RunHandle, _ report: inout TransferReport) throws

    // MARK: Logged models

    /// Looks up a logged model that the client may change, active or deleted.
    func takenLoggedModel(_ modelID: String) throws -> LoggedModelHandle?
    func info(of model: LoggedModelHandle, id: String) throws -> LoggedModelInfo
    /// Adds a model without its params and tags. Its experiment is that of the store.
    func add(_ info: LoggedModelInfo) throws -> LoggedModelHandle
    func finalize(_ model: LoggedModelHandle, as info: LoggedModelInfo) throws
    func complete(_ params: [Param], of model: LoggedModelHandle, id: String) throws -> TakenPart
    func complete(_ tags: [Tag], of model: LoggedModelHandle, id: String) throws -> TakenPart
    /// Adds a point, and counts it at the latest in `finishTaking`.
    func add(_ point: ModelMetric, of run: RunHandle, _ report: inout TransferReport) throws

    // MARK: Model registry

    func takenRegisteredModel(_ name: String) throws -> TakenRegisteredModel<RegisteredModelHandle>?
    /// Throws unless the client may change the model.
    ///
    /// - Returns: whether it is a prompt.
    func requireChange(ofRegisteredModel name: String) throws -> Bool
    /// Adds a model without its tags and aliases.
    func add(_ model: TransferredRegisteredModel) throws -> RegisteredModelHandle
    func complete(_ tags: [Tag], ofRegisteredModel key: RegisteredModelHandle) throws -> TakenPart
    /// Adds the aliases that the model lacks.
    ///
    /// - Returns: as conflicts, the aliases that the model uses for another version.
    func complete(_ aliases: [ModelAlias], of key: RegisteredModelHandle) throws -> TakenPart
    /// Returns whether no version had a number as high as this one.
    func raiseLastVersion(of key: RegisteredModelHandle, to version: Int64) throws -> Bool
    func takenVersion(
        _ number: Int64,
        of model: RegisteredModelHandle
    ) throws -> (key: VersionHandle, version: ModelVersion)?
    /// Adds a version with its tags.
    func add(_ version: TransferredModelVersion, to model: RegisteredModelHandle) throws
    func complete(_ tags: [Tag], of version: VersionHandle, of model: RegisteredModelHandle) throws -> TakenPart
}

/// A registered model that a store has, with what tells it from another one of its name.
package struct TakenRegisteredModel<Key> {
    package var key: Key
    package var creationTime: Int64
    package var description: String

    package init(key: Key, creationTime: Int64, description: String) {
        self.key = key
        self.creationTime = creationTime
        self.description = description
    }
}
