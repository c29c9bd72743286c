/// The settings of `apus server`, in the order of its help.
extension SettingDefinition {
    static let serverGroups: [(title: String, settings: [SettingDefinition])] = [
        ("Where the data is", [.dataDir, .backendStoreURI, .defaultArtifactRoot, .artifactsDestination]),
        (
            "How data is kept",
            [.databaseLogLimit, .serveArtifacts, .artifactsOnly, .deduplicateArtifacts, .audit, .auditRetention]
        ),
        ("Where snapshots go", [.snapshotTo, .snapshotEvery, .snapshotKeep]),
        (
            "Which server gets a copy of everything",
            [.upstream, .upstreamTokenCommand, .forwardDelay, .forwardArtifactRate]
        ),
        ("Where the server listens", [.host, .port, .staticPrefix, .sslCertificate, .sslKey]),
        (
            "Who may use it",
            [
                .appName, .defaultPermission, .requireToken, .allowedHosts, .corsAllowedOrigins, .xFrameOptions,
                .frameAncestors, .disableSecurityMiddleware,
            ]
        ),
        (
            "Users from a proxy or an identity provider",
            [
                .publicURL, .groupScopes, .trustProxyUser, .trustProxyGroups, .trustedProxies, .oidcIssuer,
                .oidcAudience, .oidcUserClaim, .oidcGroupsClaim, .oidcClientID, .oidcClientSecretFile,
                .oidcEndpointOrigins, .oidcConfig,
            ]
        ),
        (
            "How much clients may use",
            [
                .keepFree, .clientArtifacts, .serverArtifacts, .clientRuns, .serverRuns, .clientRequests,
                .serverRequests, .clientConnections, .clientUploads, .clientBodies, .clientAnswers,
            ]
        ), ("Which pages a browser gets", [.pages, .pagesPath, .pagesDefaults]),
        ("How requests are answered", [.recognizeRetries, .truncateLongValues, .sourceValidation]),
        ("How it starts, ends and reports", [.readyFile, .reuse, .idleExit, .parentPid, .logLevel]),
    ]

    // The location of data.
    static let dataDir = option("--data-dir", "folder", "APUS_DATA_DIR", default: "./apus-data")
        .doing("The folder for all data: the database and the artifacts.")
    static let backendStoreURI = option("--backend-store-uri", "uri", "MLFLOW_BACKEND_STORE_URI")
        .withDefault("apus.db in the data folder")
        .doing(
            "The database: sqlite:///relative, sqlite:////absolute, the path of a file, or postgresql://USER@HOST/DATABASE, an "
                + "MLflow database that other servers may use too (docs/postgresql.md)."
        )
    static let defaultArtifactRoot = option("--default-artifact-root", "uri", "MLFLOW_DEFAULT_ARTIFACT_ROOT")
        .withDefault("mlflow-artifacts:/, that is, through this server")
        .doing("The artifact location of new experiments: a folder or URI that clients use directly.")
    static let artifactsDestination = option("--artifacts-destination", "uri", "MLFLOW_ARTIFACTS_DESTINATION")
        .withDefault("artifacts in the data folder")
        .doing("Where this server stores artifacts that clients send to it: a folder, or s3://BUCKET/PREFIX.")

    // The storage of data.
    static let databaseLogLimit = option("--database-log-limit", "size", "APUS_DATABASE_LOG_LIMIT", default: "64MB")
        .doing(
            "How much the database's write-ahead log may take on the disk, such as 64MB or 1GB; at least 4MB. Reads that "
                + "keep the log from shrinking are ended before it exceeds this size."
        )
    static let serveArtifacts = toggle("--serve-artifacts", "--no-serve-artifacts", "MLFLOW_SERVE_ARTIFACTS")
        .withDefault("on").doing("Whether artifacts go through this server.")
    static let artifactsOnly = toggle("--artifacts-only", nil, "MLFLOW_ARTIFACTS_ONLY")
        .doing(
            "Serve artifacts by path and nothing else: all other calls get 501. It cannot be combined with a backend store, "
                + "and needs a data folder of its own."
        )
    static let deduplicateArtifacts = toggle(
        "--deduplicate-artifacts",
        "--no-deduplicate-artifacts",
        "APUS_DEDUPLICATE_ARTIFACTS"
    ).doing("Whether files uploaded from now on share disk space with equal files.")
    static let audit = toggle("--audit", "--no-audit", "APUS_AUDIT").withDefault("on")
        .doing(
            "Whether the database records who changed what, when and from where: experiments, runs, models, artifacts and "
                + "tokens, but not what is logged to runs. `apus audit` prints these entries. Over PostgreSQL, the default "
                + "is off unless the server asks for credentials."
        )
    static let auditRetention = option("--audit-retention", "age", "APUS_AUDIT_RETENTION", default: "365d")
        .doing("How long an entry of the audit log is kept, such as 365d or 12h.")

