internal import HTTPServer
internal import HTTPWire
internal import MLflowAPI

/// The paths beneath which there are pages, and also every call that the pages make, as their addresses are relative.
///
/// There are two, the root and the static prefix, and with MLflow's pages one more beneath each of these.
struct PagePlaces {
    /// Where Apus' own pages are.
    private let own: [String]
    /// Where those of the bundle are.
    private let others: [String]
    private let bundle: PageBundle?

    init(_ settings: PagesSettings, _ listening: ListeningSettings) {
        let roots = listening.bases
        bundle = settings.bundle
        if settings.bundle == nil {
            own = roots
            others = []
        } else {
            own = settings.path.isEmpty ? roots.map { $0 + PagesSettings.ownPath } : roots
            others = roots.map { $0 + settings.path }
        }
    }

    /// Every base, in the order in which they are added.
    var all: [String] { own + others }

    /// Adds the pages; must be called after every other route has been added.
    ///
    /// - Throws: where a page would take the place of another route.
    func addRoutes(to router: inout HTTPRouter) throws(StartFailure) {
        router.addPages(bases: own)
        if let bundle {
            for base in others { Self.add(bundle, at: base, to: &router) }
        }
        // A page's own addresses are relative: they need the slash.
        for base in all where !base.isEmpty {
            if case .found = router.match(.get, rawPath: base) {
                throw StartFailure("\(base) is the path of another call: choose another --static-prefix or --ui-path.")
            }
            router.add(
                .get,
                base,
                .buffered { _, responder in
                    responder.send(HTTPResponse(status: 308, headers: [("Location", base + "/")]))
                }
            )
        }
    }

    private static func add(_ bundle: PageBundle, at base: String, to router: inout HTTPRouter) {
        router.add(
            .get,
            base + "/",
            .blocking { request, responder in
                responder.send(bundle.index(request))
            }
        )
        router.add(
            .get,
            base + "/static-files/{path...}",
            .blocking { request, responder in
                let path = request.parameters.first ?? ""
                responder.send(bundle.file(path, request))
            }
        )
        let script = StaticFile(path: FirstVisit.scriptAddress, bytes: HTTPStaticBytes(FirstVisit.script))
        router.add(
            .get,
            "\(base)/\(FirstVisit.scriptAddress)",
            .buffered { request, responder in responder.send(script.response(to: request)) }
        )
    }
}
