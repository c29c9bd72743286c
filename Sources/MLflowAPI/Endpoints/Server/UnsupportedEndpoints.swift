internal import HTTPServer
internal import HTTPWire
internal import Tracking

extension MLflowAPI {
    /// Endpoints that MLflow offers and Apus does not; they answer 501.
    ///
    /// MLflow's client does not repeat a request after 501. If it gets 501 for an upload in parts or to a presigned
    /// URL, it sends a plain upload instead.
    var unsupportedEndpoints: [[Endpoint]] {
        let families = Self.unsupportedFamilies.flatMap { path in
            let name = path.split(separator: "/").dropFirst(2).joined(separator: "/")
            return unsupported(.api, path, "The API family '\(name)' is not offered by this server yet.")
        }
        let others =
            unsupported(.root, "v1/traces", "Traces are not offered by this server yet.")
            // MLflow has this route only for GET and POST.
            + unsupported(.root, "graphql", "GraphQL queries must be sent by POST.").map {
                $0.filter { $0.method == .get }
            }
            + unsupported(.root, "gateway", "The gateway to language models is not offered by this server yet.")
        let answered = Dictionary(grouping: (emptyAnswers + graphQLEndpoints).joined(), by: \.path)
            .mapValues { $0.map(\.method) }
        return (presignedEndpoints + traceArtifactEndpoints + families + others).map { endpoints in
            endpoints.filter { answered[$0.path]?.contains($0.method) != true }
        }
    }

    private static let unsupportedFamilies = [
        "2.0/mlflow/traces", "3.0/mlflow/traces", "2.0/mlflow/unified-traces", "2.0/mlflow/get-online-trace-details",
        "2.0/mlflow/webhooks", "3.0/mlflow/datasets", "3.0/mlflow/gateway", "2.0/mlflow/gateway-proxy",
        "3.0/mlflow/issues", "3.0/mlflow/label-schemas", "3.0/mlflow/prompt-optimization", "3.0/mlflow/review-queues",
        "3.0/mlflow/scorers", "3.0/mlflow/workspaces", "3.0/mlflow/assessments", "3.0/jobs",
        "2.0/mlflow/runs/create-promptlab-run", "3.0/mlflow/assistant", "3.0/mlflow/demo", "3.0/mlflow/genai",
        "3.0/mlflow/jobs", "3.0/mlflow/mcp-servers", "3.0/mlflow/scorer", "3.0/mlflow/skills",
        "3.0/mlflow/ui-telemetry",
    ]

    /// Returns endpoints that give the same answer to all methods, at a path and at all paths beneath it.
    private func unsupported(_ family: PathFamily, _ path: String, _ message: String) -> [[Endpoint]] {
        let error = TrackingError(.notImplemented, message)
        let answer = APIError(error).response
        let reads: [(HTTPMethod, Access)] = [(.get, .lookUp(.none))]
        let changes = [HTTPMethod.post, .put, .patch, .delete].map { ($0, Access.change(.none).unaudited) }
        return [path, path + "/", path + "/{rest...}"].map { path in
            (reads + changes).flatMap { method, access in
                endpoint(method, family, path, access, handler: .buffered { $1.send(answer) })
            }
        }
    }
}
