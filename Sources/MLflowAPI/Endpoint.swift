package import Budgets
package import HTTPServer
package import HTTPWire
internal import Tracking

/// One call of the API: its method and path, what it reads or changes, and the code that answers it.
package struct Endpoint: Sendable {
    package var method: HTTPMethod
    /// The path.
    ///
    /// A segment in braces is a parameter; a parameter whose name is followed by `...` matches the rest of the path.
    package var path: String
    package var family: PathFamily
    package var access: Access
    /// How many results one answer may list; nil for a call without pages.
    package var pages: PageLimits?
    package var handler: HTTPHandler
}

/// The families of paths that the server answers, each with its own prefixes.
package enum PathFamily: String, Sendable, CaseIterable {
    /// The tracking API.
    case tracking
    /// The proxied artifacts (`mlflow-artifacts`).
    case artifacts
    /// Calls that only Apus has.
    case apus
    /// Other paths that begin with `/api/` or `/ajax-api/`.
    case api
    /// Other paths that MLflow offers only to its own web pages.
    case pages
    /// Paths at the root of the server.
    case root

    /// The beginnings of the family's paths; every endpoint of the family answers at each of them.
    package var prefixes: [String] {
        switch self {
        case .tracking: Self.bothPrefixes.map { $0 + "2.0/mlflow/" }
        case .artifacts: Self.bothPrefixes.map { $0 + "2.0/mlflow-artifacts/" }
        case .apus: Self.bothPrefixes.map { $0 + "apus/1.0/" }
        case .api: Self.bothPrefixes
        case .pages: ["/ajax-api/"]
        case .root: ["/"]
        }
    }

    private static let bothPrefixes = ["/api/", "/ajax-api/"]

    /// Whether the answers are meant only for scripts, and not for a browser to show as a page or image.
    ///
    /// The server refuses a request for such an answer if a page of another site sends it without an `Origin` field, for
    /// example for an image: the page could not read the answer.
    package var isForScripts: Bool {
        switch self {
        case .tracking, .api, .pages, .apus: true
        case .artifacts, .root: false
        }
    }
}

/// The kind of action that a call performs, and the resources that it touches.
package struct Access: Sendable {
    package enum Action: String, Sendable {
        /// The action of a read that needs no credential.
        case open
        case read, change, administration
    }

    package let action: Action
    /// The cost of a read: cheap if the call looks up only a few entities.
    package let cost: ReadCost
    /// The resources that the request may name; each request names one of them.
    ///
    /// Not included are resources that the elements of a list of objects name, such as `models` of `runs/log-inputs`, and
    /// other resources that the call only reads; the handler or the store checks these.
    package let resources: [Resource]
    /// Whether the only resource is a part of an upload.
    let isUpload: Bool
    /// Whether the only resource is the statistics.
    let isAboutStatistics: Bool
    /// The rule for the audit entry of the call; required for each call that may change something.
    package var audit: AuditRule?

    private init(action: Action, cost: ReadCost, resources: [Resource]) {
        self.action = action
        self.cost = cost
        self.resources = resources
        isUpload = resources == [.upload]
        isAboutStatistics = resources == [.statistics]
    }

    /// A look-up that needs no credential, even if the server requires one for all other calls.
    package static func open(_ resources: Resource...) -> Access {
        Access(action: .open, cost: .cheap, resources: resources)
    }
    /// A cheap read.
    package static func lookUp(_ resources: Resource...) -> Access {
        Access(action: .read, cost: .cheap, resources: resources)
    }
    /// A read that may be expensive.
    static func search(_ resources: Resource...) -> Access {
        Access(action: .read, cost: .expensive, resources: resources)
    }
    static func change(_ resources: Resource...) -> Access {
        Access(action: .change, cost: .cheap, resources: resources)
    }
    /// A call for administrators of the server.
    static func administer(_ resources: Resource...) -> Access {
        Access(action: .administration, cost: .expensive, resources: resources)
    }
}

extension Access {
    /// Whether the call only reads and changes entities that belong to experiments.
    ///
    /// In such a call, the sessions of the store hide experiments that the client may not read.
    package var isWithinExperiments: Bool {
        resources.allSatisfy { resource in
            switch resource.kind {
            case .none, .experimentName, .run, .loggedModel, .artifact, .upload: true
            case .server: action == .read || action == .open
            // A call that creates an experiment names no experiment.
            case .experiment: resource.naming != .unnamed || action == .read
            case .statistics, .store, .registeredModel, .account, .token, .grant: false
            }
        }
    }

    /// Whether the call reads or changes users, tokens or grants.
    package var isAboutAccounts: Bool { resources.contains { [.account, .token, .grant].contains($0.kind) } }

    /// Whether the call changes only what every user may manage: own tokens, and grants for objects that the user manages.
    package var isForEveryUser: Bool {
        action == .change && resources.allSatisfy { [.token, .grant].contains($0.kind) }
    }
}

