package import ArtifactStore
package import Budgets
package import Forwarding
internal import HTTPServer
internal import HTTPWire
package import Tracking
package import TrackingStore

/// The MLflow REST API over a store.
package struct MLflowAPI: Sendable {
    /// What the person who starts the server decides.
    package struct Settings: Sendable {
        /// The MLflow version that the API answers for, as `/version` says it.
        package var version = "3.17.2"
        /// The path beneath which every endpoint answers once more: empty, or with a slash before and none behind it.
        package var staticPrefix = ""
        /// Whether the `mlflow-artifacts` routes work.
        package var servesArtifacts = true
        /// Whether nothing but those routes works.
        package var servesOnlyArtifacts = false
        /// Folders of the operator for artifacts that are not proxied; local artifacts are opened only beneath them.
        package var artifactRoots: [LocalArtifactRoot] = []
        /// The folder against which a client's relative artifact location is resolved.
        package var workingDirectory: String
        /// The limits of uploads in parts.
        package var multipartLimits = MultipartUploads.Limits()
        /// Whether values that are too long are cut (MLFLOW_TRUNCATE_LONG_VALUES) or refused.
        package var longValues = LongValuePolicy.truncate
        /// Whether a creation that a client repeats because its answer was lost returns what the first one created.
        package var recognizesRetries = true
        /// What the sources of model versions must match; nil if every legal source is accepted.
        package var sourcePattern: SourcePattern?
        /// Makes what stands around an export; without it an export is the document alone.
        package var exportShell: @Sendable () -> ExportShell = { ExportShell() }

        /// Holds artifacts against quotas; nil where there are none.
        package var quotas: StorageQuotas?
        /// The files that one client may send at once.
        package var uploads: Budget?

        /// Whether changes leave entries in the audit.
        package var isAudited = true

        /// Decides who may send which request; nil where there is no server, and so nobody who asks.
        package var access: AccessControl?
        /// Tells of the snapshots of the data; nil where none are made.
        package var snapshots: @Sendable () -> SnapshotStatus? = { nil }
        /// Sends everything to another server; nil where nothing is sent.
        package var forwarder: Forwarder?

        package init(workingDirectory: String) {
            self.workingDirectory = workingDirectory
        }
    }

    /// A folder that holds artifacts which clients write themselves.
    package struct LocalArtifactRoot: Sendable {
        /// An absolute path or the URI of an object storage, without a trailing slash.
        package var path: String
        package var store: any ArtifactStorage

        package init(path: String, store: any ArtifactStorage) {
            self.path = path
            self.store = store
        }
    }

    let store: TrackingStore
    let artifacts: any ArtifactStorage
    /// The uploads in parts to a local folder; nil where artifacts lie in an object storage, which keeps the parts itself.
    let multipartUploads: MultipartUploads?
    let settings: Settings
    let healthChecks: HealthChecks
    /// Taken by each change of an artifact until its entry in the journal is on its way.
    let artifactTurns = ArtifactTurns()
    /// Where the artifacts of experiments are, for clients to which some experiments are hidden.
    let knownPlaces = KnownPlaces()
    /// The digests of files that were compared.
    let digests = DigestCache()
    /// Taken by the one removal for good that runs.
    let removalTurn = RemovalTurn()
    /// Called for failures that no client can cause; the client is sent only a constant text.
    let reportFailure: @Sendable (any Error) -> Void
    /// Lasts while another program holds the lock of the database.
    private let databaseLock = Burst()
    /// Lasts while the object storage of artifacts cannot be used.
    private let storageFault = Burst()

    package init(
        store: TrackingStore,
        artifacts: any ArtifactStorage,
        settings: Settings,
        reportFailure: @escaping @Sendable (any Error) -> Void
    ) {
        self.store = store
        self.artifacts = artifacts
        multipartUploads = (artifacts as? ArtifactRoot).map {
            MultipartUploads(root: $0, limits: settings.multipartLimits)
        }
        self.settings = settings
        healthChecks = HealthChecks(store: store, artifacts: artifacts)
        self.reportFailure = reportFailure
    }

    /// Every endpoint, once for each path at which it answers, the static prefix left out.
    package var endpoints: [Endpoint] {
        let groups = [
            experimentEndpoints, runEndpoints, loggingEndpoints, metricEndpoints, loggedModelEndpoints,
            registeredModelEndpoints, modelVersionEndpoints, artifactEndpoints, artifactViewEndpoints,
            artifactJournalEndpoints, multipartEndpoints, serverEndpoints, pageEndpoints, exportEndpoints,
            streamedExportEndpoints, tokenEndpoints, logInEndpoints, accountEndpoints, usageEndpoints, auditEndpoints,
            removalEndpoints, transferEndpoints, forwardEndpoints, graphQLEndpoints,
            emptyAnswers,
            unsupportedEndpoints,
        ]
        let all = Array(groups.joined().joined())
        return settings.servesOnlyArtifacts ? all.map(openWithArtifactsOnly) : all
    }

    /// The answer to a failure; one that no client can cause is reported to the operator, and its cause is hidden.
    func response(to error: any Error) -> HTTPResponse {
        if (error as? TrackingError)?.code == .databaseLocked { reportDatabaseLock(error) }
        if let known = APIError(error) { return known.response }
        reportFailure(error)
        let hidden = APIError(
            status: 500,
            code: "INTERNAL_ERROR",
            message: "The server failed on this request; its log has the details."
        )
        return hidden.response
    }

    /// Reports once, and not for each request, that the object storage of artifacts cannot be used.
    func reportStorageFault(_ error: any Error) {
        if storageFault.note(endsAfter: { _ in .seconds(60) }) == nil { reportFailure(error) }
    }

    /// Reports once, and not for each request, that another program locks the database.
    private func reportDatabaseLock(_ error: any Error) {
        if databaseLock.note(endsAfter: { _ in .seconds(60) }) == nil { reportFailure(error) }
    }
}
