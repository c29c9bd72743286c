internal import Identities
package import Tracking

extension ReadSession {
    package func registeredModel(named name: String) throws -> RegisteredModel { try registeredModel(name) }

    package func latestVersions(ofModel name: String) throws -> [ModelVersion] {
        let (modelID, isPrompt) = try registeredModelKind(name, for: .read)
        try require(.read, on: .version(ofModel: name, isPrompt: isPrompt), orThrow: .registeredModelNotFound(name))
        let latest = try connection.latestVersions(ofModels: jsonArray([modelID]))[modelID] ?? []
        return try latest.map { version in
            var version = version
            version.aliases = try connection.aliases(ofModel: modelID, version: version.version)
            return version
        }
    }

    package func modelVersion(_ key: ModelVersionKey) throws -> ModelVersion { try storedVersion(key) }

    package func modelVersion(named name: String, alias: String) throws -> ModelVersion {
        let version = try versionNumber(ofModel: name, alias: alias)
        return try storedVersion(try ModelVersionKey(name: name, version: String(version)))
    }

    package func modelVersionLocation(_ key: ModelVersionKey) throws -> String { try locationOfVersion(key) }
}

extension ReadSession {
    package func resolvedRunLocation(_ location: String) throws -> String {
        guard let (runID, path) = runAndPath(of: location) else { return location }
        return ArtifactLocation(try runInfo(runID, for: .read).artifactURI).appending(path).uri
    }
}
