internal import ArtifactStore
internal import Tracking
internal import TrackingStore

extension MLflowAPI {
    /// What the reference offers and Apus does not yet: answered at once, so that no client call hangs or retries.
    ///
    /// 501 is outside the set of statuses that the client retries, and it is the answer on which the client falls back
    /// to a plain upload.
    var unsupportedEndpoints: [Endpoint] {
        var endpoints: [Endpoint] = []
        for prefix in ["/api", "/ajax-api"] {
            endpoints += Self.unsupportedFamilies.flatMap { family in
                unsupported(prefix + family, "\(Self.name(of: family)) is not offered by this server yet.")
            }
            endpoints += multipart(prefix + "/2.0/mlflow-artifacts/")
            endpoints += presigned(prefix + "/2.0/mlflow/artifacts/")
        }
        endpoints += emptyModelSearch
        endpoints += unsupported("/v1/traces", "Traces are not offered by this server yet.")
        endpoints += unsupported("/graphql", "GraphQL is not offered by this server yet.")
        endpoints.append(modelVersionArtifact)
        return endpoints
    }

    private static let unsupportedFamilies = [
        "/2.0/mlflow/traces", "/3.0/mlflow/traces", "/2.0/mlflow/unified-traces",
        "/2.0/mlflow/get-online-trace-details", "/2.0/mlflow/logged-models", "/2.0/mlflow/registered-models",
        "/2.0/mlflow/model-versions", "/2.0/mlflow/webhooks", "/3.0/mlflow/datasets", "/3.0/mlflow/gateway",
        "/2.0/mlflow/gateway-proxy",
        "/3.0/mlflow/issues", "/3.0/mlflow/label-schemas", "/3.0/mlflow/prompt-optimization",
        "/3.0/mlflow/review-queues", "/3.0/mlflow/scorers", "/3.0/mlflow/workspaces", "/3.0/mlflow/assessments",
        "/3.0/jobs", "/2.0/mlflow/runs/create-promptlab-run",
    ]

    /// The client asks for a run's logged models before it lists or downloads artifacts; there are none here.
    private var emptyModelSearch: [Endpoint] {
        endpoint("POST", "logged-models/search") { message in
            guard let experiments = try message.strings("experiment_ids"), !experiments.isEmpty else {
                throw RequestMessage.missing("experiment_ids")
            }
            return .answer(.empty)
        }
    }

    /// A harmful path is refused as such: the reference looks at it before it looks for the model version.
    private var modelVersionArtifact: Endpoint {
        Endpoint(
            method: "GET",
            path: "/model-versions/get-artifact",
            handling: messageHandling { message in
                let path = try message.string("path") ?? ""
                guard (try? ArtifactPath(path)) != nil else { throw TrackingError.invalidParameter("Invalid path") }
                throw TrackingError(.notImplemented, "The model registry is not offered by this server yet.")
            }
        )
    }

    private static func name(of family: String) -> String {
        "The API family '\(family.split(separator: "/").dropFirst(2).joined(separator: "/"))'"
    }

    /// Every method at a path and beneath it.
    private func unsupported(_ path: String, _ message: String) -> [Endpoint] {
        ["GET", "POST", "PUT", "PATCH", "DELETE"].flatMap { method in
            [path, path + "/{rest...}"].map { path in
                refusal(method, path, TrackingError(.notImplemented, message))
            }
        }
    }

    /// The client falls back to a plain upload on exactly this text.
    private func multipart(_ prefix: String) -> [Endpoint] {
        let upload = TrackingError(
            .notImplemented,
            "Multipart upload is not supported for the current artifact repository"
        )
        let download = TrackingError(
            .notImplemented,
            "Multipart download is not supported for the current artifact repository"
        )
        return ["create", "complete", "abort"].map { refusal("POST", prefix + "mpu/\($0)/{path...}", upload) }
            + [refusal("GET", prefix + "presigned/{path...}", download)]
    }

    /// Presigned URLs belong to cloud storage; the client falls back when it is told so.
    private func presigned(_ prefix: String) -> [Endpoint] {
        let download = TrackingError.invalidParameter(
            "Presigned download is not supported for runs with proxied artifact storage (artifact URI scheme: "
                + "mlflow-artifacts). This endpoint requires a run with a direct cloud storage artifact URI."
        )
        return [
            Endpoint(
                method: "POST",
                path: prefix + "presigned-upload-url",
                handling: messageHandling(refusePresignedUpload)
            ),
            refusal("POST", prefix + "presigned-download-url", download),
        ]
    }

    private func refusePresignedUpload(_ message: RequestMessage) throws -> Operation {
        let path = try message.requiredString("path")
        let runID = try message.string("run_id") ?? ""
        let modelID = try message.string("model_id") ?? ""
        guard runID.isEmpty != modelID.isEmpty else {
            throw TrackingError.invalidParameter("Exactly one of run_id and model_id must be provided.")
        }
        guard (try? ArtifactPath(path)) != nil else { throw TrackingError.invalidParameter("Invalid path") }
        return .read { session in
            if !runID.isEmpty { _ = try session.runInfo(id: runID) }
            throw TrackingError.invalidParameter(
                "Presigned upload is not supported for proxied artifact storage (artifact URI scheme: "
                    + "mlflow-artifacts). This endpoint requires a direct cloud storage artifact URI."
            )
        }
    }

    private func refusal(_ method: String, _ path: String, _ error: TrackingError) -> Endpoint {
        let answer = APIError(error).response
        return Endpoint(method: method, path: path, handling: .message { _, reply in reply(answer) })
    }
}
