internal import ArtifactStore
internal import Budgets
internal import Coding
internal import Dispatch
internal import Forwarding
internal import Glibc
internal import HTTPServer
internal import HTTPWire
internal import Logging
internal import MLflowAPI
internal import S3
internal import SQLite
internal import Tracking
internal import TrackingStore

/// Connects the parts of a server: it starts them, and stops them in order.
final class RunningServer {
    private let store: TrackingStore
    private let server: HTTPServer
    private let logger: Logger
    private let readyFile: ReadyFile?
    private let manager: ServiceManager
    private let background: [BackgroundWork]
    private let snapshots: (keeper: SnapshotKeeper, work: BackgroundWork)?
    private let forwarding: ForwardingWork?
    /// nil where nothing is audited.
    private let logInAudit: LogInAudit?

    /// How long a stop waits for the background works that are running, all together.
    private static let waitForWork = DispatchTimeInterval.milliseconds(300)

    /// From the signal to the end of the last snapshot.
    ///
    /// The rest of the five seconds is for closing the store.
    private static let longestSnapshot = Duration.milliseconds(4_300)

    /// Opens the store, starts listening, and reports that the server is ready.
    init(
        layout: StorageLayout,
        listening: ListeningSettings,
        certificate: ServedCertificate?,
        security: SecuritySettings,
        outside: OutsideUserSettings,
        limits settings: LimitSettings,
        pages: PagesSettings,
        values: ValueSettings,
        audit: AuditSettings,
        snapshots: SnapshotSettings?,
        upstream: UpstreamSettings?,
        readyFile: ReadyFile?,
        ending: EndingSettings,
        manager: ServiceManager,
        signals: StopSignals,
        logger: Logger
    ) throws {
        self.logger = logger
        self.readyFile = readyFile
        self.manager = manager
        var configuration = TrackingStore.Configuration(
            databasePath: layout.databasePath,
            artifactRoot: layout.artifactRoot,
            migrations: try EmbeddedMigrations.load()
        )
        var limits = BudgetLimits.fittingProcessLimits
        limits.logBytes = layout.databaseLogBytes
        limits.client = settings.client
        let budgets = Budgets(limits)
        configuration.budgets = budgets
        configuration.report = { logger.error("\($0)") }
        configuration.runQuota = settings.runs
        let feed = upstream.map { _ in ChangeFeed() }
        configuration.changes = feed
        do {
            store = try TrackingStore(configuration)
        } catch {
            throw StartFailure.opening(layout.databasePath, error)
        }
        // This is done only after the store is locked, because the file may belong to the server that owns the store.
        readyFile?.remove()
        try Snapshot.removeLeftovers(of: layout.databasePath)
        let keeper = try snapshots.map { try SnapshotKeeper($0, layout) }
        self.snapshots = keeper.map { ($0, $0.work(logger)) }
        let roots = try ServedRoots(layout, store, keeping: settings.keptFree, logger)
        let forwarder: Forwarder? =
            if let upstream, let feed { upstream.forwarder(of: store, feed, roots, logger) } else { nil }
        forwarding = forwarder.map { ForwardingWork($0, upstream?.delay ?? .seconds(5), logger) }
        let rate = RequestLimits(settings)
        let quotas = try Self.quotas(settings, store)
        let logInAudit = audit.isOn ? LogInAudit(store) : nil
        self.logInAudit = logInAudit
        let logIns = outside.begin(logger)
        var accessSettings = security.access
        accessSettings.outside = logIns.users
        let access = try AccessControl(store, accessSettings, logInAudit: logInAudit)
        let api = MLflowAPI(
            store: store,
            artifacts: roots.destination,
            settings: Self.apiSettings(
                layout,
                listening,
                roots,
                values,
                audit,
                budgets,
                quotas,
                access,
                keeper,
                forwarder
            ),
            reportFailure: { logger.error("a request failed", metadata: ["error": "\($0)"]) }
        )
        if let accounts = security.accounts { try api.welcome(accounts) }
        let metrics = RequestMetrics()
        let rest = IdleRest(store: store, logger)
        let expiry = BackgroundWork("upload-expiry", every: .seconds(600), logger) { _ in
            try api.removeExpiredUploads()
        }
        let removals = BackgroundWork("removals", every: .seconds(600), logger) { work in
            try Self.endRemovals(api, while: { !work.isEnded })
        }
        let auditing = AuditWork.make(store, logInAudit, audit, logger)
        background =
            [roots.sweep(waiting: store.wasLeftInDisorder, logger), expiry, removals, auditing] + rest.works
            + (self.snapshots.map { [$0.work] } ?? []) + (forwarding?.works ?? [])
        server = try Self.httpServer(
            api,
            store,
            roots,
            listening,
            certificate,
            security,
            access,
            logIns,
            rate,
            pages,
            metrics,
            budgets,
            rest,
            background,
            keeper,
            forwarder,
            upstream?.trail,
            logger
        )
        let addresses = try server.start(on: listening.sockets)
        // This is done before the ready line is printed, because its reader may then stop the server or close the
        // pipe.
        stop(on: signals)
        if let certificate { signals.whenToldToRenew { certificate.renew(logger) } }
        let address = ServedAddress(addresses, prefix: listening.prefix, certificate)
        if let line = address.warning(guarding: security.guarding, requiresToken: security.asksForCredentials) {
            StandardStream.error.write(line)
        }
        if security.requiresToken, security.accounts == nil, !access.hasTokens, outside.source == nil {
            StandardStream.error.write(Self.lackOfTokens(layout))
        }
        if !access.isRequired, try !api.accessTokens().isEmpty {
            StandardStream.error.write("apus: nobody is asked for the tokens of this database without --require-token")
        }
        try announce(address, layout, pages, access)
        AutomaticStop.watch(ending, server, logger)
        AuditWork.begin(auditing, in: store, audit, security)
        expiry.run()
        removals.run()
        self.snapshots?.work.run()
        forwarding?.begin()
    }