    // Snapshots.
    static let snapshotTo = option("--snapshot-to", "folder", "APUS_SNAPSHOT_TO")
        .doing(
            "Keep snapshots of all data in this folder, which may be on a disk that cannot hold a database, such as Google Drive, NFS "
                + "or a mounted bucket. A server that starts on an empty data folder restores the newest one."
        )
    static let snapshotEvery = option("--snapshot-every", "time", "APUS_SNAPSHOT_EVERY", default: "60s")
        .doing(
            "The time between snapshots, which are made if data has changed. A last one is made when the server stops."
        )
    static let snapshotKeep = option("--snapshot-keep", "number", "APUS_SNAPSHOT_KEEP", default: "2")
        .doing("How many of the newest snapshots are kept.")

    // The upstream, which gets a copy of everything.
    static let upstream = option("--upstream", "uri", "APUS_UPSTREAM")
        .doing(
            "Send everything that is logged here to another server too, in the background: another Apus, MLflow's own server, or "
                + "one with MLflow's REST API. The credentials are those that a client would use (MLFLOW_TRACKING_TOKEN, or "
                + "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD)."
        )
    static let upstreamTokenCommand = option("--upstream-token-command", "command", "APUS_UPSTREAM_TOKEN_COMMAND")
        .doing(
            "A command for the shell that prints a token for the upstream. It is run before the first call to the upstream, and again when the "
                + "upstream refuses the token."
        )
    static let forwardDelay = option("--forward-delay", "time", "APUS_FORWARD_DELAY", default: "5s")
        .doing("The longest time until the upstream gets a change, if it answers.")
    static let forwardArtifactRate = option("--forward-artifact-rate", "size", "APUS_FORWARD_ARTIFACT_RATE")
        .withDefault("no limit")
        .doing("How many bytes of artifacts are sent to the upstream in a second at most, such as 10MB.")

    // The addresses of the server.
    static let host = option("--host", short: "-h", "address", "MLFLOW_HOST", default: "127.0.0.1")
        .doing("The address to listen on.")
    static let port = option("--port", short: "-p", "port", "MLFLOW_PORT", "PORT", default: "5000")
        .doing("The port; 0 picks a free one.")
    static let staticPrefix = option("--static-prefix", "path", "MLFLOW_STATIC_PREFIX")
        .doing("A path such as /mlflow under which every route answers too.")

    static let sslCertificate = option("--ssl-certfile", "file", "APUS_SSL_CERTFILE")
        .doing(
            "Serve https and nothing else, with TLS 1.2 and 1.3. The file has the server's certificate, then the "
                + "intermediate ones, in PEM form. `kill -HUP` makes the server read certificate and key anew. Needs OpenSSL "
                + "3 on the machine. --uvicorn-opts may name the file too."
        )
    static let sslKey = option("--ssl-keyfile", "file", "APUS_SSL_KEYFILE").withDefault("the file of --ssl-certfile")
        .doing("The certificate's private key, in PEM form and without a password. --uvicorn-opts may name it too.")

    // Access control.
    static let appName = option("--app-name", "name", "APUS_APP_NAME").withDefault("no names and passwords")
        .doing(
            "basic-auth: ask everybody for a name and a password, or a token, and let each do what MLflow's roles and permissions "
                + "say. The first start makes the admin: MLFLOW_AUTH_ADMIN_USERNAME (admin) with "
                + "MLFLOW_AUTH_ADMIN_PASSWORD, or with a password that is printed once. Needs OpenSSL 3 on the machine."
        )
    static let defaultPermission = option("--default-permission", "level", "APUS_DEFAULT_PERMISSION", default: "READ")
        .doing(
            "What users may do with experiments and models for which they have no permission of their own: NO_PERMISSIONS, "
                + "READ, USE, EDIT or MANAGE. The file that MLFLOW_AUTH_CONFIG_PATH names may also contain it "
                + "(default_permission)."
        )
    static let requireToken = toggle("--require-token", "--no-require-token", "APUS_REQUIRE_TOKEN")
        .doing(
            "Answer nothing but /health and /version to requests without a token that `apus token create` has made. Clients "
                + "send the token as MLFLOW_TRACKING_TOKEN, or as the password of any user. A server that asks for no "
                + "credentials starts on a database with users or tokens only with --no-require-token."
        )
    static let allowedHosts = option("--allowed-hosts", "hosts", "MLFLOW_SERVER_ALLOWED_HOSTS")
        .withDefault("this machine and private addresses")
        .doing(
            "The Host fields that are answered, separated by commas; * for all. A star in a name stands for characters "
                + "without a dot (ml-*), a *. at the beginning for any subdomain."
        )
    static let corsAllowedOrigins = option("--cors-allowed-origins", "origins", "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS")
        .withDefault("the server's own and localhost")
        .doing("The origins whose web pages may change data, separated by commas; * for all.")
    static let xFrameOptions = option("--x-frame-options", "value", "MLFLOW_SERVER_X_FRAME_OPTIONS")
        .withDefault("SAMEORIGIN").doing("The X-Frame-Options field: SAMEORIGIN, DENY or NONE.")
    static let frameAncestors = option("--frame-ancestors", "origins", "APUS_FRAME_ANCESTORS")
        .withDefault("what --x-frame-options says")
        .doing(
            "The origins whose pages may show Apus in a frame, separated by commas, such as https://hub.example.org or "
                + "https://*.example.org; Apus' own pages always may. Browsers then use this list and ignore X-Frame-Options."
        )
    static let disableSecurityMiddleware = toggle(
        "--disable-security-middleware",
        nil,
        "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE"
    ).doing("Answer any Host and any Origin.")

