internal import Identities
internal import PostgreSQL
internal import Tracking

extension PostgresWriteSession {
    /// Determines where a new version's artifacts come from, by the rules of `ModelVersionOrigin`.
    ///
    /// Reads the run, logged model or registered model that the version refers to.
    ///
    /// - Throws: `.invalidParameterValue` for a source that is not inside the run or model that the request names,
    ///   `.resourceDoesNotExist` for a registered model, version or logged model in the source that does not exist.
    func modelVersionOrigin(_ new: NewModelVersion, workingDirectory: String) throws -> ModelVersionOrigin {
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
            return origin.resolved(toLoggedModel: id, at: try storedLoggedModel(id, for: .read).artifactURI)
        case .registeredModel(let reference):
            let key = try versionKey(of: reference, source)
            let version = try storedVersion(key)
            let location = try locationOfVersion(key)
            return try origin.resolved(toVersion: version, at: location, from: source, requestedRunID: new.runID)
        }
    }

    /// Throws unless a client with limited permissions may read the run and the logged model that a version is made of.
    ///
    /// A version that is copied from a registered model needs no permission for the run: whoever may read the
    /// registered model may read its artifacts.
    private func requireReadable(_ origin: ModelVersionOrigin, _ kind: ModelVersionSource.Kind) throws {
        guard permissions != nil else { return }
        if case .registeredModel = kind { return }
        if let runID = origin.runID { _ = try storedRun(runID, for: .read) }
        if let modelID = origin.modelID { _ = try storedLoggedModel(modelID, for: .read) }
    }

    private func namedFolder(_ origin: ModelVersionOrigin, _ kind: ModelVersionSource.Kind) throws -> NamedFolder {
        switch kind {
        case .local, .proxied: break
        case .placeholder, .elsewhere, .run, .loggedModel, .registeredModel: return .notNamed
        }
        do {
            if let modelID = origin.modelID { return .found(try storedLoggedModel(modelID, for: .read).artifactURI) }
            guard let runID = origin.runID else { return .notNamed }
            return .found(try storedRun(runID, for: .read).artifactURI)
        } catch let error as TrackingError where error.code == .resourceDoesNotExist {
            return .missing
        }
    }

    private func versionKey(
        of reference: RegisteredModelReference,
        _ source: ModelVersionSource
    ) throws -> ModelVersionKey {
        try validateModelName(reference.name)
        let model = try storedRegisteredModel(reference.name)
        guard !model.tags.belongToPrompt else { throw source.promptVersionNotAllowed }
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