    /// The quotas of artifacts, with what is stored already; nil where there are none.
    private static func quotas(_ settings: LimitSettings, _ store: TrackingStore) throws -> StorageQuotas? {
        guard settings.clientArtifactBytes != nil || settings.serverArtifactBytes != nil else { return nil }
        return StorageQuotas(
            client: settings.clientArtifactBytes,
            server: settings.serverArtifactBytes,
            use: try store.readNow(.cheap) { try $0.storageUse() }
        )
    }

    /// Continues removals that an interrupted `apus gc` has left undone.
    private static func endRemovals(_ api: MLflowAPI, while mayGoOn: () -> Bool) throws {
        var extras = RemovalExtras()
        extras.removesExpiredUploads = false
        while mayGoOn(), try api.hasRemovals() {
            // While a command removes, it needs no help.
            guard let progress = try api.continueRemovalUnlessRunning(for: .seconds(1), extras) else { return }
            guard progress.failures.isEmpty else { throw StartFailure(progress.failures.joined(separator: "; ")) }
        }
    }

    private static func apiSettings(
        _ layout: StorageLayout,
        _ listening: ListeningSettings,
        _ roots: ServedRoots,
        _ values: ValueSettings,
        _ audit: AuditSettings,
        _ budgets: Budgets,
        _ quotas: StorageQuotas?,
        _ access: AccessControl,
        _ keeper: SnapshotKeeper?,
        _ forwarder: Forwarder?
    ) -> MLflowAPI.Settings {
        var settings = MLflowAPI.Settings(workingDirectory: layout.workingDirectory)
        settings.version = mlflowVersion
        settings.staticPrefix = listening.prefix
        settings.multipartLimits.places = budgets.multipartUploads
        settings.servesArtifacts = layout.servesArtifacts
        settings.servesOnlyArtifacts = layout.servesOnlyArtifacts
        settings.longValues = values.longValues
        settings.recognizesRetries = values.recognizesRetries
        settings.sourcePattern = values.sourcePattern
        settings.isAudited = audit.isOn
        settings.exportShell = { .ofPages() }
        settings.access = access
        settings.quotas = quotas
        settings.multipartLimits.claim = { quotas?.claim(for: $0) }
        settings.uploads = budgets.uploads
        settings.snapshots = { keeper?.status }
        settings.forwarder = forwarder
        settings.artifactRoots = roots.all.map { MLflowAPI.LocalArtifactRoot(path: $0.location, store: $0) }
        return settings
    }

