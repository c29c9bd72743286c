internal import ArtifactStore
internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import Tracking
internal import TrackingStore

// Presigned URLs need cloud storage, which this server does not have. Each request is checked as in the reference and
// then refused with a message after which the client continues without such URLs.

private enum PresignedTarget {
    case run(String)
    case loggedModel(String)
}

extension MLflowAPI {
    var presignedEndpoints: [[Endpoint]] {
        let route = "presigned/"
        let refusal = HTTPHandling.buffered(refusePresignedDownload)
        return [
            presigned("upload", .change(.runID, .loggedModelID).unaudited) { try presignedUploadTarget($0) },
            presigned("download", .lookUp(.runID)) { try presignedDownloadTarget($0) },
            endpoint(.get, .artifacts, route + "{path...}", .lookUp(.artifact), handling: refusal),
            namelessArtifact(.get, route, .lookUp(.none)),
        ]
    }

    /// - Parameter target: checks the request, and returns the run or model whose artifacts it is about.
    private func presigned(
        _ kind: String,
        _ access: Access,
        _ target: @escaping @Sendable (RequestMessage) throws -> PresignedTarget
    ) -> [Endpoint] {
        endpoint(.post, .tracking, "artifacts/presigned-\(kind)-url", access) { message in
            let target = try target(message)
            return .read { session in
                switch target {
                case .run(let id): try session.runInfo(id: id).artifactURI
                case .loggedModel(let id): try session.loggedModelInfo(id: id).artifactURI
                }
            } encode: {
                APIError(Self.refusal(ofPresigned: kind, artifactURI: $0)).response
            }
        }
    }

    private func presignedUploadTarget(_ message: RequestMessage) throws -> PresignedTarget {
        let path = try message.requiredString("path")
        _ = try message.integer("expiration")
        let runID = try message.string("run_id") ?? ""
        let modelID = try message.string("model_id") ?? ""
        guard runID.isEmpty != modelID.isEmpty else {
            throw TrackingError.invalidParameter("Exactly one of run_id and model_id must be provided.")
        }
        try check(path)
        return modelID.isEmpty ? .run(runID) : .loggedModel(modelID)
    }

    private func presignedDownloadTarget(_ message: RequestMessage) throws -> PresignedTarget {
        let runID = try message.requiredString("run_id")
        let path = try message.requiredString("path")
        let expiration = try message.integer("expiration") ?? 900
        try check(path)
        guard (1...604_800).contains(expiration) else {
            throw TrackingError.invalidParameter(
                "expiration must be between 1 and 604800 seconds (got \(expiration))."
            )
        }
        return .run(runID)
    }

    private func check(_ path: String) throws(TrackingError) {
        do {
            _ = try ArtifactPath(path)
        } catch {
            throw .invalidParameter(error.message(for: path))
        }
    }

    /// Proxied storage and a folder are refused with different words.
    private static func refusal(ofPresigned kind: String, artifactURI: String) -> TrackingError {
        let scheme = ArtifactLocation(artifactURI).scheme ?? ""
        guard ["mlflow-artifacts", "http", "https"].contains(scheme) else {
            return TrackingError(
                .notImplemented,
                "Presigned \(kind) is not supported for the current artifact repository"
            )
        }
        let (owner, place) = kind == "upload" ? ("", "") : ("runs with ", "a run with ")
        return .invalidParameter(
            "Presigned \(kind) is not supported for \(owner)proxied artifact storage (artifact URI scheme: \(scheme)). "
                + "This endpoint requires \(place)a direct cloud storage artifact URI."
        )
    }

    private func refusePresignedDownload(_ request: HTTPRequest, _ responder: HTTPResponder) {
        let refused = TrackingError(
            .notImplemented,
            "Multipart download is not supported for the current artifact repository"
        )
        responder.send(refusal(of: request.parameters.first ?? "", or: refused))
    }
}
