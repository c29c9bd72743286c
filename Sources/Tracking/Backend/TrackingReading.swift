package import Budgets

// What MLflowAPI asks of a store with `TrackingReading` and `TrackingWriting`, whatever stores the data: `TrackingStore` in SQLite,
// `PostgresStore` in PostgreSQL.
//
// Every function throws `.resourceDoesNotExist` if the request names an id or a name that does not exist. Every
// function that changes a run or an experiment, or something that belongs to one, throws `.invalidParameterValue` if
// the run or experiment is deleted, unless its comment says otherwise. The comments list only further errors and exceptions.

/// Reads the data for one request.
///
/// All functions read the data of the same moment.
package protocol TrackingReading: RecordReading, AccessTables {
    /// The client that waits for the result, and whose permissions the store checks.
    var caller: Caller { get }
    /// Returns the total of processor time to which this read and the later reads for the same answer add theirs.
    func sharedEffort() -> ReadEffort

    // MARK: Searches
    //
    // Each search returns one page, and throws `.invalidParameterValue` for a page token that is malformed or belongs to
    // another search, for too many sort keys, and for a pattern that is too long.

    /// Finds runs, without their model inputs, because MLflow returns these only with a single run.
    func findRuns(_ search: RunSearch) throws -> SearchCursor<Run>
    /// Finds runs, with only the metrics, params and tags in `columns`.
    func findRunTable(_ search: RunSearch, columns: [RunTableColumn]) throws -> SearchCursor<RunTableRow>
    /// Collects, for the columns of the run table, the keys and values of the metrics, params and tags of the runs on the first page of
    /// a search, until `valueLimit` is reached.
    ///
    /// - Parameter valueLimit: the number of metrics, params and tags to read. Up to 50 runs are read at once, so the
    ///   last of them may exceed the limit.
    func describeRunColumns(_ search: RunSearch, valueLimit: Int) throws -> RunColumns

    /// Finds experiments, by default with the newest first.
    func findExperiments(_ search: ExperimentSearch) throws -> SearchCursor<Experiment>
    /// Finds logged models.
    ///
    /// Models with equal sort keys are ordered by creation time, the newest first, and then by model id. Deleted models
    /// are never found. A model meets a comparison if any point of the metric does; `order_by` uses the latest point.
    func findLoggedModels(_ search: LoggedModelSearch) throws -> SearchCursor<LoggedModel>
    /// Finds registered models, by default without prompts and in the order of their names.
    func findRegisteredModels(_ search: RegistrySearch) throws -> SearchCursor<RegisteredModel>
    /// Finds model versions without aliases, by default without prompts and with the last updated first.
    func findModelVersions(_ search: RegistrySearch) throws -> SearchCursor<ModelVersion>

    // MARK: Experiments

    // An experiment with its tags, active or deleted.
    func experiment(id: Int64) throws -> Experiment
    func experiment(named name: String) throws -> Experiment

    /// Returns the datasets that runs of the experiments used, at most 1,000 entries.
    ///
    /// A dataset that was used in several contexts, such as training and evaluation, has one entry for each. Ignores unknown experiments.
    func datasetSummaries(experimentIDs: [Int64]) throws -> [DatasetSummary]

    // MARK: Runs

    /// A run with everything that is stored about it, active or deleted.
    func run(id runID: String) throws -> Run
    /// A run's identity and state, active or deleted.
    func runInfo(id runID: String) throws -> RunInfo
    /// The number of runs, including deleted ones. The cost is proportional to the number.
    func runCount() throws -> Int64

    // MARK: Metrics

    /// Returns one page of a metric's history, in ascending order of (timestamp, step, value).
    ///
    /// The page is empty for an unknown run or key, as in MLflow. The cost depends on the size of the page and not on
    /// its position.
    /// - Parameter limit: the maximum number of points, at least 1.
    /// - Throws: `.invalidParameterValue` for a page token that is malformed or belongs to another history.
    func metricHistory(_ history: MetricHistory, pageToken: String?, limit: Int) throws -> MetricHistoryPage

    /// Returns the points of one metric in several runs, in ascending order of (run id, timestamp, step, value).
    ///
    /// - Parameters:
    ///   - runIDs: unknown and repeated ids are ignored.
    ///   - limit: the maximum number of points of all runs together.
    func metricHistories(key: String, runIDs: [String], limit: Int) throws -> [RunMetricPoint]

    /// Returns a sample of a metric's points, spread evenly over the history; `BucketSample` chooses the points.
    ///
    /// The points are in ascending order of (step, timestamp, value, is_nan). The sample is empty for an unknown run or
    /// key. The cost is that of reading the whole history once.
    /// - Parameters:
    ///   - steps: the steps to include; nil includes all.
    ///   - maxResults: the maximum number of points, at least 1.
    func sampleMetric(_ history: MetricHistory, steps: ClosedRange<Int64>?, maxResults: Int) throws -> [MetricPoint]

    /// The curve of one metric of one run, reduced to few points that keep its extremes.
    ///
    /// - Parameter position: `MetricCurve.position` of an earlier answer; nil for the whole curve.
    /// - Returns: nil for an unknown run or key, and if no points were added after the position.
    /// - Throws: `.invalidParameterValue` for a position that does not come from a curve of this metric.
    func curve(of history: MetricHistory, _ request: CurveRequest, after position: String?) throws -> MetricCurve?

    /// Returns the extremes of a run's metrics, without metrics whose values are all NaN; empty for an unknown run.
    func metricExtremes(runID: String) throws -> [(key: String, extremes: MetricExtremes)]

    // MARK: Logged models

    /// A logged model's identity and state; a deleted model counts as unknown.
    func loggedModelInfo(id modelID: String) throws -> LoggedModelInfo
    /// A logged model with everything that is stored about it; a deleted model counts as unknown unless `allowsDeleted`.
    func loggedModel(id modelID: String, allowsDeleted: Bool) throws -> LoggedModel

    // MARK: Owners of artifact folders
    //
    // These functions are for the server itself; they do not check permissions.

    /// Returns a number that changes whenever the result of `artifactPlaces` may have changed.
    ///
    /// Over PostgreSQL, where other programs write too, it also changes every 30 seconds.
    func artifactPlaceVersion() throws -> Int64
    /// Returns the locations of all experiments, and the locations of runs and logged models that are outside of their
    /// experiment's location.
    func artifactPlaces() throws -> [ArtifactPlace]
    /// Returns the runs and logged models that have one of the ids, in the order of the ids.
    func artifactOwners(among ids: [String]) throws -> [ArtifactOwner]

    // MARK: The journal of artifacts, and who has stored how much

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
    /// - Parameter checksRuns: whether runs are left out that other programs have removed without telling, which costs a look at
    ///   the runs of all owners.
    /// - Throws: `.notImplemented` if the store keeps no journal.
    func storageUse(checksRuns: Bool) throws -> [StorageUse]

    // MARK: Permanent removal

    /// The artifacts of all runs, logged models and model versions that a request does not remove.
    ///
    /// The cost is that of reading all runs, logged models and model versions.
    func artifactsInUse(besides request: RemovalRequest, in folders: ArtifactFolders) throws -> ArtifactsInUse

    /// What a request would remove: the numbers, except those of files, and each object with the folder of its
    /// artifacts.
    ///
    /// The cost is that of reading all deleted objects, and the whole list is in memory.
    /// - Throws: `.resourceDoesNotExist` for an unknown id; `.invalidParameterValue` for an object that must be kept.
    func removalPreview(
        _ request: RemovalRequest,
        keeping inUse: ArtifactsInUse
    ) throws -> (count: RemovalCount, owners: [PendingFolderRemoval])

    // MARK: Model registry

    /// A registered model with its tags, aliases and the latest version of each stage.
    func registeredModel(named name: String) throws -> RegisteredModel
    /// The latest version in each stage that has one, with aliases; the stages are ordered by the lowest version number in each.
    func latestVersions(ofModel name: String) throws -> [ModelVersion]
    /// A version with its tags and aliases.
    func modelVersion(_ key: ModelVersionKey) throws -> ModelVersion
    /// The version that an alias stands for. The alias `latest` stands for the version with the highest number.
    ///
    /// - Throws: `.invalidParameterValue` for an unknown alias, `.resourceDoesNotExist` for `latest` if the model has
    ///   no versions.
    func modelVersion(named name: String, alias: String) throws -> ModelVersion

    /// The location of a version's artifacts, for clients; it may be a `runs:` URI.
    func modelVersionLocation(_ key: ModelVersionKey) throws -> String
    /// Resolves a location `runs:/<run id>/<path>` to a path below the run's artifact URI; returns any other location
    /// unchanged.
    func resolvedRunLocation(_ location: String) throws -> String
}

extension TrackingReading {
    /// What each owner has stored, as the sums say that quotas are held against.
    package func storageUse() throws -> [StorageUse] { try storageUse(checksRuns: false) }
}
