package import Tracking

extension ReadSession {
    /// A registered model with its tags, aliases and the latest version of each stage.
    ///
    /// - Throws: `.resourceDoesNotExist` when there is none of that name.
    package func registeredModel(named name: String) throws -> RegisteredModel {
        try connection.registeredModel(name)
    }

    /// The latest version of each stage, the stage of the oldest version first; with their aliases.
    ///
    /// - Throws: `.resourceDoesNotExist` when there is no model of that name.
    package func latestVersions(ofModel name: String) throws -> [ModelVersion] {
        let modelID = try connection.registeredModelRow(name)
        let latest = try connection.latestVersions(ofModels: jsonArray([modelID]))[modelID] ?? []
        return try latest.map { version in
            var version = version
            version.aliases = try connection.aliases(ofModel: modelID, version: version.version)
            return version
        }
    }

    /// A version with its tags and aliases.
    ///
    /// - Throws: `.resourceDoesNotExist` when the model has no such version, or there is no such model.
    package func modelVersion(_ key: ModelVersionKey) throws -> ModelVersion {
        try connection.modelVersion(key)
    }

    /// The version that an alias stands for; `latest` is the one with the highest number.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown model and for `latest` of a model without versions,
    ///   `.invalidParameterValue` for an unknown alias.
    package func modelVersion(named name: String, alias: String) throws -> ModelVersion {
        let version = try connection.versionNumber(ofModel: name, alias: alias)
        return try connection.modelVersion(try ModelVersionKey(name: name, version: String(version)))
    }

    /// Where the artifacts of a version lie, as a client may open it.
    ///
    /// - Throws: `.resourceDoesNotExist` when the model has no such version, or there is no such model.
    package func modelVersionLocation(_ key: ModelVersionKey) throws -> String {
        try connection.modelVersionLocation(key)
    }
}

extension ReadSession {
    /// The location that a `runs:/<run id>/<path>` stands for; any other location as it is.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown run.
    package func resolvedRunLocation(_ location: String) throws -> String {
        guard let (runID, path) = runAndPath(of: location) else { return location }
        return ArtifactLocation(try connection.runInfo(runID).artifactURI).appending(path).uri
    }
}