    private static func httpServer(
        _ api: MLflowAPI,
        _ store: TrackingStore,
        _ roots: ServedRoots,
        _ listening: ListeningSettings,
        _ certificate: ServedCertificate?,
        _ security: SecuritySettings,
        _ access: AccessControl,
        _ logIns: LogInWays,
        _ rate: RequestLimits?,
        _ pages: PagesSettings,
        _ metrics: RequestMetrics,
        _ budgets: Budgets,
        _ rest: IdleRest,
        _ background: [BackgroundWork],
        _ keeper: SnapshotKeeper?,
        _ forwarder: Forwarder?,
        _ trail: ForwardTrail?,
        _ logger: Logger
    ) throws -> HTTPServer {
        var table = RouteTable()
        let endpoints = api.endpoints
        let places = PagePlaces(pages, listening)
        for base in places.all {
            for endpoint in endpoints {
                table.add(endpoint.method, base + endpoint.path, endpoint.access, endpoint.handling)
            }
        }
        let routes = DeclaredRoutes(endpoints, bases: places.all)
        // The routes need it before the server is made.
        let statistics = StatisticsSource()
        for base in places.all {
            table.add(
                .get,
                base + "/metrics",
                .lookUp(.store),
                .blocking { _, responder in
                    let text = MetricsPage(
                        requests: metrics.snapshot,
                        routes: routes,
                        server: statistics.statistics,
                        budgets: budgets,
                        store: store,
                        wrongTokens: access.isRequired ? access.wrongTokenCount : nil,
                        refusedForRate: rate?.refusals,
                        use: try? store.readNow(.cheap) { try $0.storageUse() },
                        freeSpace: roots.destination.freeSpace,
                        sharing: roots.sharing,
                        background: background,
                        snapshots: keeper,
                        forwarding: forwarder?.status
                    ).text
                    responder.send(HTTPResponse(contentType: "text/plain; version=0.0.4", bytes: Array(text.utf8)))
                }
            )
        }
        if access.isRequired {
            LogInRoutes(access, logIns, logger).add(to: &table, bases: Set(listening.bases + places.all))
        }
        try places.addRoutes(to: &table, access)
        var configuration = configuration(listening, security, routes, metrics, rest, forwarder, logger)
        if access.isRequired {
            // Who uses a browser after a log-out must not find in its cache what it was shown before.
            let others = configuration.requestHeaders
            configuration.requestHeaders = { request in
                let isShown = request.header("cookie") != nil && routes.isForScripts(request)
                return (others?(request) ?? []) + (isShown ? [("Cache-Control", "no-store")] : [])
            }
        }
        configuration.admit = admission(security, access, rate, trail, routes, table, prefix: listening.prefix)
        configuration.budgets = budgets
        configuration.encryption = certificate?.context
        let server = HTTPServer(configuration: configuration, router: table.router)
        statistics.server = server
        return server
    }

    private static func configuration(
        _ listening: ListeningSettings,
        _ security: SecuritySettings,
        _ routes: DeclaredRoutes,
        _ metrics: RequestMetrics,
        _ rest: IdleRest,
        _ forwarder: Forwarder?,
        _ logger: Logger
    ) -> HTTPServer.Configuration {
        var configuration = HTTPServer.Configuration()
        configuration.host = listening.host
        configuration.port = listening.port
        // Another server is likely to follow, and a client in use sends its next request on a connection that it has.
        if !listening.sockets.isEmpty { configuration.limits.lastRequestTimeout = .milliseconds(1_500) }
        configuration.serverName = "apus/\(apusVersion)"
        configuration.errorResponse = Refusal.response
        let noSniffing = [(name: "X-Content-Type-Options", value: "nosniff")]
        if security.isEnabled {
            configuration.commonHeaders = noSniffing
            if let frameOptions = security.frameOptions {
                configuration.commonHeaders.append(("X-Frame-Options", frameOptions))
            }
            // Added to whatever policy an answer has: a browser applies each of them.
            let framing = security.frameAncestors.map { [(name: "Content-Security-Policy", value: $0.policy)] } ?? []
            configuration.requestHeaders = { security.origins.responseHeaders(for: $0) + framing }
        } else {
            // As in the reference, only answers of artifact routes then forbid browsers to guess the content type.
            configuration.requestHeaders = { $0.path.contains("artifact") ? noSniffing : [] }
        }
        let changing = forwarder == nil ? [] : routes.patterns { $0.mayChangeThings }
        configuration.onExchange = { exchange in
            metrics.record(exchange)
            rest.noteRequest()
            if let forwarder, exchange.method?.changesData == true, changing.contains(exchange.routePattern) {
                forwarder.noteThings()
            }
            logger.debug("request", metadata: Self.metadata(exchange, routes))
        }
        return configuration
    }

