internal import ArtifactStore
internal import Budgets
internal import Dispatch
internal import Glibc
internal import HTTPServer
internal import HTTPWire
internal import Logging
internal import MLflowAPI
internal import SQLite
internal import Tracking
internal import TrackingStore

/// Connects the parts of a server: it starts them, and stops them in order.
final class RunningServer {
    private let store: TrackingStore
    private let server: HTTPServer
    private let logger: Logger
    private let readyFile: ReadyFile?
    private let background: [BackgroundWork]

    /// How long a stop waits for each background work that is running.
    private static let longestWork = DispatchTimeInterval.milliseconds(150)

    /// Opens the store, starts listening, and reports that the server is ready.
    init(
        layout: StorageLayout,
        listening: ListeningSettings,
        security: SecuritySettings,
        pages: PagesSettings,
        values: ValueSettings,
        readyFile: ReadyFile?,
        signals: StopSignals,
        logger: Logger
    ) throws {
        self.logger = logger
        self.readyFile = readyFile
        var configuration = TrackingStore.Configuration(
            databasePath: layout.databasePath,
            artifactRoot: layout.artifactRoot,
            migrations: try EmbeddedMigrations.load()
        )
        var limits = BudgetLimits.fittingProcessLimits
        limits.logBytes = layout.databaseLogBytes
        let budgets = Budgets(limits)
        configuration.budgets = budgets
        configuration.report = { logger.error("\($0)") }
        do {
            store = try TrackingStore(configuration)
        } catch {
            throw StartFailure.opening(layout.databasePath, error)
        }
        // This is done only after the store is locked, because the file may belong to the server that owns the store.
        readyFile?.remove()
        let roots = ServedRoots(layout, store)
        let api = MLflowAPI(
            store: store,
            artifacts: roots.destination,
            settings: Self.apiSettings(layout, listening, roots, values, budgets),
            reportFailure: { logger.error("a request failed", metadata: ["error": "\($0)"]) }
        )
        let metrics = RequestMetrics()
        let rest = IdleRest(store: store, logger)
        let expiry = BackgroundWork("upload-expiry", every: .seconds(600), logger) {
            try api.multipartUploads.removeExpired()
        }
        let removals = BackgroundWork("removals", every: .seconds(600), logger) { try Self.endRemovals(api) }
        background = [roots.sweep(waiting: store.wasLeftInDisorder, logger), expiry, removals] + rest.works
        server = try Self.httpServer(
            api,
            store,
            roots,
            listening,
            security,
            pages,
            metrics,
            budgets,
            rest,
            background,
            logger
        )
        let addresses = try server.start()
        // This is done before the ready line is printed, because its reader may then stop the server or close the
        // pipe.
        stop(on: signals)
        let address = ServedAddress(addresses, prefix: listening.prefix)
        if let line = address.warning(guarding: security.guarding) { StandardStream.error.write(line) }
        try announce(address, layout, pages)
        expiry.run()
        removals.run()
    }

    /// Goes on with what a call of `apus gc` has left, because its command or the server was ended.
    private static func endRemovals(_ api: MLflowAPI) throws {
        var extras = RemovalExtras()
        extras.takesUploads = false
        while try api.hasRemovals() {
            let progress = try api.continueRemoval(for: .seconds(1), extras)
            guard progress.failures.isEmpty else { throw StartFailure(progress.failures.joined(separator: "; ")) }
        }
    }

    private static func apiSettings(
        _ layout: StorageLayout,
        _ listening: ListeningSettings,
        _ roots: ServedRoots,
        _ values: ValueSettings,
        _ budgets: Budgets
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
        settings.exportShell = { .ofPages() }
        settings.artifactRoots = roots.all.map { MLflowAPI.LocalArtifactRoot(path: $0.location, store: $0) }
        return settings
    }

