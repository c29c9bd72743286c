internal import ArtifactStore
internal import Budgets
internal import Forwarding
internal import HTTPServer
internal import HTTPWire
internal import JSON
internal import TrackingStore

extension MLflowAPI {
    var serverEndpoints: [[Endpoint]] {
        let version = HTTPResponse.text(settings.version)
        let information = HTTPHandling.buffered { $1.send(serverInformation($0)) }
        return [
            endpoint(.get, .api, "3.0/mlflow/server-info", .lookUp(.server), handling: information),
            endpoint(.get, .root, "health", .open(.server), handling: .buffered(health)),
            endpoint(.get, .root, "version", .open(.server), handling: .buffered { $1.send(version) }),
        ]
    }

    /// Answers `OK`, which shows that the server is running.
    ///
    /// With `deep=1`, checks the store and answers with the result. With `verbose=1`, answers with the status that is
    /// known without a check. If the server requires credentials, a client without them learns only whether the server
    /// works.
    private func health(_ request: HTTPRequest, _ responder: HTTPResponder) {
        let showsDetails = settings.access?.isRequired != true || request.caller.identity != nil
        guard showsDetails else {
            guard request.queryValue("deep") == "1" else { return responder.send(.text("OK")) }
            return healthChecks.requestCheck { health in
                responder.send(.text(health.isSound ? "OK" : "failing", status: health.status))
            }
        }
        if request.queryValue("verbose") == "1", request.queryValue("deep") != "1" {
            return responder.send(
                .status(
                    settings.snapshots(),
                    settings.forwarder?.status,
                    artifacts.freeSpace?.reading,
                    for: request.caller
                )
            )
        }
        guard request.queryValue("deep") == "1" else { return responder.send(.text("OK")) }
        healthChecks.requestCheck { responder.send(.health($0, artifacts.freeSpace?.reading, for: request.caller)) }
    }

    /// Answers what this server can do, which a client asks before it chooses how to upload.
    ///
    /// Also uses MLflow 3.18's names.
    private func serverInformation(_ request: HTTPRequest) -> HTTPResponse {
        .json { writer in
            writer.beginObject()
            writer.member("store_type", "SqlStore")
            writer.member("workspaces_enabled", false)
            writer.member("trace_archival_enabled", false)
            writer.member("multipart_uploads_enabled", offersMultipart(request))
            writer.member("multipart_downloads_enabled", false)
            writer.member("artifact_serving_enabled", settings.servesArtifacts)
            writer.member("presigned_upload_run_id_supported", false)
            writer.member("presigned_upload_model_id_supported", false)
            writer.member("model_artifact_presigned_downloads_supported", false)
            writer.member("artifacts_presigned_only", false)
            writer.member("skill_content_max_size", Int64(0))
            writer.member("skill_content_max_files", Int64(0))
            writer.member("tracking_auth", "")
            writer.memberObject("features_enabled") { writer in
                writer.member("gateway", false)
                writer.member("scheduled_issue_detection", false)
            }
            writer.endObject()
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
        .json { writer in
            writer.beginObject()
            writer.member("status", "ok")
            if let snapshots {
                writer.memberObject("snapshots") { writer in
                    // Folders of the server's machine are for those who look after it.
                    if caller.seesAll { writer.member("place", snapshots.place) }
                    writer.member("newest", ifPresent: snapshots.newest)
                    writer.member("current", snapshots.isCurrent)
                    writer.member(
                        "failure",
                        ifPresent: snapshots.failure.map { caller.seesAll ? $0 : "an admin can see why" }
                    )
                }
            }
            if let forwarding { writer.memberObject("forwarding") { $0.members(of: forwarding, for: caller) } }
            if let space { writer.member(space) }
            writer.endObject()
        }
    }

    /// The result of a check of the store, with the problems of each part.
    fileprivate static func health(
        _ health: StoreHealth,
        _ space: FreeSpace.Reading?,
        for caller: Caller
    ) -> HTTPResponse {
        func shown(_ problem: String?) -> String? { problem.map { caller.seesAll ? $0 : "an admin can see why" } }
        return .json(status: health.status) { writer in
            writer.beginObject()
            writer.member("status", health.isSound ? "ok" : "failing")
            writer.member("journal_mode", health.journal)
            writer.member("free_bytes", ifPresent: health.freeBytes)
            if let space { writer.member(space) }
            writer.memberObject("problems") { problems in
                problems.member("files", ifPresent: shown(health.files))
                problems.member("disk", ifPresent: shown(health.disk))
                problems.member("reader", ifPresent: shown(health.reader))
                problems.member("writer", ifPresent: shown(health.writer))
            }
            writer.endObject()
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
    fileprivate var status: Int { isSound ? 200 : isStorageSound ? 503 : 507 }
}
