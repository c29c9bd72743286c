internal import ArtifactStore
internal import Budgets
internal import Dispatch
internal import Forwarding
internal import Logging
internal import MLflowAPI
internal import PostgresStore
internal import SQLite
internal import Tracking
internal import TrackingStore

/// The connected parts of a server that does not listen yet.
struct ServerParts {
    let settings: ServerSettings
    let store: any TrackingBackend
    /// The SQLite store; nil if the data is in PostgreSQL.
    let sqliteStore: TrackingStore?
    /// The lock by which commands of this machine find the server, if its data is in PostgreSQL; nil if the store has the lock,
    /// or the folder cannot be locked.
    let folderLock: OwnerLock?
    /// The database for messages, without a password.
    let database: String
    /// The flag with which a command such as `apus user` opens the database of this server, for messages.
    let flagOfDatabase: String
    let budgets: Budgets
    let roots: ServedRoots
    let snapshotScheduler: SnapshotScheduler?
    let forwarder: Forwarder?
    let requestLimits: RequestLimits?
    /// Nil if the server keeps no audit log.
    let logInAudit: LogInAudit?
    let logIns: LogInMethods
    let access: AccessControl
    let api: MLflowAPI
    let metrics = RequestMetrics()
    let idleCleanup: IdleCleanup
    let tasks: ServerTasks
    let logger: Logger

    /// Opens the store and makes the parts that work on it.
    init(_ settings: ServerSettings, _ logger: Logger) throws {
        self.settings = settings
        self.logger = logger
        let feed = settings.upstream.map { _ in ChangeFeed() }
        budgets = Self.budgets(settings)
        let opened = try ServedStore.open(settings, budgets, feed, logger)
        (store, sqliteStore, database) = (opened.backend, opened.sqliteStore, opened.displayName(settings.layout))
        flagOfDatabase = opened.flag(settings.layout)
        // The ready file may be that of the server that owns the store, so it is removed only after the store was opened.
        settings.readyFile?.remove()
        folderLock = sqliteStore == nil ? settings.layout.lockFolder(logger) : nil
        if sqliteStore != nil { try Snapshot.removeLeftovers(of: settings.layout.databasePath) }
        snapshotScheduler = try settings.snapshots.map { try SnapshotScheduler($0, settings.layout) }
        if sqliteStore != nil {
            try settings.layout.requireSameLocation()
            let locationFile = ArtifactLocationFile(databasePath: settings.layout.databasePath)
            if let last = try locationFile.write(settings.layout.artifactBucket) {
                logger.warning(
                    "artifacts were kept elsewhere before, and this server does not find those",
                    metadata: ["place": "\(last)"]
                )
            }
        }
        roots = try ServedRoots(settings.layout, sqliteStore, budgets, keeping: settings.limits.freeSpaceToKeep, logger)
        if settings.layout.servesArtifacts, roots.isFolderNew, try Self.hasRunsOfServer(store) {
            logger.warning(
                """
                the folder of artifacts is new, and the runs of this database may have artifacts elsewhere; if so, name their \
                location with --artifacts-destination
                """,
                metadata: ["folder": "\(settings.layout.artifactsPath)"]
            )
        }
        if let upstream = settings.upstream, let feed, let sqliteStore {
            forwarder = upstream.forwarder(of: sqliteStore, feed, roots, logger)
        } else {
            forwarder = nil
        }
        requestLimits = RequestLimits(settings.limits)
        logInAudit = settings.audit.isOn ? LogInAudit(store) : nil
        logIns = settings.externalUsers.begin(logger)
        var accessSettings = settings.security.access
        accessSettings.externalUsers = logIns.users
        accessSettings.externalUsers.staticPrefix = settings.listening.prefix
        access = try AccessControl(store, accessSettings, logInAudit: logInAudit)
        var apiSettings = MLflowAPI.Settings(settings)
        apiSettings.access = access
        let quotas = try Self.quotas(settings.limits, opened)
        apiSettings.use(budgets, quotas)
        apiSettings.snapshots = { [snapshotScheduler] in snapshotScheduler?.status }
        apiSettings.forwarder = forwarder
        apiSettings.artifactRoots = roots.all.map { MLflowAPI.LocalArtifactRoot(path: $0.location, store: $0) }
        api = MLflowAPI(
            store: store,
            artifacts: roots.destination,
            settings: apiSettings,
            reportFailure: { logger.error("a request failed", metadata: ["error": "\($0)"]) }
        )
        if let accounts = settings.security.accounts {
            try api.prepareUsers(accounts, flagOfDatabase)
            if let location = opened.locationOfMLflowUsers(accounts) {
                try api.suggestUserImport(ofMLflowUsersIn: location, flagOfDatabase)
            }
        }
        if settings.keepsOwnTables, let line = try api.unusedAccountsWarning(settings.security) {
            StandardStream.error.write(line)
        }
        idleCleanup = IdleCleanup(store: store, logger)
        var audit: BackgroundTask?
        if settings.keepsOwnTables { audit = AuditTask.make(store, logInAudit, settings.audit, logger) }
        tasks = ServerTasks(
            api,
            sweep: roots.sweep(waiting: sqliteStore?.previousServerCrashed ?? false, logger),
            audit: audit,
            idle: idleCleanup.tasks,
            quotas: sqliteStore == nil ? quotas.map { Self.refreshing($0, from: opened.backend, logger) } : nil,
            snapshots: snapshotScheduler?.task(logger),
            forwarding: forwarder.map { ForwardingTasks($0, settings.upstream?.delay ?? .seconds(5), logger) },
            logger
        )
    }

