/// Flags of `mlflow server` that Apus takes so that start-up scripts work, and that do nothing or are refused.
extension SettingDefinition {
    /// The effect is the reason why nothing happens, as the end of a sentence.
    static let withoutEffect: [SettingDefinition] = [
        idle("--workers", short: "-w", "MLFLOW_WORKERS", oneProcess),
        gunicornOptions, uvicornOptions,
        idle("--waitress-opts", nil, oneProcess),
        SettingDefinition(flag: "--dev", effect: oneProcess),
        idle("--expose-prometheus", "MLFLOW_EXPOSE_PROMETHEUS", "/metrics is always there, and no folder is written"),
        idle(
            "--read-replica-backend-store-uri",
            "MLFLOW_READ_REPLICA_BACKEND_STORE_URI",
            "reads go to the database itself"
        ),
        idle("--trace-archival-config", "MLFLOW_TRACE_ARCHIVAL_CONFIG", "traces are not stored"),
        idle("--secrets-cache-ttl", nil, "no secrets are kept"),
        idle("--secrets-cache-max-size", nil, "no secrets are kept"),
        idle("--workspace-store-uri", "MLFLOW_WORKSPACE_STORE_URI", "there are no workspaces"),
    ]

    /// The effect is the reason, as the end of a sentence.
    static let refused = [appName, workspaces, registryStoreURI, artifactsPresignedOnly]

    static let gunicornOptions = idle("--gunicorn-opts", "MLFLOW_GUNICORN_OPTS", oneProcess)
    static let uvicornOptions = idle("--uvicorn-opts", "MLFLOW_UVICORN_OPTS", oneProcess)

    static let appName = SettingDefinition(
        flag: "--app-name",
        value: "name",
        effect: "there is no login (basic-auth); put a proxy in front that asks for one"
    )
    static let workspaces = SettingDefinition(
        flag: "--enable-workspaces",
        opposite: "--disable-workspaces",
        variables: ["MLFLOW_ENABLE_WORKSPACES"],
        effect: "there are no workspaces, everybody sees everything; turning them off is no error"
    )
    static let registryStoreURI = SettingDefinition(
        flag: "--registry-store-uri",
        value: "uri",
        variables: ["MLFLOW_REGISTRY_STORE_URI"],
        effect: "one database holds all; naming the backend store again is no error"
    )
    static let artifactsPresignedOnly = SettingDefinition(
        flag: "--artifacts-presigned-only",
        variables: ["MLFLOW_ARTIFACTS_PRESIGNED_ONLY"],
        effect: "artifacts go through this server"
    )

    /// Two paragraphs for the help of `apus server`.
    static var referenceHelp: String {
        """
        ACCEPTED AND WITHOUT EFFECT, so that scripts for `mlflow server` work:
        \(linesByReason(withoutEffect))

        REFUSED, because ignoring them would promise what is not there:
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

    private static func idle(
        _ flag: String,
        short: String? = nil,
        _ variable: String?,
        _ reason: String
    ) -> SettingDefinition {
        SettingDefinition(
            flag: flag,
            short: short,
            value: "value",
            variables: variable.map { [$0] } ?? [],
            effect: reason
        )
    }
}
