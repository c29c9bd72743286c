internal import HTTPServer
internal import HTTPWire

extension MLflowAPI {
    /// Endpoints for features of MLflow's pages that Apus does not offer.
    ///
    /// The endpoints answer as if there were no data, because after an error a page would show the error or repeat its
    /// request endlessly. They exist only at `/ajax-api`; at `/api`, the Python client needs the answer 501.
    var emptyAnswers: [[Endpoint]] {
        Self.emptyAnswerTable.map { method, path, json in
            let answer = HTTPResponse(contentType: "application/json", bytes: Array(json.utf8))
            return endpoint(method, .pages, path, .lookUp(.none), handler: .buffered { $1.send(answer) })
        }
    }

    /// The answers of an MLflow 3.17.2 server that has no traces, scorers, gateways and so on.
    private static let emptyAnswerTable: [(method: HTTPMethod, path: String, json: String)] = [
        (.get, "2.0/mlflow/gateway-proxy", #"{"endpoints":[]}"#),
        (.get, "2.0/mlflow/traces", "{}"),
        (.get, "3.0/mlflow/assistant/config", assistant),
        (.get, "3.0/mlflow/assistant/providers", #"{"providers":[]}"#),
        (.get, "3.0/mlflow/mcp-servers", #"{"mcp_servers":[],"next_page_token":null}"#),
        (.get, "3.0/mlflow/scorers/list", "{}"),
        (.get, "3.0/mlflow/skills", #"{"skills":[],"next_page_token":null}"#),
        (.get, "3.0/mlflow/ui-telemetry", telemetry),
        (.post, "3.0/mlflow/datasets/search", "{}"),
        (.post, "3.0/mlflow/issues/search", #"{"next_page_token":""}"#),
        (.post, "3.0/mlflow/traces/metrics", "{}"),
        (.post, "3.0/mlflow/traces/search", "{}"),
        (.post, "3.0/mlflow/ui-telemetry", telemetry),
    ]

    private static let assistant =
        #"{"providers":{},"projects":{},"remote_access_allowed":false,"can_edit_server_settings":false}"#

    /// The answer that turns off the telemetry of MLflow's pages.
    private static let telemetry =
        #"{"disable_ui_events":[],"disable_ui_telemetry":true,"ui_rollout_percentage":0}"#
}
