internal import ArgumentParser

/// Flags of `mlflow server` that start-up scripts carry and that change nothing in a single native process.
struct IdleOptions: ParsableArguments {
    @Option(name: [.long, .customShort("w")], help: "One process serves all. [MLFLOW_WORKERS]")
    var workers: String?

    @Option(parsing: .unconditional, help: "There is no gunicorn. [MLFLOW_GUNICORN_OPTS]")
    var gunicornOpts: String?

    @Option(parsing: .unconditional, help: "There is no uvicorn. [MLFLOW_UVICORN_OPTS]")
    var uvicornOpts: String?

    @Option(parsing: .unconditional, help: "There is no waitress.")
    var waitressOpts: String?

    @Flag(help: "There is nothing to reload.")
    var dev = false

    @Option(help: "/metrics is always there, and needs no folder. [MLFLOW_EXPOSE_PROMETHEUS]")
    var exposePrometheus: String?

    @Option(help: "Reads go to the database itself. [MLFLOW_READ_REPLICA_BACKEND_STORE_URI]")
    var readReplicaBackendStoreUri: String?

    @Option(help: "Traces are not stored. [MLFLOW_TRACE_ARCHIVAL_CONFIG]")
    var traceArchivalConfig: String?

    @Option(help: "No secrets are kept.")
    var secretsCacheTtl: String?

    @Option(help: "No secrets are kept.")
    var secretsCacheMaxSize: String?

    @Option(help: "There are no workspaces. [MLFLOW_WORKSPACE_STORE_URI]")
    var workspaceStoreUri: String?

    /// One line for each that was given, by flag or variable.
    func remarks(_ environment: Environment) -> [String] {
        let oneProcess = "one native process serves all"
        let given: [(Setting?, String)] = [
            (environment.setting("--workers", workers, "MLFLOW_WORKERS"), oneProcess),
            (environment.setting("--gunicorn-opts", gunicornOpts, "MLFLOW_GUNICORN_OPTS"), oneProcess),
            (environment.setting("--uvicorn-opts", uvicornOpts, "MLFLOW_UVICORN_OPTS"), oneProcess),
            (environment.setting("--waitress-opts", waitressOpts), oneProcess),
            (environment.setting("--dev", dev ? "" : nil), oneProcess),
            (
                environment.setting("--expose-prometheus", exposePrometheus, "MLFLOW_EXPOSE_PROMETHEUS"),
                "/metrics is always there, and no folder is written"
            ),
            (
                environment.setting(
                    "--read-replica-backend-store-uri",
                    readReplicaBackendStoreUri,
                    "MLFLOW_READ_REPLICA_BACKEND_STORE_URI"
                ), "reads go to the database itself"
            ),
            (
                environment.setting("--trace-archival-config", traceArchivalConfig, "MLFLOW_TRACE_ARCHIVAL_CONFIG"),
                "traces are not stored"
            ),
            (environment.setting("--secrets-cache-ttl", secretsCacheTtl), "no secrets are kept"),
            (environment.setting("--secrets-cache-max-size", secretsCacheMaxSize), "no secrets are kept"),
            (
                environment.setting("--workspace-store-uri", workspaceStoreUri, "MLFLOW_WORKSPACE_STORE_URI"),
                "there are no workspaces"
            ),
        ]
        return given.compactMap { setting, reason in
            setting.map { "apus: \($0.source) does nothing here: \(reason)." }
        }
    }

    /// Refuses to serve plain http where the options of a Python server ask for https.
    func refuseEncryption(_ environment: Environment) throws(StartFailure) {
        let given = [
            environment.setting("--gunicorn-opts", gunicornOpts, "MLFLOW_GUNICORN_OPTS"),
            environment.setting("--uvicorn-opts", uvicornOpts, "MLFLOW_UVICORN_OPTS"),
        ]
        for setting in given.compactMap({ $0 }) {
            let words = setting.text.split { $0 == " " || $0 == "=" }
            guard let word = words.first(where: Self.isAboutEncryption) else { continue }
            throw StartFailure(
                "\(setting.source) asks for https (\(word.printable(limit: 60))), which Apus does not speak: leave it out "
                    + "and put a proxy in front that does."
            )
        }
    }

    private static func isAboutEncryption(_ option: Substring) -> Bool {
        option.hasPrefix("--ssl") || ["--certfile", "--keyfile", "--ca-certs", "--cert-reqs"].contains(option)
    }
}

/// Flags of `mlflow server` that a server must not pretend to honour.
struct RefusedOptions: ParsableArguments {
    @Option(help: "Refused: there is no login (basic-auth); put a proxy in front that asks for one.")
    var appName: String?

    @Flag(
        inversion: .prefixedEnableDisable,
        help: "Refused: there are no workspaces, everybody sees everything. [MLFLOW_ENABLE_WORKSPACES]"
    )
    var workspaces: Bool?

    @Option(help: "Refused if it is not the backend store: one database holds all. [MLFLOW_REGISTRY_STORE_URI]")
    var registryStoreUri: String?

    @Flag(help: "Refused: artifacts go through this server. [MLFLOW_ARTIFACTS_PRESIGNED_ONLY]")
    var artifactsPresignedOnly = false

    /// - Parameter storage: where the data lies, to compare the registry's store with.
    func check(_ environment: Environment, _ storage: StorageOptions) throws(StartFailure) {
        try refuseAccessControl(environment)
        let isOnlyPresigned = try environment.bool("MLFLOW_ARTIFACTS_PRESIGNED_ONLY") ?? false
        if artifactsPresignedOnly || isOnlyPresigned {
            let source = artifactsPresignedOnly ? "--artifacts-presigned-only" : "MLFLOW_ARTIFACTS_PRESIGNED_ONLY"
            throw StartFailure(
                "\(source) cannot be honoured: there are no presigned URLs here, and artifacts go through this server. "
                    + "Leave it out, or use --no-serve-artifacts with a --default-artifact-root that clients reach."
            )
        }
        try refuseSecondStore(environment, storage)
    }

    private func refuseAccessControl(_ environment: Environment) throws(StartFailure) {
        if let appName {
            throw StartFailure(
                "--app-name \(appName.printable(limit: 60)) cannot be honoured: Apus has no login. Leave it out, and put a "
                    + "proxy in front that asks for names and passwords."
            )
        }
        let variable = try environment.bool("MLFLOW_ENABLE_WORKSPACES")
        guard workspaces ?? variable ?? false else { return }
        throw StartFailure(
            "\(workspaces == nil ? "MLFLOW_ENABLE_WORKSPACES" : "--enable-workspaces") cannot be honoured: Apus does not "
                + "keep workspaces apart. Leave it out, and start a server for each with a --data-dir of its own."
        )
    }

    private func refuseSecondStore(_ environment: Environment, _ storage: StorageOptions) throws(StartFailure) {
        let given = environment.setting("--registry-store-uri", registryStoreUri, "MLFLOW_REGISTRY_STORE_URI")
        guard let given else { return }
        let database = try StorageLayout.database(storage, environment).path
        let folder = try StorageLayout.currentFolder()
        // A URI that cannot be opened is another store, whatever is wrong with it.
        if let store = try? StoreURI(given, folder), store.path == database { return }
        throw StartFailure(
            "\(given.source) names another store than that of the runs: Apus keeps runs and registered models in one "
                + "database, \(database). Leave it out."
        )
    }
}
