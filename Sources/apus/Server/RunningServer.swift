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

/// The parts of a server wired together, from the first byte to a clean end.
final class RunningServer {
    private let store: TrackingStore
    private let server: HTTPServer
    private let logger: Logger
    private let readyFile: ReadyFile?
    private let background: [BackgroundWork]

    /// How long a stop waits for each work beside requests that is under way.
    private static let longestWork = DispatchTimeInterval.milliseconds(150)

    /// Opens the store, listens, and says that the server is ready.
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
        // Not before the store is ours: the file may be that of the server that owns it.
        readyFile?.remove()
        let roots = ServedRoots(layout, store)
        let api = MLflowAPI(
            store: store,
            artifacts: roots.destination,
            settings: Self.apiSettings(layout, roots, values, budgets),
            reportFailure: { logger.error("a request failed", metadata: ["error": "\($0)"]) }
        )
        let metrics = RequestMetrics()
        let rest = IdleRest(store: store, logger)
        let expiry = BackgroundWork("upload-expiry", every: .seconds(600), logger) {
            try api.multipartUploads.removeExpired()
        }
        background = [roots.sweep(waiting: store.wasLeftInDisorder, logger), expiry] + rest.works
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
        // Before the line that says so: whoever reads it may end the server, or have closed the pipe.
        stop(on: signals)
        let address = ServedAddress(addresses, prefix: listening.prefix)
        if let line = address.warning(guarding: security.guarding) { StandardStream.error.write(line) }
        try announce(address, layout, pages)
        expiry.run()
    }

    private static func apiSettings(
        _ layout: StorageLayout,
        _ roots: ServedRoots,
        _ values: ValueSettings,
        _ budgets: Budgets
    ) -> MLflowAPI.Settings {
        var settings = MLflowAPI.Settings(workingDirectory: layout.workingDirectory)
        settings.version = mlflowVersion
        settings.multipartLimits.places = budgets.multipartUploads
        settings.servesArtifacts = layout.servesArtifacts
        settings.servesOnlyArtifacts = layout.servesOnlyArtifacts
        settings.longValues = values.longValues
        settings.recognizesRetries = values.recognizesRetries
        settings.sourcePattern = values.sourcePattern
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
        let places = PagePlaces(pages, prefix: listening.prefix)
        for endpoint in api.endpoints { router.add(endpoint, bases: places.all) }
        let page = StatisticsSource()
        for base in places.all {
            router.add(
                .get,
                base + "/metrics",
                .blocking { _, responder in
                    let text = MetricsPage(
                        requests: metrics.snapshot,
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
        var configuration = configuration(listening, security, metrics, rest, logger)
        configuration.budgets = budgets
        let server = HTTPServer(configuration: configuration, router: router)
        page.server = server
        return server
    }

    private static func configuration(
        _ listening: ListeningSettings,
        _ security: SecuritySettings,
        _ metrics: RequestMetrics,
        _ rest: IdleRest,
        _ logger: Logger
    ) -> HTTPServer.Configuration {
        var configuration = HTTPServer.Configuration()
        configuration.host = listening.host
        configuration.port = listening.port
        configuration.serverName = "apus/\(apusVersion)"
        configuration.errorResponse = { HTTPResponse(APIError(httpStatus: $0, message: $1).response) }
        let noSniffing = [(name: "X-Content-Type-Options", value: "nosniff")]
        if security.isEnabled {
            configuration.commonHeaders = noSniffing
            if let frameOptions = security.frameOptions {
                configuration.commonHeaders.append(("X-Frame-Options", frameOptions))
            }
            let origins = security.origins.guarding(dataPaths: ["/2.0/mlflow/", "/3.0/mlflow/"])
            configuration.admit = { request in
                if let refusal = security.hosts.refusal(of: request) ?? origins.refusal(of: request) {
                    return HTTPResponse(APIError(httpStatus: refusal.status, message: refusal.message).response)
                }
                return security.origins.preflight(request)
            }
            configuration.requestHeaders = { security.origins.responseHeaders(for: $0) }
        } else {
            // What users stored is never guessed at, as in the reference: the field belongs to its artifact answers.
            configuration.requestHeaders = { $0.path.contains("artifact") ? noSniffing : [] }
        }
        configuration.onExchange = { exchange in
            metrics.record(exchange)
            rest.noteRequest()
            logger.debug(
                "request",
                metadata: [
                    "method": "\(exchange.method?.rawValue ?? "none")", "route": "\(exchange.routePattern)",
                    "status": "\(exchange.status)", "microseconds": "\(exchange.durationNanoseconds / 1_000)",
                ]
            )
        }
        return configuration
    }

    private func announce(
        _ address: ServedAddress,
        _ layout: StorageLayout,
        _ pages: PagesSettings
    ) throws {
        if store.journalMode != .wal {
            logger.notice(
                "the file system cannot have a write-ahead log; commits go through a rollback journal",
                metadata: ["journal": "\(store.journalMode.rawValue)", "database": "\(layout.databasePath)"]
            )
        }
        let runs = try store.readNow(.cheap) { try $0.runCount() }
        let artifacts = layout.servesArtifacts ? layout.artifactsPath : layout.artifactRoot.uri
        StandardStream.output.write(
            "Apus \(apusVersion) at \(address.url), database \(layout.databasePath), artifacts \(artifacts), \(runs) runs"
                + pages.announcement
        )
        try store.announce(address.url)
        try readyFile?.write(address.url)
    }

    /// Ends the process with 0 within 5 seconds of a signal that is a stop.
    private func stop(on signals: StopSignals) {
        signals.whenAsked { [server, store, readyFile, background] in
            // Should this fail, another process takes a server that has ended for one that answers, and finds out.
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
