package import ArtifactStore
package import Budgets
package import Forwarding
internal import HTTPServer
internal import HTTPWire
package import Tracking
internal import TrackingStore

/// The MLflow REST API over a store.
package struct MLflowAPI: Sendable {
    /// The settings that the operator chooses when starting the server.
    package struct Settings: Sendable {
        /// The MLflow version that the API is compatible with, which `/version` returns.
        package var version = "3.17.2"
        /// A prefix of paths: every endpoint also answers at its path with this prefix.
        ///
        /// The prefix begins with a slash and does not end with one; empty for no prefix.
        package var staticPrefix = ""
        /// Whether the `mlflow-artifacts` routes are served.
        package var servesArtifacts = true
        /// Whether only the `mlflow-artifacts` routes and calls about the server are served.
        package var servesOnlyArtifacts = false
        /// The folders and object stores whose artifacts clients may read and write directly.
        ///
        /// Other locations, except for the proxied artifacts, are not opened.
        package var artifactRoots: [LocalArtifactRoot] = []
        /// The folder against which a client's relative artifact location is resolved.
        package var workingDirectory: String
        /// The limits of uploads in parts.
        package var multipartLimits = MultipartUploads.Limits()
        /// Whether values that are too long are cut (MLFLOW_TRUNCATE_LONG_VALUES) or refused.
        package var longValues = LongValuePolicy.truncate
        /// Whether a repeated creation returns the entity of the first request if the answer to that request was lost.
        package var recognizesRetries = true
        /// A pattern that the sources of new model versions must match; nil to accept every valid source.
        package var sourcePattern: SourcePattern?
        /// Returns the HTML before and after the JSON document of an export; both are empty by default.
        package var exportShell: @Sendable () -> ExportShell = { ExportShell() }

        /// Checks uploads against the storage quotas; nil if there are no quotas.
        package var quotas: StorageQuotas?
        /// Limits the number of files that one client may upload at the same time; nil for no limit.
        package var uploads: Budget?

        /// Whether changes are recorded in the audit log.
        package var isAudited = true

        /// Decides which client may send which request; nil in commands that use the API without a server.
        package var access: AccessControl?
        /// Returns the status of the snapshots of the data; nil if no snapshots are made.
        package var snapshots: @Sendable () -> SnapshotStatus? = { nil }
        /// Sends data to another server; nil if the server has no upstream.
        package var forwarder: Forwarder?

        package init(workingDirectory: String) { self.workingDirectory = workingDirectory }
    }

    /// A folder, or a location in an object store, whose artifacts clients may read and write directly.
    package struct LocalArtifactRoot: Sendable {
        /// An absolute path, or the URI of an object store; without a trailing slash.
        package var path: String
        package var store: any ArtifactStorage

        package init(path: String, store: any ArtifactStorage) {
            self.path = path
            self.store = store
        }
    }

    let store: any TrackingBackend
    /// The store if it is the one in SQLite; nil for any other store, which has neither forwarding nor a table of removals.
    let local: TrackingStore?
    let artifacts: any ArtifactStorage
    /// The uploads in parts to a local folder; nil if artifacts are in an object store, which keeps the parts itself.
    let multipartUploads: MultipartUploads?
    /// The uploads in parts to an object store.
    let directUploads: DirectUploads
    let settings: Settings
    let healthChecks: HealthChecks
    /// Lets one request at a time change an artifact, until the change has been passed to the artifact journal.
    let artifactLocks = ArtifactLocks()
    /// The entries about changes of artifacts that could not be written to the database yet.
    let owedEntries = OwedEntries()
    /// The artifact locations of experiments, by which the rights of clients that may not read all experiments are checked.
    let experimentFolders = ExperimentFolderCache()
    /// Caches the digests of artifact files.
    let digests = DigestCache()
    /// Lets one permanent removal run at a time.
    let removalLock = RemovalLock()
    /// Called with each failure that no client can cause; the answer does not contain its details.
    let reportFailure: @Sendable (any Error) -> Void
    /// The series of requests that fail because another program has locked the database.
    private let databaseLock = Burst()
    /// The series of requests that fail because the object storage of artifacts cannot be used.
    private let storageFault = Burst()

    package init(
        store: any TrackingBackend,
        artifacts: any ArtifactStorage,
        settings: Settings,
        reportFailure: @escaping @Sendable (any Error) -> Void
    ) {
        self.store = store
        local = store as? TrackingStore
        self.artifacts = artifacts
        multipartUploads = (artifacts as? ArtifactRoot).map {
            MultipartUploads(root: $0, limits: settings.multipartLimits)
        }
        settings.quotas?.beforeRefusals { [weak multipartUploads] in multipartUploads?.forgetEnded() }
        directUploads = DirectUploads(settings.multipartLimits)
        self.settings = settings
        let others = settings.artifactRoots.map(\.store).filter { $0 !== artifacts }
        healthChecks = HealthChecks(store: store, storages: [artifacts] + others)
        self.reportFailure = reportFailure
    }

    /// All endpoints, one for each path at which a call is answered, without the static prefix.
    package var endpoints: [Endpoint] {
        let groups = [
            experimentEndpoints, runEndpoints, loggingEndpoints, metricEndpoints, registeredModelEndpoints,
            serverEndpoints, pageEndpoints, logInEndpoints, accountEndpoints, tokenEndpoints, auditEndpoints,
            graphQLEndpoints, emptyAnswers, unsupportedEndpoints, transferEndpoints, artifactJournalEndpoints,
            usageEndpoints, removalEndpoints,
        ]
        let ofArtifacts = [
            loggedModelEndpoints, modelVersionEndpoints, artifactEndpoints, artifactViewEndpoints, multipartEndpoints,
            exportEndpoints, streamedExportEndpoints,
        ]
        var localEndpoints = Array(forwardEndpoints.joined())
        if local == nil { localEndpoints = localEndpoints.map { $0.refusing(with: .onlyInSQLite) } }
        let all = ofArtifacts.joined().joined().map(withOwnThreads) + groups.joined().joined() + localEndpoints
        return settings.servesOnlyArtifacts ? all.map(restrictedToArtifacts) : all
    }

    /// Returns the endpoint with its own pool of threads if it may wait for an object store.
    private func withOwnThreads(_ endpoint: Endpoint) -> Endpoint {
        if case .buffered = endpoint.handler { return endpoint }
        let storages = [artifacts] + settings.artifactRoots.map(\.store)
        guard storages.contains(where: { $0.directTransfers != nil }) else { return endpoint }
        var separate = endpoint
        separate.handler = .apart(endpoint.handler)
        return separate
    }

    /// Returns the answer to a failure.
    ///
    /// A failure that no client can cause is reported, and the answer hides its cause.
    func response(to error: any Error) -> HTTPResponse {
        if (error as? TrackingError)?.code == .databaseLocked { reportDatabaseLock(error) }
        if let apiError = APIError(error) { return apiError.response }
        if let refusal = error as? AccessRefusal { return refusal.response }
        if error is AccessChanged { return AccessControl.changesTooOften.response }
        reportFailure(error)
        let message = "The server failed on this request; its log has the details."
        return APIError(httpStatus: 500, message: message).response
    }

    /// Reports the first failure of a series in which the object storage of artifacts cannot be used.
    func reportStorageFault(_ error: any Error) {
        if storageFault.note(endsAfter: { _ in .seconds(60) }) == nil { reportFailure(error) }
    }

    /// Reports the first failure of a series in which another program has locked the database.
    ///
    /// A series ends after 60 s without such a failure.
    private func reportDatabaseLock(_ error: any Error) {
        if databaseLock.note(endsAfter: { _ in .seconds(60) }) == nil { reportFailure(error) }
    }
}
