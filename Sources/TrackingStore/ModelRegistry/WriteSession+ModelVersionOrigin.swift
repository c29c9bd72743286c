internal import SQLite
internal import Tracking

/// Where a version really comes from, once its source has been followed through the store.
struct ModelVersionOrigin {
    /// What is stored as the source: as the client sent it, or `models:/<name>/<version>` with a number.
    var source: String
    /// Where the artifacts lie; nil where that is the source.
    var location: String?
    /// nil when the client named none; never empty.
    var runID: String?
    /// The logged model that the client named; never empty.
    var modelID: String?
    /// The logged model that the source is.
    var locatedModelID: String?
    var isPrompt = false
}

extension WriteSession {
    /// Follows the source of a new version.
    ///
    /// - Throws: `.invalidParameterValue` for a source that lies in no run or model that the request names,
    ///   `.resourceDoesNotExist` for an unknown registered model in it.
    func modelVersionOrigin(_ new: NewModelVersion, workingDirectory: String) throws -> ModelVersionOrigin {
        let isPrompt = new.tags.areOfPrompt
        let source = try ModelVersionSource(
            new.source,
            isPrompt: isPrompt,
            workingDirectory: workingDirectory,
            trustedRoots: [artifactRoot.uri]
        )
        var origin = ModelVersionOrigin(source: source.text)
        origin.runID = new.runID.flatMap { $0.isEmpty ? nil : $0 }
        origin.modelID = new.modelID.flatMap { $0.isEmpty ? nil : $0 }
        origin.isPrompt = isPrompt
        let check = SourceCheck(source, of: origin, in: connection, workingDirectory: workingDirectory)
        switch source.kind {
        case .placeholder, .elsewhere: break
        case .local(let path): try check.requireLocalPath(path)
        case .proxied: try check.requireProxiedURI()
        case .run(let id): try check.requireRun(id)
        case .loggedModel(let id):
            try check.requireModel(id)
            origin.location = try connection.loggedModelInfo(id).artifactURI
            origin.locatedModelID = id
        case .registeredModel(let reference):
            origin = try followed(reference, source, new, origin)
        }
        return origin
    }

    /// The version that another version of the registry comes from.
    private func followed(
        _ reference: RegisteredModelReference,
        _ source: ModelVersionSource,
        _ new: NewModelVersion,
        _ origin: ModelVersionOrigin
    ) throws -> ModelVersionOrigin {
        try validateModelName(reference.name)
        let model = try connection.registeredModelRow(reference.name)
        let tags = try connection.tags(of: "registered_model_tags", by: "model_id", jsonArray([model]))[model] ?? []
        guard !tags.areOfPrompt else { throw source.isOfPrompt }
        let key = try ModelVersionKey(name: reference.name, version: try number(of: reference))
        let version = try connection.modelVersion(key)
        // The store of the reference keeps no model id with a version: none is the one that matches.
        let isMatch = (new.runID.map { $0.isExactly(version.runID) } ?? true) && origin.modelID == nil
        guard isMatch else { throw source.mismatched }
        var origin = origin
        origin.source = "models:/\(version.name)/\(version.version)"
        try ModelVersionSource.requireAbsolutePath(origin.source)
        origin.location = try connection.modelVersionLocation(key)
        origin.runID = version.runID.isEmpty ? nil : version.runID
        return origin
    }

    private func number(of reference: RegisteredModelReference) throws -> String {
        switch reference.choice {
        case .version(let number): return number
        case .alias(let alias):
            try validateModelAlias(alias)
            return String(try connection.versionNumber(ofModel: reference.name, alias: alias))
        case .latest: return try latest(reference.name, in: nil)
        case .stage(let text): return try latest(reference.name, in: try ModelStage(parsing: text))
        }
    }

    private func latest(_ name: String, in stage: ModelStage?) throws -> String {
        let modelID = try connection.registeredModelRow(name)
        guard let version = try connection.latestVersion(ofModel: modelID, in: stage) else {
            let place = stage.map { " and stage '\($0.wireName)'" } ?? ""
            throw TrackingError.invalidParameter("No versions of model with name '\(shortened(name))'\(place) found")
        }
        return String(version)
    }
}

/// Checks that a source lies in the run or logged model that its request names.
private struct SourceCheck {
    private let source: ModelVersionSource
    private let runID: String?
    private let modelID: String?
    private let connection: Connection
    private let workingDirectory: String

    init(
        _ source: ModelVersionSource,
        of origin: ModelVersionOrigin,
        in connection: Connection,
        workingDirectory: String
    ) {
        self.source = source
        runID = origin.runID
        modelID = origin.modelID
        self.connection = connection
        self.workingDirectory = workingDirectory
    }

    /// The parameter that decides: the model when there is one, else the run.
    private var parameter: String { modelID == nil ? "run_id" : "model_id" }

    /// The root of what the request names; nil when it names nothing.
    private var root: String? {
        get throws {
            do {
                if let modelID { return try connection.loggedModelInfo(modelID).artifactURI }
                return try runID.map { try connection.runInfo($0).artifactURI }
            } catch let error as TrackingError where error.code == .resourceDoesNotExist {
                throw source.notContained(in: parameter)
            }
        }
    }

    func requireLocalPath(_ path: String) throws {
        let root = try root
        guard let root, ModelVersionSource.isLocal(root) else {
            throw source.notLocal(to: parameter, resolvedPath: root == nil ? nil : path)
        }
        let folder = ModelVersionSource.absoluteLocalPath(of: root, workingDirectory: workingDirectory)
        guard ModelVersionSource.isLocalPath(path, within: folder) else {
            throw source.notLocal(to: parameter, resolvedPath: path)
        }
    }

    func requireProxiedURI() throws {
        guard let root = try root, ModelVersionSource.isURI(source.text, within: root) else {
            throw source.notContained(in: parameter)
        }
    }

    func requireRun(_ id: String) throws {
        guard modelID == nil, let runID, runID.isExactly(id) else { throw source.notContained(in: parameter) }
    }

    func requireModel(_ id: String) throws {
        guard let modelID, modelID.isExactly(id) else { throw source.notContained(in: "model_id") }
    }
}