/// A kind of resource, and how a request names the resource.
package struct Resource: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case none, server, statistics, store, experiment, experimentName, run, loggedModel, registeredModel, artifact,
            upload, account, token, grant
    }

    /// The part of a request that names the resource.
    package enum Naming: Sendable, Equatable {
        /// The request names no resource, because the call creates one or concerns all resources of a kind.
        case unnamed
        /// The first of these fields that is present: in the query of a GET or of the upload of a file, otherwise in the
        /// JSON body.
        case fields([String])
        /// Every element of the list with this name; in a query, commas may separate the elements.
        case list(String)
        /// The parameter of the path with this index.
        case parameter(Int)
    }

    package let kind: Kind
    package let naming: Naming

    private init(_ kind: Kind, _ naming: Naming) {
        self.kind = kind
        self.naming = naming
    }

    /// The call touches no resource.
    package static let none = Resource(.none, .unnamed)
    /// The server itself.
    package static let server = Resource(.server, .unnamed)
    /// The statistics about the work of the server; a user must be an admin to read them.
    package static let statistics = Resource(.statistics, .unnamed)
    /// The whole store, with the data of all clients.
    package static let store = Resource(.store, .unnamed)
    /// A user, or a role with its grants.
    ///
    /// The handler decides who may read or change this resource.
    package static let account = Resource(.account, .unnamed)
    /// A token; the handler decides who may read or change it.
    package static let token = Resource(.token, .unnamed)
    /// The grants of a single user; the handler decides who may read or change them.
    package static let grant = Resource(.grant, .unnamed)
    /// A new resource, or all resources of a kind.
    static func unnamed(_ kind: Kind) -> Resource { Resource(kind, .unnamed) }

    static let experiment = Resource(.experiment, .fields(["experiment_id"]))
    static let experiments = Resource(.experiment, .list("experiment_ids"))
    static let experimentName = Resource(.experimentName, .fields(["experiment_name"]))
    /// A run by `run_id` or, for old clients, by `run_uuid`.
    static let run = Resource(.run, .fields(["run_id", "run_uuid"]))
    /// A run by `run_id` only.
    static let runID = Resource(.run, .fields(["run_id"]))
    static func runs(_ name: String) -> Resource { Resource(.run, .list(name)) }
    /// A logged model whose id is the first parameter of the path.
    package static let loggedModel = Resource(.loggedModel, .parameter(0))
    static let loggedModelID = Resource(.loggedModel, .fields(["model_id"]))
    /// A registered model; its versions, tags and aliases belong to it.
    static let model = Resource(.registeredModel, .fields(["name"]))
    /// An artifact whose path is the first parameter of the request's path.
    static let artifact = Resource(.artifact, .parameter(0))
    static let folder = Resource(.artifact, .fields(["path"]))
    /// A part of an upload.
    ///
    /// The signature in the URL of the part permits the upload.
    static let upload = Resource(.upload, .parameter(0))
}

extension MLflowAPI {
    /// Returns an endpoint for each prefix of the family.
    func endpoint(
        _ method: HTTPMethod,
        _ family: PathFamily,
        _ path: String,
        _ access: Access,
        pages: PageLimits? = nil,
        handler: HTTPHandler
    ) -> [Endpoint] {
        family.prefixes.map {
            Endpoint(method: method, path: $0 + path, family: family, access: access, pages: pages, handler: handler)
        }
    }

    /// Returns endpoints whose handler reads a message and returns an operation for the store.
    func endpoint(
        _ method: HTTPMethod,
        _ family: PathFamily,
        _ path: String,
        _ access: Access,
        pages: PageLimits? = nil,
        _ handler: @escaping @Sendable (RequestMessage) throws -> Operation
    ) -> [Endpoint] {
        let cost = access.cost
        let entryMaker = auditEntryMaker(path, access)
        return endpoint(
            method,
            family,
            path,
            access,
            pages: pages,
            handler: .buffered { request, responder in
                do {
                    let message = try RequestMessage(request, pages)
                    let operation = try handler(message)
                    let draft = entryMaker?.draft(by: auditActor(request), request, message)
                    perform(operation, cost, access, draft, for: request, responder)
                } catch { responder.send(response(to: error)) }
            }
        )
    }

    /// Returns endpoints whose handler may block.
    ///
    /// The handler gets the audit entry of the request, or nil if none is recorded; it stores the entry in the same
    /// transaction as its changes.
    func endpoint(
        _ method: HTTPMethod,
        _ family: PathFamily,
        _ path: String,
        _ access: Access,
        auditing handler: @escaping @Sendable (HTTPRequest, HTTPResponder, AuditEntry?) -> Void
    ) -> [Endpoint] {
        let entryMaker = auditEntryMaker(path, access)
        return endpoint(
            method,
            family,
            path,
            access,
            handler: .blocking { request, responder in
                let draft = entryMaker?.draft(by: auditActor(request), request, try? RequestMessage(request))
                handler(request, responder, draft?.entry(after: nil))
            }
        )
    }
}
