package import Budgets
package import HTTPServer
package import HTTPWire

/// A method, a path, what a call touches, and what answers.
package struct Endpoint: Sendable {
    package var method: HTTPMethod
    /// Segments in braces are parameters; one that ends with `...` takes the rest of the path.
    package var path: String
    package var family: PathFamily
    package var access: Access
    /// How much one answer lists; nil for calls that do not page.
    package var pages: PageLimits?
    package var handling: HTTPHandling
}

/// The parts into which the paths of the server fall, each with its prefixes.
package enum PathFamily: String, Sendable, CaseIterable {
    /// The tracking API.
    case tracking
    /// Artifacts by their paths.
    case artifacts
    /// Calls that only this server has.
    case apus
    /// What else stands beneath the two prefixes of the API.
    case api
    /// What else the reference offers to its pages alone.
    case pages
    /// What stands at the root.
    case root

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

    /// Whether only a script can use the answers, which no page shows as they are: a page of another site that asks for
    /// them and does not say its origin cannot read them, and only makes the server work.
    package var isForScripts: Bool {
        switch self {
        case .tracking, .api, .pages: true
        case .artifacts, .apus, .root: false
        }
    }
}

/// What a call does, and to what.
package struct Access: Sendable {
    package enum Action: String, Sendable {
        case read, change, administration
    }

    package let action: Action
    /// What a read costs: cheap for one that looks up a thing or a few.
    package let cost: ReadCost
    /// What the request names: one of them, where there are several.
    ///
    /// The handler answers for what stands inside a list of the request, and for what is only read beside it.
    package let resources: [Resource]

    static func lookUp(_ resources: Resource...) -> Access { Access(action: .read, cost: .cheap, resources: resources) }
    static func search(_ resources: Resource...) -> Access { Access(action: .read, cost: .dear, resources: resources) }
    static func change(_ resources: Resource...) -> Access {
        Access(action: .change, cost: .cheap, resources: resources)
    }
    /// For those who look after the server.
    static func administer(_ resources: Resource...) -> Access {
        Access(action: .administration, cost: .dear, resources: resources)
    }
}

/// A kind of thing, and how a request names it.
package struct Resource: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case none, server, experiment, experimentName, run, loggedModel, registeredModel, artifact, upload
    }

    package enum Place: Sendable, Equatable {
        /// The call makes it, or is about all of them.
        case nowhere
        /// The first of these fields that is there: of the message, or of the query where the body is no message.
        case fields([String])
        /// Every element of a list; in a query also separated by commas.
        case list(String)
        /// The parameter of the path with this index.
        case parameter(Int)
    }

    package let kind: Kind
    package let place: Place

    private init(_ kind: Kind, _ place: Place) {
        self.kind = kind
        self.place = place
    }

    /// The call touches nothing of anybody's.
    package static let none = Resource(.none, .nowhere)
    /// The server itself.
    package static let server = Resource(.server, .nowhere)
    /// A new thing, or all things of a kind.
    static func unnamed(_ kind: Kind) -> Resource { Resource(kind, .nowhere) }

    static let experiment = Resource(.experiment, .fields(["experiment_id"]))
    static let experiments = Resource(.experiment, .list("experiment_ids"))
    static let experimentName = Resource(.experimentName, .fields(["experiment_name"]))
    /// A run by its id or, as old clients do, by `run_uuid`.
    static let run = Resource(.run, .fields(["run_id", "run_uuid"]))
    /// A run by its id alone.
    static let runID = Resource(.run, .fields(["run_id"]))
    static func runs(_ name: String) -> Resource { Resource(.run, .list(name)) }
    /// A logged model of which the path has the id.
    package static let loggedModel = Resource(.loggedModel, .parameter(0))
    static let loggedModelID = Resource(.loggedModel, .fields(["model_id"]))
    /// A registered model; its versions, tags and aliases belong to it.
    static let model = Resource(.registeredModel, .fields(["name"]))
    /// An artifact by its path, which the request's path ends with.
    static let artifact = Resource(.artifact, .parameter(0))
    static let folder = Resource(.artifact, .fields(["path"]))
    /// A part of an upload: the signature in its URL is the permission.
    static let upload = Resource(.upload, .parameter(0))
}

extension MLflowAPI {
    /// An endpoint at each prefix of its family.
    func endpoint(
        _ method: HTTPMethod,
        _ family: PathFamily,
        _ path: String,
        _ access: Access,
        pages: PageLimits? = nil,
        handling: HTTPHandling
    ) -> [Endpoint] {
        family.prefixes.map {
            Endpoint(
                method: method,
                path: $0 + path,
                family: family,
                access: access,
                pages: pages,
                handling: handling
            )
        }
    }

    /// An endpoint whose handler reads a message and says what the store shall do.
    func endpoint(
        _ method: HTTPMethod,
        _ family: PathFamily,
        _ path: String,
        _ access: Access,
        pages: PageLimits? = nil,
        _ handler: @escaping @Sendable (RequestMessage) throws -> Operation
    ) -> [Endpoint] {
        let cost = access.cost
        return endpoint(
            method,
            family,
            path,
            access,
            pages: pages,
            handling: .buffered { request, responder in
                do {
                    perform(try handler(try RequestMessage(request, pages)), cost, for: request, responder)
                } catch {
                    responder.send(response(to: error))
                }
            }
        )
    }
}
