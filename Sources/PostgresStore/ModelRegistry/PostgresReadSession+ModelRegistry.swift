internal import Identities
internal import PostgreSQL
package import Tracking

extension PostgresReadSession {
    package func registeredModel(named name: String) throws -> RegisteredModel { try storedRegisteredModel(name) }

    package func latestVersions(ofModel name: String) throws -> [ModelVersion] {
        let isPrompt = try requireRegisteredModel(name, for: .read)
        try require(.read, on: .version(ofModel: name, isPrompt: isPrompt), orThrow: .registeredModelNotFound(name))
        let aliases = try aliases(ofModel: name)
        return try latestVersions(ofModels: [name]).map { version in
            var version = version
            version.aliases = aliases[version.version] ?? []
            return version
        }
    }

    package func modelVersion(_ key: ModelVersionKey) throws -> ModelVersion { try storedVersion(key) }

    package func modelVersion(named name: String, alias: String) throws -> ModelVersion {
        let version = try versionNumber(ofModel: name, alias: alias)
        return try storedVersion(try ModelVersionKey(name: name, version: String(version)))
    }

    package func modelVersionLocation(_ key: ModelVersionKey) throws -> String { try locationOfVersion(key) }

    package func resolvedRunLocation(_ location: String) throws -> String {
        guard let (runID, path) = runAndPath(of: location) else { return location }
        return ArtifactLocation(try storedRun(runID, for: .read).artifactURI).appending(path).uri
    }
}