    // Users from a proxy or an identity provider.
    static let publicURL = option("--public-url", "url", "APUS_PUBLIC_URL")
        .withDefault("the Host of each request")
        .doing(
            "The address at which browsers see this server, such as https://ml.example.org or, where a proxy adds a path, "
                + "https://example.org/ml. Log-ins return to it, and its pages count as this server's own."
        )
    static let groupScopes = option("--group-scopes", "list", "APUS_GROUP_SCOPES")
        .doing(
            "The rights of users who come from a proxy or an issuer of tokens: GROUP=SCOPE, separated by commas, with the scopes "
                + "read, write and admin; the group * means everybody. A user in none of the groups may do nothing."
        )
    static let trustProxyUser = option("--trust-proxy-user", "field", "APUS_TRUST_PROXY_USER")
        .doing(
            "The header field in which a proxy names the user whom it has logged in, such as X-Forwarded-User. It is believed only in "
                + "requests from --trusted-proxies. Every other request then needs a token."
        )
    static let trustProxyGroups = option("--trust-proxy-groups", "field", "APUS_TRUST_PROXY_GROUPS")
        .doing("The header field in which that proxy lists the user's groups, separated by commas.")
    static let trustedProxies = option("--trusted-proxies", "addresses", "APUS_TRUSTED_PROXIES")
        .doing(
            "The numeric addresses of the proxies, separated by commas, such as 10.0.0.5 or 10.0.0.0/24; unix for those that come "
                + "through a Unix socket."
        )
    static let oidcIssuer = option("--oidc-issuer", "url", "APUS_OIDC_ISSUER")
        .doing(
            "An issuer of OpenID Connect whose JSON Web Tokens are accepted like tokens of this server: its address, equal "
                + "to the claim iss of its tokens. Its keys are fetched from this address. Every request then needs a token."
        )
    static let oidcAudience = option("--oidc-audience", "text", "APUS_OIDC_AUDIENCE")
        .withDefault("--oidc-client-id")
        .doing("The audience (the claim aud) that a token of the issuer must have.")
    static let oidcUserClaim = option("--oidc-user-claim", "claim", "APUS_OIDC_USER_CLAIM", default: "sub")
        .doing("The claim that names the user. If it is email, tokens with email_verified: false are refused.")
    static let oidcGroupsClaim = option("--oidc-groups-claim", "claim", "APUS_OIDC_GROUPS_CLAIM", default: "groups")
        .doing("The claim that lists the user's groups; a dot leads into an object, as in realm_access.roles.")
    static let oidcClientID = option("--oidc-client-id", "id", "APUS_OIDC_CLIENT_ID")
        .doing(
            "The id of this server at the issuer, with which people then log in to the pages. The redirect address is "
                + "/login/callback beneath --public-url."
        )
    static let oidcClientSecretFile = option("--oidc-client-secret-file", "file", "APUS_OIDC_CLIENT_SECRET_FILE")
        .doing("The file with the secret of --oidc-client-id, if the issuer gave one.")
    static let oidcEndpointOrigins = option("--oidc-endpoint-origins", "origins", "APUS_OIDC_ENDPOINT_ORIGINS")
        .withDefault("the issuer's own")
        .doing("Other origins of the issuer's keys and endpoints, separated by commas: https://www.googleapis.com.")
    static let oidcConfig = option("--oidc-config", "file", "APUS_OIDC_CONFIG")
        .doing("A JSON file with several issuers, each with its own audience, claims and scopes (docs/security.md).")

