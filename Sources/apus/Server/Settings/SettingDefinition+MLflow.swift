/// The flags of `mlflow server` that Apus accepts without effect, so that start-up scripts work, and those that it refuses.
extension SettingDefinition {
    /// The flags that have no effect; their `effect` says why, in words that follow "… has no effect here: ".
    static let withoutEffect = [
        option("--workers", short: "-w", "value", "MLFLOW_WORKERS").doing(oneProcess),
        gunicornOptions, uvicornOptions,
        option("--waitress-opts", "value").doing(oneProcess),
        toggle("--dev", nil).doing(oneProcess),
        option("--expose-prometheus", "value", "MLFLOW_EXPOSE_PROMETHEUS")
            .doing("/metrics is always served, and no folder is written"),
        option("--read-replica-backend-store-uri", "value", "MLFLOW_READ_REPLICA_BACKEND_STORE_URI")
            .doing("reads go to the database itself"),
        option("--trace-archival-config", "value", "MLFLOW_TRACE_ARCHIVAL_CONFIG").doing("traces are not stored"),
        option("--secrets-cache-ttl", "value").doing("no secrets are kept"),
        option("--secrets-cache-max-size", "value").doing("no secrets are kept"),
        option("--workspace-store-uri", "value", "MLFLOW_WORKSPACE_STORE_URI").doing("there are no workspaces"),
    ]

    /// The flags that are refused; their `effect` says why, in words for a list and a table.
    static let refused = [workspaces, registryStoreURI, artifactsPresignedOnly]

    static let gunicornOptions = option("--gunicorn-opts", "value", "MLFLOW_GUNICORN_OPTS").doing(oneProcess)
    static let uvicornOptions = option("--uvicorn-opts", "value", "MLFLOW_UVICORN_OPTS")
        .doing("\(oneProcess); of its options, --ssl-certfile and --ssl-keyfile are used")

    static let workspaces = toggle("--enable-workspaces", "--disable-workspaces", "MLFLOW_ENABLE_WORKSPACES")
        .doing("there are no workspaces, everybody sees everything; turning them off is no error")
    static let registryStoreURI = option("--registry-store-uri", "uri", "MLFLOW_REGISTRY_STORE_URI")
        .doing("one database contains everything; naming the backend store again is no error")
    static let artifactsPresignedOnly = toggle("--artifacts-presigned-only", nil, "MLFLOW_ARTIFACTS_PRESIGNED_ONLY")
        .doing("artifacts go through this server")

    /// Two paragraphs for the help of `apus server`.
    static var mlflowFlagsHelp: String {
        """
        ACCEPTED AND WITHOUT EFFECT, so that scripts for `mlflow server` work:
        \(linesByReason(withoutEffect))

        REFUSED, because whoever sets them relies on something that Apus does not have:
        \(linesByReason(refused))
        """
    }

    private static func linesByReason(_ settings: [SettingDefinition]) -> String {
        var lines: [(reason: String, flags: [String])] = []
        for setting in settings {
            let variables = setting.variables.map { " [\($0)]" }.joined()
            let flags = setting.names.joined(separator: ", ") + variables
            if lines.last?.reason == setting.effect {
                lines[lines.count - 1].flags.append(flags)
            } else {
                lines.append((setting.effect, [flags]))
            }
        }
        return lines.map { "- \($0.reason): \($0.flags.joined(separator: ", "))" }.joined(separator: "\n")
    }

    private static let oneProcess = "one native process serves all"
}
