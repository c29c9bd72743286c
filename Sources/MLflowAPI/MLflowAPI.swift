package import ArtifactStore
internal import Budgets
package import Tracking
package import TrackingStore

/// The MLflow REST API over a store.
package struct MLflowAPI: Sendable {
    /// What the person who starts the server decides.
    package struct Settings: Sendable {
        /// The MLflow version that the API answers for, as `/version` says it.
        package var version = "3.17.2"
        /// Whether the `mlflow-artifacts` routes work.
        package var servesArtifacts = true
        /// Whether nothing but those routes works.
        package var servesOnlyArtifacts = false
        /// Where the operator put artifacts of runs that are not proxied; local ones are opened only beneath it.
        package var artifactRoots: [LocalArtifactRoot] = []
        /// The folder against which a client's relative artifact location is resolved.
        package var workingDirectory: String
        /// What clients may ask of the disk by uploads in parts.
        package var multipartLimits = MultipartUploads.Limits()
        /// Whether values that are too long are cut (MLFLOW_TRUNCATE_LONG_VALUES) or refused.
        package var longValues = LongValuePolicy.truncate
        /// Whether a creation that is repeated because its answer was lost is answered with what it made.
        package var recognizesRetries = true
        /// What the sources of model versions must match; nil where every legal source will do.
        package var sourcePattern: SourcePattern?

        package init(workingDirectory: String) {
            self.workingDirectory = workingDirectory
        }
    }

    /// A folder that holds artifacts which clients write themselves.
    package struct LocalArtifactRoot: Sendable {
        /// Absolute, without a trailing slash.
        package var path: String
        package var store: ArtifactRoot

        package init(path: String, store: ArtifactRoot) {
            self.path = path
            self.store = store
        }
    }

    let store: TrackingStore
    let artifacts: ArtifactRoot
    /// The uploads in parts; their owner has expired ones removed now and again.
    package let multipartUploads: MultipartUploads
    let settings: Settings
    let healthLooks: HealthLooks
    /// Of files that were compared.
    let digests = DigestCache()
    /// Told of failures that no client can cause; the client gets a constant text.
    let reportFailure: @Sendable (any Error) -> Void
    /// While another program holds the lock of the database.
    private let databaseLock = Episode()

    package init(
        store: TrackingStore,
        artifacts: ArtifactRoot,
        settings: Settings,
        reportFailure: @escaping @Sendable (any Error) -> Void
    ) {
        self.store = store
        self.artifacts = artifacts
        multipartUploads = MultipartUploads(root: artifacts, limits: settings.multipartLimits)
        self.settings = settings
        healthLooks = HealthLooks(store: store)
        self.reportFailure = reportFailure
    }

    /// Every endpoint, once for each path at which it answers.
    package var endpoints: [Endpoint] {
        let all =
            experimentEndpoints + runEndpoints + loggingEndpoints + metricEndpoints + loggedModelEndpoints
            + registeredModelEndpoints + modelVersionEndpoints + artifactEndpoints + artifactViewEndpoints
            + artifactJournalEndpoints + multipartEndpoints + serverEndpoints
            + graphQLEndpoints + emptyAnswers + unsupportedEndpoints
        return settings.servesOnlyArtifacts ? all.map(openWithArtifactsOnly) : all
    }

    /// An endpoint of the tracking API at both of its prefixes.
    func endpoint(
        _ method: String,
        _ path: String,
        _ handler: @escaping @Sendable (RequestMessage) throws -> Operation
    ) -> [Endpoint] {
        ["/api/2.0/mlflow/", "/ajax-api/2.0/mlflow/"].map { prefix in
            Endpoint(method: method, path: prefix + path, handling: messageHandling(handler))
        }
    }

    func messageHandling(_ handler: @escaping @Sendable (RequestMessage) throws -> Operation) -> Endpoint.Handling {
        .message { request, reply in
            do {
                perform(try handler(try RequestMessage(request)), for: request, reply)
            } catch {
                reply(response(to: error))
            }
        }
    }

    private func perform(_ operation: Operation, for request: APIRequest, _ reply: @escaping APIReply) {
        switch operation {
        case .write(let work):
            store.write(work, for: request.caller, mayBlock: request.mayBlock) { reply(response(of: $0)) }
        case .create(let kind, let work):
            let once = onlyOnce(kind, request, work)
            store.write(once, for: request.caller, mayBlock: request.mayBlock) { reply(response(of: $0)) }
        case .read(let cost, let work):
            store.read(work, cost: cost, for: request.caller) { reply(response(of: $0)) }
        case .answer(let answer): reply(answer)
        }
    }

    private func onlyOnce(
        _ kind: String,
        _ request: APIRequest,
        _ work: @escaping @Sendable (WriteSession) throws -> APIResponse
    ) -> @Sendable (WriteSession) throws -> APIResponse {
        guard settings.recognizesRetries,
            let creation = Creation(kind, body: request.body, caller: request.caller)
        else { return work }
        return { session in try session.once(creation) { try work(session) } }
    }

    private func response(of result: Result<APIResponse, any Error>) -> APIResponse {
        switch result {
        case .success(let answer): answer
        case .failure(let error): response(to: error)
        }
    }

    /// The answer to a failure; one that no client can cause is reported and hidden.
    func response(to error: any Error) -> APIResponse {
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

    /// A client cannot cause it, but is told of it; the operator is told once, not for each request.
    private func reportDatabaseLock(_ error: any Error) {
        if databaseLock.note(endsAfter: { _ in .seconds(60) }) == nil { reportFailure(error) }
    }
}