    // Limits of clients. A client is a token or a user, or an address if the server does not ask for credentials.
    static let keepFree = option("--keep-free", "size", "APUS_KEEP_FREE")
        .withDefault("100MB or 5% of the disk, whichever is less")
        .doing(
            "How much of the disk of artifacts stays free, such as 500MB, 2GB or 5%. With less free space artifacts are "
                + "refused, but metrics, params and tags are accepted. 0 keeps nothing free."
        )
    static let clientArtifacts = option("--client-artifacts", "size", "APUS_CLIENT_ARTIFACTS").withDefault("no limit")
        .doing("How many bytes of artifacts one token or user may store, such as 20GB; deleted ones do not count.")
    static let serverArtifacts = option("--server-artifacts", "size", "APUS_SERVER_ARTIFACTS").withDefault("no limit")
        .doing("How many bytes of artifacts may be stored in all.")
    static let clientRuns = option("--client-runs", "number", "APUS_CLIENT_RUNS").withDefault("no limit")
        .doing("How many runs one token or user may have; deleted ones count until `apus gc` has removed them.")
    static let serverRuns = option("--server-runs", "number", "APUS_SERVER_RUNS").withDefault("no limit")
        .doing("How many runs there may be in all.")
    static let clientRequests = option("--client-requests", "number", "APUS_CLIENT_REQUESTS").withDefault("no limit")
        .doing(
            "How many requests a second one client may send, on average over ten seconds; further ones get 429, and MLflow's "
                + "clients wait and send them again."
        )
    static let serverRequests = option("--server-requests", "number", "APUS_SERVER_REQUESTS").withDefault("no limit")
        .doing("How many requests a second all clients together may send.")
    static let clientConnections = option("--client-connections", "number", "APUS_CLIENT_CONNECTIONS")
        .withDefault("three quarters of the server's")
        .doing("How many connections one address, and one token or user, may have open.")
    static let clientUploads = option("--client-uploads", "number", "APUS_CLIENT_UPLOADS").withDefault("no limit")
        .doing("How many files one client may send at once, and how many uploads in parts it may have open.")
    static let clientBodies = option("--client-bodies", "size", "APUS_CLIENT_BODIES")
        .withDefault("96MB")
        .doing("How much memory the arriving request bodies of one client may take; small ones are always accepted.")
    static let clientAnswers = option("--client-answers", "size", "APUS_CLIENT_ANSWERS")
        .withDefault("72MB")
        .doing("How much memory the answers that one client has not read yet may take; small ones are always sent.")

    // The pages.
    static let pages = option("--ui", "place", "APUS_UI").withDefault("Apus' own pages alone")
        .doing(
            "Serve MLflow's own pages too: `mlflow` for those of the MLflow package of the python3 on the PATH, or "
                + "the folder that contains their index.html (./mlflow for a folder of that name)."
        )
    static let pagesPath = option("--ui-path", "path", "APUS_UI_PATH", default: "/")
        .doing(
            "The path of the pages of --ui. If it is /, Apus' own pages are at /apus/; with a path such as /mlflow they stay at /."
        )
    static let pagesDefaults = toggle("--ui-defaults", "--no-ui-defaults", "APUS_UI_DEFAULTS").withDefault("on")
        .doing(
            "Whether the pages of --ui start in MLflow's view of model training, with the assistant closed, until a visitor chooses otherwise."
        )

    // The answers to requests.
    static let recognizeRetries = toggle(
        "--recognize-retries",
        "--no-recognize-retries",
        "APUS_RECOGNIZE_RETRIES"
    ).withDefault("on")
        .doing("Whether a client that repeats a creation after its answer was lost gets what was created first.")
    static let truncateLongValues = option("", "true", "MLFLOW_TRUNCATE_LONG_VALUES", default: "true")
        .doing("Whether params and tags that are too long are cut; false refuses them.")
    static let sourceValidation = option("", "pattern", "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX")
        .doing("A regular expression; new model versions whose source does not match it are refused.")

    // The start, the end and the log.
    static let readyFile = option("--ready-file", "file")
        .doing("Write the server's URL to this file when it answers.")
    static let reuse = toggle("--reuse", nil)
        .doing(
            "If a server already has this data open, print its URL, write the URL to the ready file and end with status 0. Without "
                + "this flag, the command fails in this case with an error that names the URL."
        )
    static let idleExit = option("--idle-exit", "time", "APUS_IDLE_EXIT").withDefault("never")
        .doing("Stop the server when no connection was open and no request came for this time, such as 60s or 10m.")
    static let parentPid = option("--parent-pid", "pid")
        .doing(
            "Stop the server when the process with this id has ended. If the flag is repeated, it stops when all these processes have ended."
        )
    static let logLevel = option("--log-level", "level", default: "notice")
        .doing("trace, debug, info, notice, warning, error or critical. debug logs each request.")
}
