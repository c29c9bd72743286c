/// Looks up the entity to which the source of a new version refers: a run, a logged model or a registered model.
///
/// The functions throw for an entity that does not exist or that the client may not read.
package protocol ModelVersionLookUps: ClientBound {
    var artifactRoot: ArtifactLocation { get }

    func artifactURI(ofRun runID: String) throws -> String
    func artifactURI(ofLoggedModel modelID: String) throws -> String
    func tags(ofModel name: String) throws -> [Tag]
    func versionNumber(ofModel name: String, alias: String) throws -> Int64
    /// Returns the highest version number in a stage, or in all stages; nil if there is none.
    func latestVersion(ofModel name: String, in stage: ModelStage?) throws -> Int64?
    func storedVersion(_ key: ModelVersionKey) throws -> ModelVersion
    func locationOfVersion(_ key: ModelVersionKey) throws -> String
}

extension ModelVersionLookUps {
    /// Determines the source, run and logged model of a new version, by the rules of `ModelVersionOrigin`.
    ///
    /// - Throws: `.invalidParameterValue` for a source that is not inside the run or model that the request names,
    ///   `.resourceDoesNotExist` for a registered model, version or logged model in the source that does not exist.
    package func modelVersionOrigin(_ new: NewModelVersion, workingDirectory: String) throws -> ModelVersionOrigin {
        let source = try ModelVersionSource(
            new.source,
            isPrompt: new.tags.belongToPrompt,
            workingDirectory: workingDirectory,
            trustedRoots: [artifactRoot.uri]
        )
        let origin = ModelVersionOrigin(new, source)
        try requireReadable(origin, source.kind)
        let folder = try namedFolder(origin, source.kind)
        try origin.requireContained(source, in: folder, workingDirectory: workingDirectory)
        switch source.kind {
        case .placeholder, .elsewhere, .local, .proxied, .run: return origin
        case .loggedModel(let id):
            return origin.resolved(toLoggedModel: id, at: try artifactURI(ofLoggedModel: id))
        case .registeredModel(let reference):
            let key = try versionKey(of: reference, source)
            let version = try storedVersion(key)
            let location = try locationOfVersion(key)
            return try origin.resolved(toVersion: version, at: location, from: source, requestedRunID: new.runID)
        }
    }

    /// Throws if a client with limited permissions may not read the run or the logged model that a new version names.
    ///
    /// A version that is copied from a registered model needs no permission for the run: whoever may read the
    /// registered model may read its artifacts.
    private func requireReadable(_ origin: ModelVersionOrigin, _ kind: ModelVersionSource.Kind) throws {
        guard permissions != nil else { return }
        if case .registeredModel = kind { return }
        if let runID = origin.runID { _ = try artifactURI(ofRun: runID) }
        if let modelID = origin.modelID { _ = try artifactURI(ofLoggedModel: modelID) }
    }

    private func namedFolder(_ origin: ModelVersionOrigin, _ kind: ModelVersionSource.Kind) throws -> NamedFolder {
        switch kind {
        case .local, .proxied: break
        case .placeholder, .elsewhere, .run, .loggedModel, .registeredModel: return .notNamed
        }
        do {
            if let modelID = origin.modelID { return .found(try artifactURI(ofLoggedModel: modelID)) }
            guard let runID = origin.runID else { return .notNamed }
            return .found(try artifactURI(ofRun: runID))
        } catch let error as TrackingError where error.code == .resourceDoesNotExist {
            return .missing
        }
    }

    private func versionKey(
        of reference: RegisteredModelReference,
        _ source: ModelVersionSource
    ) throws -> ModelVersionKey {
        try validateModelName(reference.name)
        guard try !tags(ofModel: reference.name).belongToPrompt else { throw source.promptVersionNotAllowed }
        return try ModelVersionKey(name: reference.name, version: try number(of: reference))
    }

    private func number(of reference: RegisteredModelReference) throws -> String {
        let stage: ModelStage?
        switch reference.choice {
        case .version(let number): return number
        case .alias(let alias):
            try validateModelAlias(alias)
            return String(try versionNumber(ofModel: reference.name, alias: alias))
        case .latest: stage = nil
        case .stage(let text): stage = try ModelStage(parsing: text)
        }
        guard let version = try latestVersion(ofModel: reference.name, in: stage) else {
            throw TrackingError.noVersions(ofModel: reference.name, in: stage)
        }
        return String(version)
    }
}
