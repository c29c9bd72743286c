internal import ArtifactStore
internal import Budgets
internal import Dispatch
internal import Forwarding
internal import HTTPServer
internal import HTTPWire
internal import Logging
internal import MLflowAPI
internal import PostgresStore
internal import Tracking

/// The routes of a server, and the configuration of its HTTP server.
extension ServerParts {
    func httpServer() throws -> HTTPServer {
        let pagePaths = PagePaths(settings.webPages, settings.listening)
        let endpoints = api.endpoints
        let routes = DeclaredRoutes(endpoints, bases: pagePaths.all)
        // The routes need the source of the statistics before the server exists.
        let statistics = StatisticsSource()
        let table = try routeTable(endpoints, pagePaths, routes, statistics)
        var configuration = configuration(routes)
        configuration.admit = admission(routes, table)
        configuration.readmission = readmission(table)
        let server = HTTPServer(configuration: configuration, router: table.router)
        statistics.server = server
        return server
    }

    private func routeTable(
        _ endpoints: [Endpoint],
        _ pagePaths: PagePaths,
        _ routes: DeclaredRoutes,
        _ statistics: StatisticsSource
    ) throws -> RouteTable {
        var table = RouteTable()
        for base in pagePaths.all {
            for endpoint in endpoints {
                table.add(endpoint.method, base + endpoint.path, endpoint.access, endpoint.handler)
            }
            table.add(
                .get,
                base + "/metrics",
                .lookUp(.statistics),
                .blocking { _, responder in
                    let text = metricsPage(routes, statistics).text
                    responder.send(HTTPResponse(contentType: "text/plain; version=0.0.4", bytes: Array(text.utf8)))
                }
            )
        }
        if access.isRequired {
            let bases = Set(settings.listening.bases + pagePaths.all)
            LogInRoutes(access, logIns, logger).add(to: &table, bases: bases)
        }
        try pagePaths.addRoutes(to: &table, access)
        return table
    }

    private func metricsPage(_ routes: DeclaredRoutes, _ statistics: StatisticsSource) -> MetricsPage {
        MetricsPage(
            requests: metrics.snapshot,
            routes: routes,
            server: statistics.statistics,
            budgets: budgets,
            store: store,
            sqliteStore: sqliteStore,
            reachesDatabase: (store as? PostgresStore)?.isReachable,
            wrongTokens: access.isRequired ? access.failedAuthenticationCount : nil,
            refusedForRate: requestLimits?.refusals,
            use: storageUse,
            freeSpace: roots.destination.freeSpace,
            sharing: roots.sharing,
            background: tasks.all,
            snapshots: snapshotScheduler,
            forwarding: forwarder?.status
        )
    }

    /// The storage use for `/metrics`; nil if it is not counted, or if the database does not answer within two seconds.
    private var storageUse: [StorageUse]? {
        guard store.keepsArtifactJournal else { return nil }
        guard store.isReachable else {
            // This read finds out whether the database is reachable again; its result is not used.
            store.read({ try $0.storageUse() }, cost: .cheap) { _ in }
            return nil
        }
        let answer = Answer<[StorageUse]>()
        store.read({ try $0.storageUse() }, cost: .cheap) { answer.give($0) }
        return try? answer.wait(until: .now() + .seconds(2))?.get()
    }

    private func configuration(_ routes: DeclaredRoutes) -> HTTPServer.Configuration {
        let listening = settings.listening
        var configuration = HTTPServer.Configuration()
        configuration.host = listening.host
        configuration.port = listening.port
        // With sockets of a parent process, another server probably follows. Active clients may then send one more request on
        // each open connection before it is closed.
        if !listening.sockets.isEmpty { configuration.limits.lastRequestTimeout = .milliseconds(1_500) }
        configuration.serverName = "apus/\(apusVersion)"
        configuration.errorResponse = Refusal.response
        configuration.budgets = budgets
        configuration.encryption = settings.certificate?.context
        addFields(to: &configuration, routes)
        let changing = forwarder == nil ? [] : routes.patterns { $0.mayChangeItems }
        configuration.onExchange = { [metrics, idleCleanup, forwarder, logger] exchange in
            metrics.record(exchange)
            idleCleanup.countRequest()
            if let forwarder, exchange.method?.changesData == true, changing.contains(exchange.routePattern) {
                forwarder.recordItemChanges()
            }
            logger.debug("request", metadata: Self.metadata(exchange, routes))
        }
        return configuration
    }

    /// Adds the header fields that every answer has.
    private func addFields(to configuration: inout HTTPServer.Configuration, _ routes: DeclaredRoutes) {
        let security = settings.security
        let noSniffing = [(name: "X-Content-Type-Options", value: "nosniff")]
        if security.isEnabled {
            configuration.commonHeaders = noSniffing
            if let frameOptions = security.frameOptions {
                configuration.commonHeaders.append(("X-Frame-Options", frameOptions))
            }
            // If an answer has another policy too, such as that of a page, a browser applies both.
            let framing = security.frameAncestors.map { [(name: "Content-Security-Policy", value: $0.policy)] } ?? []
            configuration.requestHeaders = { security.origins.responseHeaders(for: $0) + framing }
        } else {
            // As in MLflow, only answers of artifact routes then forbid browsers to guess the content type.
            configuration.requestHeaders = { $0.path.contains("artifact") ? noSniffing : [] }
        }
        guard access.isRequired else { return }
        // Without `no-store`, the cache of the browser would still contain the answers after the log-out.
        let otherFields = configuration.requestHeaders
        configuration.requestHeaders = { request in
            let fields = otherFields?(request) ?? []
            guard request.count(ofHeaders: "cookie") > 0, routes.isForScripts(request) else { return fields }
            return fields + [("Cache-Control", "no-store")]
        }
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
}

extension HTTPMethod {
    fileprivate var changesData: Bool { self != .get && self != .head }
}

extension Endpoint {
    /// Whether the endpoint may change experiments, models or their files; the store itself reports each changed run.
    fileprivate var mayChangeItems: Bool {
        guard access.action != .read else { return false }
        return access.resources.contains { resource in
            switch resource.kind {
            case .experiment, .experimentName, .loggedModel, .registeredModel, .artifact, .upload, .server, .store: true
            case .run, .account, .token, .grant, .statistics, .none: false
            }
        }
    }
}
