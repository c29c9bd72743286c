internal import ArtifactStore
internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import Identities
internal import JSON
internal import Tracking

// Presigned URLs need artifacts in an object store. For other artifacts, each request is checked as by MLflow's
// server, and then refused with a message after which the client continues without presigned URLs.

private enum PresignedTarget {
    case run(String)
    case loggedModel(String)
}

/// The lifetimes, in seconds, of URLs whose request sets none; the same as in MLflow's server.
private let defaultUploadLifetime: Int64 = 900
private let defaultDownloadLifetime: Int64 = 300

extension MLflowAPI {
    var presignedEndpoints: [[Endpoint]] {
        let route = "presigned/"
        let upload = Access.change(.runID, .loggedModelID).unaudited
        return [
            endpoint(.post, .tracking, "artifacts/presigned-upload-url", upload, handler: .blocking(presignUpload)),
            endpoint(
                .post,
                .tracking,
                "artifacts/presigned-download-url",
                .lookUp(.runID),
                handler: .blocking(presignDownload)
            ),
            endpoint(.get, .artifacts, route + "{path...}", .lookUp(.artifact), handler: .blocking(presignProxied)),
            namelessArtifact(.get, route, .lookUp(.none)),
        ]
    }

    private func presignUpload(_ request: HTTPRequest, _ responder: HTTPResponder) {
        answer(responder, path: "") {
            let message = try RequestMessage(request)
            let path = try message.requiredString("path")
            let expiration = try message.integer("expiration") ?? defaultUploadLifetime
            let runID = try message.string("run_id") ?? ""
            let modelID = try message.string("model_id") ?? ""
            guard runID.isEmpty != modelID.isEmpty else {
                throw TrackingError.invalidParameter("Exactly one of run_id and model_id must be provided.")
            }
            let artifactPath = try check(path)
            let target = modelID.isEmpty ? PresignedTarget.run(runID) : .loggedModel(modelID)
            let (storage, base) = try directFolder(of: target, for: request.caller, to: .update, "upload")
            try Self.check(expiration)
            try store.requireDatabaseInPlace()
            let address = try storage.uploadAddress(base.appending(artifactPath), for: expiration)
            return .jsonObject { writer in
                writer.member("presigned_url", address.url)
                writer.memberObject("headers") { writer in
                    for field in address.fields {
                        writer.key(field.name)
                        writer.string(field.value)
                    }
                }
            }
        }
    }

    private func presignDownload(_ request: HTTPRequest, _ responder: HTTPResponder) {
        answer(responder, path: "") {
            let message = try RequestMessage(request)
            let runID = try message.requiredString("run_id")
            let path = try message.requiredString("path")
            let expiration = try message.integer("expiration") ?? defaultDownloadLifetime
            let artifactPath = try check(path)
            try Self.check(expiration)
            let (storage, base) = try directFolder(of: .run(runID), for: request.caller, to: .read, "download")
            let address = try storage.downloadAddress(base.appending(artifactPath), for: expiration)
            return .jsonObject { writer in
                writer.member("presigned_url", address.url)
                writer.member("file_size", address.size)
            }
        }
    }

    private func presignProxied(_ request: HTTPRequest, _ responder: HTTPResponder) {
        let text = request.parameters.first ?? ""
        answer(responder, path: text) {
            guard settings.servesArtifacts, let direct = artifacts.directTransfers else {
                let refused = TrackingError(
                    .notImplemented,
                    "Multipart download is not supported for the current artifact repository"
                )
                return refusal(of: text, or: refused)
            }
            let path = try ArtifactPath(text)
            try requirePermission(.read, at: path, in: artifacts, for: request.caller)
            let address = try direct.downloadAddress(path, for: defaultDownloadLifetime)
            return .jsonObject { writer in
                writer.member("url", address.url)
                writer.memberObject("headers") { _ in }
                writer.member("file_size", address.size)
            }
        }
    }

    /// Returns the folder of a run or a model, which must be in an object store.
    ///
    /// - Throws: the error of MLflow's server for artifacts that are not in an object store.
    private func directFolder(
        of target: PresignedTarget,
        for caller: Caller,
        to action: PermittedAction,
        _ kind: String
    ) throws -> (any DirectTransfers, ArtifactPath) {
        let (uri, owner) = try store.readNow(.cheap, for: caller) { session in
            switch target {
            case .run(let id): (try session.runInfo(id: id).artifactURI, "run \(id)")
            case .loggedModel(let id): (try session.loggedModelInfo(id: id).artifactURI, "logged model \(id)")
            }
        }
        let refusal = Self.refusal(ofPresigned: kind, artifactURI: uri)
        guard ArtifactLocation(uri).scheme == "s3" else { throw refusal }
        let folder = try servedFolder(at: uri, owner: owner, for: caller, to: action)
        guard let direct = folder.store.directTransfers else { throw refusal }
        return (direct, folder.base)
    }

    private static func check(_ expiration: Int64) throws(TrackingError) {
        guard (1...604_800).contains(expiration) else {
            throw .invalidParameter("expiration must be between 1 and 604800 seconds (got \(expiration)).")
        }
    }

    private func check(_ path: String) throws(TrackingError) -> ArtifactPath {
        do {
            return try ArtifactPath(path)
        } catch { throw .invalidParameter(error.message(for: path)) }
    }

    /// Returns MLflow's error for artifacts that are not in an object store; proxied artifacts have an error of their own.
    private static func refusal(ofPresigned kind: String, artifactURI: String) -> TrackingError {
        let scheme = ArtifactLocation(artifactURI).scheme ?? ""
        guard ["mlflow-artifacts", "http", "https"].contains(scheme) else {
            return TrackingError(
                .notImplemented,
                "Presigned \(kind) is not supported for the current artifact repository"
            )
        }
        let (plural, singular) = kind == "upload" ? ("", "") : ("runs with ", "a run with ")
        return .invalidParameter(
            "Presigned \(kind) is not supported for \(plural)proxied artifact storage (artifact URI scheme: \(scheme)). "
                + "This endpoint requires \(singular)a direct cloud storage artifact URI."
        )
    }
}
