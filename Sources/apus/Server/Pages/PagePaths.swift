internal import HTTPServer
internal import HTTPWire
internal import MLflowAPI

/// The base paths of the pages.
///
/// The pages make their calls at relative addresses, so every call is also served under the base paths of the pages. These
/// are the root and the static prefix; with MLflow's pages, there is one more under each of the two.
struct PagePaths {
    /// The base paths of Apus' own pages.
    private let ownBases: [String]
    /// The base paths of MLflow's pages.
    private let mlflowBases: [String]
    private let bundle: PageBundle?
    /// The relative address of Apus' own pages, as seen from a path directly under one of `mlflowBases`.
    private let pathToOwnPages: String

    init(_ settings: WebPageSettings, _ listening: ListeningSettings) {
        let roots = listening.bases
        bundle = settings.bundle
        if settings.bundle == nil {
            ownBases = roots
            mlflowBases = []
            pathToOwnPages = "./"
        } else {
            ownBases = settings.path.isEmpty ? roots.map { $0 + WebPageSettings.ownPath } : roots
            mlflowBases = roots.map { $0 + settings.path }
            let depth = settings.path.count { $0 == "/" }
            pathToOwnPages =
                depth == 0 ? ".\(WebPageSettings.ownPath)/" : String(repeating: "../", count: depth)
        }
    }

    /// All base paths, in the order in which their routes are added.
    var all: [String] { ownBases + mlflowBases }

    /// Adds the routes of the pages; must be called after every other route has been added.
    ///
    /// - Throws: `StartFailure` if a page has the path of another route.
    func addRoutes(to routes: inout RouteTable, _ access: AccessControl) throws(StartFailure) {
        routes.addPages(bases: ownBases, requiresCredentials: access.isRequired)
        if access.hasUsers {
            for base in ownBases { Self.addSignUp(at: base, to: &routes, pages: "./") }
            for base in mlflowBases { Self.addSignUp(at: base, to: &routes, pages: pathToOwnPages) }
        }
        if let bundle {
            for base in mlflowBases { Self.add(bundle, at: base, to: &routes) }
        }
        // The addresses in a page are relative to a path that ends with a slash, so other paths redirect there.
        for base in all where !base.isEmpty {
            if case .found = routes.router.match(.get, rawPath: base) {
                throw StartFailure("\(base) is the path of another call: choose another --static-prefix or --ui-path.")
            }
            let redirect = HTTPResponse(status: 308, headers: [("Location", base + "/")])
            routes.add(.get, base, .page, .buffered { _, responder in responder.send(redirect) })
        }
    }

    /// Adds `/signup`, the page of MLflow on which administrators make users; it redirects to Apus' own page for users.
    private static func addSignUp(at base: String, to routes: inout RouteTable, pages: String) {
        let redirect = HTTPResponse(status: 303, headers: [("Location", pages + "#/users")])
        routes.add(.get, base + "/signup", .page, .buffered { _, responder in responder.send(redirect) })
    }

    private static func add(_ bundle: PageBundle, at base: String, to routes: inout RouteTable) {
        routes.add(.get, base + "/", .page, .blocking { $1.send(bundle.index($0)) })
        let files = HTTPHandler.blocking { $1.send(bundle.file($0.parameters.first ?? "", $0)) }
        routes.add(.get, base + "/static-files/{path...}", .page, files)
        let script = StaticFile(path: FirstVisit.scriptAddress, bytes: HTTPStaticBytes(FirstVisit.script))
        let scriptHandler = HTTPHandler.buffered { $1.send(script.response(to: $0)) }
        routes.add(.get, "\(base)/\(FirstVisit.scriptAddress)", .page, scriptHandler)
    }
}

extension Access {
    /// The access that a file of the pages needs; such a file contains no stored data.
    static let page = lookUp(.none)
}
