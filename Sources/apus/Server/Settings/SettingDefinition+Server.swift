/// The settings of `apus server`, in the order of its help.
extension SettingDefinition {
    static let serverGroups: [(title: String, settings: [SettingDefinition])] = [
        (
            "Where data lies",
            [
                .dataDir, .backendStoreURI, .databaseLogLimit, .defaultArtifactRoot, .artifactsDestination,
                .serveArtifacts, .artifactsOnly, .deduplicateArtifacts,
            ]
        ), ("Where the server listens", [.host, .port, .staticPrefix]),
        ("Who may use it", [.allowedHosts, .corsAllowedOrigins, .xFrameOptions, .disableSecurityMiddleware]),
        ("How requests are answered", [.recognizeRetries, .truncateLongValues, .sourceValidation]),
        ("How it starts and reports", [.readyFile, .reuse, .logLevel]),
    ]

    // MARK: Where data lies

    static let dataDir = SettingDefinition(
        flag: "--data-dir",
        value: "folder",
        variables: ["APUS_DATA_DIR"],
        standard: "./apus-data",
        effect: "The folder that holds all data, the database and artifacts."
    )
    static let backendStoreURI = SettingDefinition(
        flag: "--backend-store-uri",
        value: "uri",
        variables: ["MLFLOW_BACKEND_STORE_URI"],
        standard: "apus.db in the data folder",
        effect: "The database: sqlite:///relative, sqlite:////absolute, or the path of a file."
    )
    static let databaseLogLimit = SettingDefinition(
        flag: "--database-log-limit",
        value: "size",
        variables: ["APUS_DATABASE_LOG_LIMIT"],
        standard: "64MB",
        effect: "How much the database's write-ahead log may take on the disk, such as 64MB or 1GB; at least 4MB. "
            + "Reads that keep the log from shrinking are ended before it grows beyond."
    )
    static let defaultArtifactRoot = SettingDefinition(
        flag: "--default-artifact-root",
        value: "uri",
        variables: ["MLFLOW_DEFAULT_ARTIFACT_ROOT"],
        standard: "mlflow-artifacts:/, that is, through this server",
        effect: "Where runs of new experiments keep artifacts: a folder or URI that clients reach by themselves."
    )
    static let artifactsDestination = SettingDefinition(
        flag: "--artifacts-destination",
        value: "folder",
        variables: ["MLFLOW_ARTIFACTS_DESTINATION"],
        standard: "artifacts in the data folder",
        effect: "The folder for artifacts that go through this server."
    )
    static let serveArtifacts = SettingDefinition(
        flag: "--serve-artifacts",
        opposite: "--no-serve-artifacts",
        variables: ["MLFLOW_SERVE_ARTIFACTS"],
        standard: "on",
        effect: "Whether artifacts go through this server."
    )
    static let artifactsOnly = SettingDefinition(
        flag: "--artifacts-only",
        variables: ["MLFLOW_ARTIFACTS_ONLY"],
        standard: "off",
        effect: "Serve artifacts by path and nothing else: all other calls get 501. It cannot be combined with a "
            + "backend store, and needs a data folder of its own."
    )
    static let deduplicateArtifacts = SettingDefinition(
        flag: "--deduplicate-artifacts",
        opposite: "--no-deduplicate-artifacts",
        variables: ["APUS_DEDUPLICATE_ARTIFACTS"],
        standard: "off",
        effect: "Whether files uploaded from now on share the space of equal ones."
    )

    // MARK: Where the server listens

    static let host = SettingDefinition(
        flag: "--host",
        short: "-h",
        value: "address",
        variables: ["MLFLOW_HOST"],
        standard: "127.0.0.1",
        effect: "The address to listen on."
    )
    static let port = SettingDefinition(
        flag: "--port",
        short: "-p",
        value: "port",
        variables: ["MLFLOW_PORT", "PORT"],
        standard: "5000",
        effect: "The port; 0 picks a free one."
    )
    static let staticPrefix = SettingDefinition(
        flag: "--static-prefix",
        value: "path",
        variables: ["MLFLOW_STATIC_PREFIX"],
        effect: "A path such as /mlflow under which every route answers too."
    )

    // MARK: Who may use it

    static let allowedHosts = SettingDefinition(
        flag: "--allowed-hosts",
        value: "hosts",
        variables: ["MLFLOW_SERVER_ALLOWED_HOSTS"],
        standard: "this machine and private addresses",
        effect: "The Host fields that are answered, separated by commas; * for all. A star in a name stands for "
            + "characters without a dot (ml-*), a first *. for any subdomain."
    )
    static let corsAllowedOrigins = SettingDefinition(
        flag: "--cors-allowed-origins",
        value: "origins",
        variables: ["MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"],
        standard: "the server's own and localhost",
        effect: "The origins whose web pages may change data, separated by commas; * for all."
    )
    static let xFrameOptions = SettingDefinition(
        flag: "--x-frame-options",
        value: "value",
        variables: ["MLFLOW_SERVER_X_FRAME_OPTIONS"],
        standard: "SAMEORIGIN",
        effect: "The X-Frame-Options field: SAMEORIGIN, DENY or NONE."
    )
    static let disableSecurityMiddleware = SettingDefinition(
        flag: "--disable-security-middleware",
        variables: ["MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE"],
        standard: "off",
        effect: "Answer any Host and any Origin."
    )

    // MARK: How requests are answered

    static let recognizeRetries = SettingDefinition(
        flag: "--recognize-retries",
        opposite: "--no-recognize-retries",
        variables: ["APUS_RECOGNIZE_RETRIES"],
        standard: "on",
        effect: "Whether a creation that a client repeats because its answer was lost is answered with what it made."
    )
    static let truncateLongValues = SettingDefinition(
        flag: "",
        variables: ["MLFLOW_TRUNCATE_LONG_VALUES"],
        standard: "true",
        effect: "Whether params and tags that are too long are cut; false refuses them."
    )
    static let sourceValidation = SettingDefinition(
        flag: "",
        variables: ["MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX"],
        effect: "A regular expression; new model versions whose source does not match it are refused."
    )

    // MARK: How it starts and reports

    static let readyFile = SettingDefinition(
        flag: "--ready-file",
        value: "file",
        effect: "Write the server's URL to this file when it answers."
    )
    static let reuse = SettingDefinition(
        flag: "--reuse",
        standard: "off",
        effect: "If a server runs on this data already, print its URL, write it to the ready file and end with 0. "
            + "Without this flag that is an error that names the URL."
    )
    static let logLevel = SettingDefinition(
        flag: "--log-level",
        value: "level",
        standard: "notice",
        effect: "trace, debug, info, notice, warning, error or critical. debug logs each request."
    )
}