    /// Whether the store has runs, and experiments whose artifacts go through a server.
    private static func hasRunsOfServer(_ store: any TrackingBackend) throws -> Bool {
        try store.readNow(.cheap) { session in
            guard try session.runCount() > 0 else { return false }
            let search = ExperimentSearch(viewType: .all, filter: [], orderings: [], maxResults: 1_000, pageToken: nil)
            let experiments = try session.findExperiments(search).whole(in: session)
            return experiments.contains { ArtifactLocation($0.artifactLocation).scheme == "mlflow-artifacts" }
        }
    }

    private static func budgets(_ settings: ServerSettings) -> Budgets {
        var limits = BudgetLimits.fittingProcessLimits
        limits.logBytes = settings.layout.databaseLogBytes
        limits.client = settings.limits.client
        return Budgets(limits)
    }

    /// The quotas of artifacts, with the current use; nil if there are no quotas.
    private static func quotas(_ settings: LimitSettings, _ store: ServedStore) throws -> StorageQuotas? {
        guard settings.clientArtifactBytes != nil || settings.serverArtifactBytes != nil else { return nil }
        let quotas = StorageQuotas(
            client: settings.clientArtifactBytes,
            server: settings.serverArtifactBytes,
            isShared: store.sqliteStore == nil,
            use: try store.backend.readNow(.cheap) { try $0.storageUse() }
        )
        if case .postgres(let store) = store { store.storageUseChanges.listen { quotas?.note($0) } }
        return quotas
    }

    /// The task that reads the storage use, which other servers of the database change too.
    private static func refreshing(
        _ quotas: StorageQuotas,
        from store: any TrackingBackend,
        _ logger: Logger
    ) -> BackgroundTask {
        BackgroundTask("quotas", every: .seconds(2), logger) { _ in
            quotas.note(try store.readNow(.cheap) { try $0.storageUse() })
        }
    }
}

extension MLflowAPI.Settings {
    /// Makes the settings of the API, except those that depend on budgets and quotas.
    fileprivate init(_ settings: ServerSettings) {
        self.init(workingDirectory: settings.layout.workingDirectory)
        version = mlflowVersion
        staticPrefix = settings.listening.prefix
        servesArtifacts = settings.layout.servesArtifacts
        servesOnlyArtifacts = settings.layout.servesOnlyArtifacts
        longValues = settings.requestHandling.longValues
        recognizesRetries = settings.requestHandling.recognizesRetries
        sourcePattern = settings.requestHandling.sourcePattern
        isAudited = settings.audit.isOn
        exportShell = { .ofPages() }
    }

    fileprivate mutating func use(_ budgets: Budgets, _ quotas: StorageQuotas?) {
        uploads = budgets.uploads
        multipartLimits.openUploads = budgets.multipartUploads
        multipartLimits.claim = { quotas?.claim(for: $0.flatMap { StorageOwner(key: $0) }) }
        self.quotas = quotas
    }
}