    private static func metadata(_ exchange: HTTPExchange, _ routes: DeclaredRoutes) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "method": "\(exchange.method?.rawValue ?? "none")", "route": "\(exchange.routePattern)",
            "status": "\(exchange.status)", "microseconds": "\(exchange.durationNanoseconds / 1_000)",
        ]
        if let access = routes.endpoint(exchange.method, exchange.routePattern)?.access {
            metadata["action"] = "\(access.action)"
            metadata["resource"] = "\(access.resources.map(\.kind.rawValue).joined(separator: ","))"
        }
        return metadata
    }

    private func announce(
        _ address: ServedAddress,
        _ layout: StorageLayout,
        _ pages: PagesSettings,
        _ access: AccessControl
    ) throws {
        if store.journalMode != .wal {
            logger.notice(
                "the file system does not support a write-ahead log; commits use a rollback journal",
                metadata: ["journal": "\(store.journalMode.rawValue)", "database": "\(layout.databasePath)"]
            )
        }
        // The address is told before the runs are counted: the server is ready, and the count may take seconds.
        try store.announce(address.url, key: access.operatorKey.text, requiresTokens: access.isRequired)
        try readyFile?.write(address.url)
        manager.tellReady(at: address.url)
        let own = layout.artifactBucket?.uri ?? layout.artifactsPath
        let artifacts = layout.servesArtifacts ? own : layout.artifactRoot.uri
        StandardStream.output.write(
            "Apus \(apusVersion) at \(address.url), database \(layout.databasePath), artifacts \(artifacts)\(try runCountText)"
                + pages.announcement
        )
    }

    /// The end of the first line, such as `, 12 runs`; empty when the server stops before the runs are counted.
    private var runCountText: String {
        get throws {
            do {
                return ", \(try store.readNow(.cheap) { try $0.runCount() }) runs"
            } catch let error as SQLiteError where error.isInterrupt {
                return ""
            }
        }
    }

    /// Ends the process with 0 within 5 seconds of a signal that is a stop.
    private func stop(on signals: StopSignals) {
        signals.whenAsked {
            [server, store, readyFile, manager, background, snapshots, forwarding, logInAudit, logger] in
            let end = ContinuousClock.now + Self.longestSnapshot
            // If this fails, another process takes this server for a running one until its own attempt to connect fails.
            try? store.announce("")
            readyFile?.remove()
            manager.tellStopping()
            server.shutdown(within: snapshots == nil ? .seconds(4) : .milliseconds(2_500)) {
                // All answers are out, so that the last snapshot holds all that was acknowledged.
                try? logInAudit?.report()
                // What the upstream lacks is in the journal: the next server goes on.
                forwarding?.end()
                if let snapshots { snapshots.keeper.finish(snapshots.work, by: end, logger) }
                BackgroundWork.end(background, atMost: Self.waitForWork)
                store.close()
                exit(0)
            }
        }
    }
}

extension HTTPMethod {
    fileprivate var changesData: Bool { self != .get && self != .head }
}

extension Endpoint {
    /// Whether it may change experiments, models or their files; runs are followed one by one.
    fileprivate var mayChangeThings: Bool {
        guard access.action != .read else { return false }
        return access.resources.contains { resource in
            switch resource.kind {
            case .experiment, .experimentName, .loggedModel, .registeredModel, .artifact, .upload, .server, .store: true
            case .run, .account, .none: false
            }
        }
    }
}
