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
        }
        endpoints += presignedEndpoints + traceArtifactEndpoints
        endpoints += unsupported("/v1/traces", "Traces are not offered by this server yet.")
        endpoints += unsupported("/graphql", "GraphQL queries are taken by POST alone.")
        endpoints += unsupported("/gateway", "The gateway to language models is not offered by this server yet.")
        let answered = Set((emptyAnswers + graphQLEndpoints).map { "\($0.method) \($0.path)" })
        return endpoints.filter { !answered.contains("\($0.method) \($0.path)") }
    }

    private static let unsupportedFamilies = [
        "/2.0/mlflow/traces", "/3.0/mlflow/traces", "/2.0/mlflow/unified-traces",
        "/2.0/mlflow/get-online-trace-details", "/2.0/mlflow/webhooks", "/3.0/mlflow/datasets", "/3.0/mlflow/gateway",
        "/2.0/mlflow/gateway-proxy",
        "/3.0/mlflow/issues", "/3.0/mlflow/label-schemas", "/3.0/mlflow/prompt-optimization",
        "/3.0/mlflow/review-queues", "/3.0/mlflow/scorers", "/3.0/mlflow/workspaces", "/3.0/mlflow/assessments",
        "/3.0/jobs", "/2.0/mlflow/runs/create-promptlab-run",
        "/3.0/mlflow/assistant", "/3.0/mlflow/demo", "/3.0/mlflow/genai", "/3.0/mlflow/jobs",
        "/3.0/mlflow/mcp-servers", "/3.0/mlflow/scorer", "/3.0/mlflow/skills", "/3.0/mlflow/ui-telemetry",
    ]

    private static func name(of family: String) -> String {
        "The API family '\(family.split(separator: "/").dropFirst(2).joined(separator: "/"))'"
    }

    /// Every method at a path and beneath it, with one answer for all.
    private func unsupported(_ path: String, _ message: String) -> [Endpoint] {
        let answer = APIError(TrackingError(.notImplemented, message)).response
        let handling = Endpoint.Handling.message { _, reply in reply(answer) }
        return ["GET", "POST", "PUT", "PATCH", "DELETE"].flatMap { method in
            [path, path + "/", path + "/{rest...}"].map { path in
                Endpoint(method: method, path: path, handling: handling)
            }
        }
    }
}
