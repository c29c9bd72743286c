internal import ArgumentParser

struct StorageOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder that holds all data, the database and artifacts. (default: ./apus-data) [APUS_DATA_DIR]",
            valueName: "folder"
        )
    )
    var dataDir: String?

    @Option(
        help: ArgumentHelp(
            "The database: sqlite:///relative, sqlite:////absolute, or the path of a file. (default: apus.db in the data folder) "
                + "[MLFLOW_BACKEND_STORE_URI]",
            valueName: "uri"
        )
    )
    var backendStoreUri: String?

    @Option(
        help: ArgumentHelp(
            "What the database's write-ahead log may take on the disk, such as 64MB; reads that keep it from shrinking are "
                + "ended before. (default: 64MB) [APUS_DATABASE_LOG_LIMIT]",
            valueName: "size"
        )
    )
    var databaseLogLimit: String?

    @Option(
        help: ArgumentHelp(
            "Where runs of new experiments keep artifacts: a folder or URI that clients reach by themselves. "
                + "(default: mlflow-artifacts:/, that is, through this server) [MLFLOW_DEFAULT_ARTIFACT_ROOT]",
            valueName: "uri"
        )
    )
    var defaultArtifactRoot: String?

    @Option(
        help: ArgumentHelp(
            "The folder for artifacts that go through this server. (default: artifacts in the data folder) "
                + "[MLFLOW_ARTIFACTS_DESTINATION]",
            valueName: "folder"
        )
    )
    var artifactsDestination: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Whether artifacts go through this server. (default: they do) [MLFLOW_SERVE_ARTIFACTS]"
    )
    var serveArtifacts: Bool?

    @Flag(
        help: ArgumentHelp(
            "Serve artifacts by path and nothing else; not together with a backend store. Uses a data folder of its own. "
                + "[MLFLOW_ARTIFACTS_ONLY]"
        )
    )
    var artifactsOnly = false

    @Flag(
        inversion: .prefixedNo,
        help: ArgumentHelp(
            "Whether files uploaded from now on share the space of equal ones. (default: they do not) "
                + "[APUS_DEDUPLICATE_ARTIFACTS]"
        )
    )
    var deduplicateArtifacts: Bool?
}

struct ListeningOptions: ParsableArguments {
    @Option(
        name: [.long, .customShort("h")],
        help: ArgumentHelp("The address to listen on. (default: 127.0.0.1) [MLFLOW_HOST]", valueName: "address")
    )
    var host: String?

    @Option(
        name: [.long, .customShort("p")],
        help: ArgumentHelp("The port; 0 picks a free one. (default: 5000) [MLFLOW_PORT, PORT]", valueName: "port")
    )
    var port: String?

    @Option(
        help: ArgumentHelp(
            "A path such as /mlflow under which every route answers too. [MLFLOW_STATIC_PREFIX]",
            valueName: "path"
        )
    )
    var staticPrefix: String?
}

struct SecurityOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Comma-separated Host fields that are answered; * for all. (default: this machine and private addresses) "
                + "[MLFLOW_SERVER_ALLOWED_HOSTS]",
            valueName: "hosts"
        )
    )
    var allowedHosts: String?

    @Option(
        help: ArgumentHelp(
            "Comma-separated origins whose pages may change data; * for all. (default: the server's own and localhost) "
                + "[MLFLOW_SERVER_CORS_ALLOWED_ORIGINS]",
            valueName: "origins"
        )
    )
    var corsAllowedOrigins: String?

    @Option(
        help: ArgumentHelp(
            "The X-Frame-Options field: SAMEORIGIN, DENY or NONE. (default: SAMEORIGIN) [MLFLOW_SERVER_X_FRAME_OPTIONS]",
            valueName: "value"
        )
    )
    var xFrameOptions: String?

    @Flag(
        help: "Answer any Host and any Origin. [MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE]"
    )
    var disableSecurityMiddleware = false
}

struct AnsweringOptions: ParsableArguments {
    @Flag(
        inversion: .prefixedNo,
        help: ArgumentHelp(
            "Whether a creation that a client repeats because its answer was lost is answered with what it made. "
                + "(default: it is) [APUS_RECOGNIZE_RETRIES]"
        )
    )
    var recognizeRetries: Bool?
}