    private static func httpServer(
        _ api: MLflowAPI,
        _ store: TrackingStore,
        _ roots: ServedRoots,
        _ listening: ListeningSettings,
        _ security: SecuritySettings,
        _ pages: PagesSettings,
        _ metrics: RequestMetrics,
        _ budgets: Budgets,
        _ rest: IdleRest,
        _ background: [BackgroundWork],
        _ logger: Logger
    ) throws -> HTTPServer {
        var router = HTTPRouter()
        let endpoints = api.endpoints
        let places = PagePlaces(pages, listening)
        for base in places.all {
            for endpoint in endpoints { router.add(endpoint.method, base + endpoint.path, endpoint.handling) }
        }
        let routes = DeclaredRoutes(endpoints, bases: places.all)
        let page = StatisticsSource()
        for base in places.all {
            router.add(
                .get,
                base + "/metrics",
                .blocking { _, responder in
                    let text = MetricsPage(
                        requests: metrics.snapshot,
                        routes: routes,
                        server: page.statistics,
                        budgets: budgets,
                        store: store,
                        sharing: roots.sharing,
                        background: background
                    ).text
                    responder.send(HTTPResponse(contentType: "text/plain; version=0.0.4", bytes: Array(text.utf8)))
                }
            )
        }
        try places.addRoutes(to: &router)
        var configuration = configuration(listening, security, routes, metrics, rest, logger)
        configuration.budgets = budgets
        let server = HTTPServer(configuration: configuration, router: router)
        page.server = server
        return server
    }

    private static func configuration(
        _ listening: ListeningSettings,
        _ security: SecuritySettings,
        _ routes: DeclaredRoutes,
        _ metrics: RequestMetrics,
        _ rest: IdleRest,
        _ logger: Logger
    ) -> HTTPServer.Configuration {
        var configuration = HTTPServer.Configuration()
        configuration.host = listening.host
        configuration.port = listening.port
        configuration.serverName = "apus/\(apusVersion)"
        configuration.errorResponse = Refusal.response
        let noSniffing = [(name: "X-Content-Type-Options", value: "nosniff")]
        if security.isEnabled {
            configuration.commonHeaders = noSniffing
            if let frameOptions = security.frameOptions {
                configuration.commonHeaders.append(("X-Frame-Options", frameOptions))
            }
            let origins = security.origins.guarding { routes.isForScripts($0) }
            configuration.admit = { request in
                if let refusal = security.hosts.refusal(of: request) ?? origins.refusal(of: request) {
                    return Refusal.response(refusal, to: request)
                }
                return security.origins.preflight(request)
            }
            // Added to whatever policy an answer has: a browser applies each of them.
            let framing = security.frameAncestors.map { [(name: "Content-Security-Policy", value: $0.policy)] } ?? []
            configuration.requestHeaders = { security.origins.responseHeaders(for: $0) + framing }
        } else {
            // As in the reference, only answers of artifact routes then forbid browsers to guess the content type.
            configuration.requestHeaders = { $0.path.contains("artifact") ? noSniffing : [] }
        }
        configuration.onExchange = { exchange in
            metrics.record(exchange)
            rest.noteRequest()
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
        _ pages: PagesSettings
    ) throws {
        if store.journalMode != .wal {
            logger.notice(
                "the file system does not support a write-ahead log; commits use a rollback journal",
                metadata: ["journal": "\(store.journalMode.rawValue)", "database": "\(layout.databasePath)"]
            )
        }
        // The server is ready; counting the runs of a large store on a slow disk takes seconds.
        try store.announce(address.url)
        try readyFile?.write(address.url)
        let artifacts = layout.servesArtifacts ? layout.artifactsPath : layout.artifactRoot.uri
        StandardStream.output.write(
            "Apus \(apusVersion) at \(address.url), database \(layout.databasePath), artifacts \(artifacts)\(try runCount)"
                + pages.announcement
        )
    }

    /// Behind the line of the start; empty when the server stops before the runs are counted.
    private var runCount: String {
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
        signals.whenAsked { [server, store, readyFile, background] in
            // If this fails, another process takes this server for a running one until its connection fails.
            try? store.announce("")
            readyFile?.remove()
            server.shutdown(within: .seconds(4)) {
                BackgroundWork.end(background, atMost: Self.longestWork)
                store.close()
                exit(0)
            }
        }
    }
}
