internal import ArtifactStore
internal import Budgets
internal import Forwarding
internal import HTTPServer
internal import HTTPWire
internal import JSON
internal import Tracking

extension MLflowAPI {
    var serverEndpoints: [[Endpoint]] {
        let version = HTTPResponse.text(settings.version)
        let information = HTTPHandler.buffered { $1.send(serverInformation($0)) }
        return [
            endpoint(.get, .api, "3.0/mlflow/server-info", .lookUp(.server), handler: information),
            endpoint(.get, .root, "health", .open(.server), handler: .buffered(health)),
            endpoint(.get, .root, "version", .open(.server), handler: .buffered { $1.send(version) }),
        ]
    }

    /// Answers `OK`, which shows that the server is running.
    ///
    /// If the request has `deep=1`, the answer is the result of a check of the store; if it has only `verbose=1`, the status that
    /// is known without a check. If the server requires credentials, a client without them learns only whether the server works.
    private func health(_ request: HTTPRequest, _ responder: HTTPResponder) {
        let showsDetails = settings.access?.isRequired != true || request.caller.identity != nil
        guard showsDetails else {
            guard request.queryValue("deep") == "1" else { return responder.send(.text("OK")) }
            return healthChecks.requestCheck { health, fault in
                let isSound = health.isSound && fault == nil
                responder.send(.text(isSound ? "OK" : "failing", status: health.status(with: fault)))
            }
        }
        if request.queryValue("verbose") == "1", request.queryValue("deep") != "1" {
            let (snapshots, forwarding) = (settings.snapshots(), settings.forwarder?.status)
            return responder.send(.status(snapshots, forwarding, artifacts.freeSpace?.reading, for: request.caller))
        }
        guard request.queryValue("deep") == "1" else { return responder.send(.text("OK")) }
        healthChecks.requestCheck {
            responder.send(.health($0, $1, artifacts.freeSpace?.reading, for: request.caller))
        }
    }

    /// Whether this server creates presigned URLs of an object store.
    private var hasDirectTransfers: Bool { settings.artifactRoots.contains { $0.store.directTransfers != nil } }

    /// Returns the answer that says what this server can do; clients read it to choose a kind of upload.
    ///
    /// The answer includes the members of MLflow 3.18.
    private func serverInformation(_ request: HTTPRequest) -> HTTPResponse {
        .jsonObject { writer in
            writer.member("store_type", "SqlStore")
            writer.member("workspaces_enabled", false)
            writer.member("trace_archival_enabled", false)
            writer.member("multipart_uploads_enabled", offersMultipart(request))
            let isDirect = settings.servesArtifacts && artifacts.directTransfers != nil
            writer.member("multipart_downloads_enabled", isDirect)
            writer.member("artifact_serving_enabled", settings.servesArtifacts)
            writer.member("presigned_upload_run_id_supported", hasDirectTransfers)
            writer.member("presigned_upload_model_id_supported", hasDirectTransfers)
            writer.member("model_artifact_presigned_downloads_supported", false)
            writer.member("artifacts_presigned_only", false)
            writer.member("skill_content_max_size", Int64(0))
            writer.member("skill_content_max_files", Int64(0))
            writer.member("tracking_auth", "")
            writer.memberObject("features_enabled") { writer in
                writer.member("gateway", false)
                writer.member("scheduled_issue_detection", false)
            }
        }
    }
}

extension HTTPResponse {
    static func text(_ text: String, status: Int = 200) -> HTTPResponse {
        let headers = [(name: "Content-Type", value: "text/plain; charset=utf-8")]
        return HTTPResponse(status: status, headers: headers, body: .bytes(Array(text.utf8)))
    }

    /// The status that is known without a check of the store.
    fileprivate static func status(
        _ snapshots: SnapshotStatus?,
        _ forwarding: ForwardStatus?,
        _ space: FreeSpace.Reading?,
        for caller: Caller
    ) -> HTTPResponse {
        .jsonObject { writer in
            writer.member("status", "ok")
            if let snapshots {
                writer.memberObject("snapshots") { writer in
                    // Only clients that may see all data learn the name of a folder of the server's machine.
                    if caller.seesAll { writer.member("place", snapshots.folder) }
                    writer.member("newest", ifPresent: snapshots.newest)
                    writer.member("current", snapshots.isCurrent)
                    let failure = snapshots.failure.map { caller.seesAll ? $0 : "an admin can see why" }
                    writer.member("failure", ifPresent: failure)
                }
            }
            if let forwarding { writer.memberObject("forwarding") { $0.members(of: forwarding, for: caller) } }
            if let space { writer.member(space) }
        }
    }

    /// Returns the answer with the result of a check of the store and the artifacts, and the problems that were found.
    fileprivate static func health(
        _ health: StoreHealth,
        _ artifacts: String?,
        _ space: FreeSpace.Reading?,
        for caller: Caller
    ) -> HTTPResponse {
        func visible(_ problem: String?) -> String? { problem.map { caller.seesAll ? $0 : "an admin can see why" } }
        return .jsonObject(status: health.status(with: artifacts)) { writer in
            writer.member("status", health.isSound && artifacts == nil ? "ok" : "failing")
            writer.member("journal_mode", health.journal)
            writer.member("free_bytes", ifPresent: health.freeBytes)
            if let space { writer.member(space) }
            writer.memberObject("problems") { problems in
                problems.member("files", ifPresent: visible(health.files))
                problems.member("disk", ifPresent: visible(health.disk))
                problems.member("reader", ifPresent: visible(health.reader))
                problems.member("writer", ifPresent: visible(health.writer))
                problems.member("artifacts", ifPresent: visible(artifacts))
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func member(_ space: FreeSpace.Reading) {
        memberObject("artifact_space") { writer in
            writer.member("level", space.level.rawValue)
            writer.member("free_bytes", space.freeBytes)
            writer.member("kept_bytes", space.keptBytes)
        }
    }
}

extension StoreHealth {
    /// - Parameter artifacts: the problem of the artifacts; nil if there is none.
    fileprivate func status(with artifacts: String?) -> Int {
        isSound ? (artifacts == nil ? 200 : 503) : isStorageSound ? 503 : 507
    }
}
