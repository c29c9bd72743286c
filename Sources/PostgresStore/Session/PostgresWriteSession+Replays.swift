internal import Identities
package import Tracking

extension PostgresWriteSession {
    package func requireStored(_ entity: CreatedEntity) throws {
        switch entity {
        case .experiment(let id): try requireExperiment(id, for: .read)
        case .run(let run): _ = try storedRun(run.runID, for: .read)
        case .loggedModel(let model): _ = try storedLoggedModel(model.modelID, for: .read)
        case .registeredModel(let model): try requireRegisteredModel(model.name, for: .read)
        case .modelVersion(let version):
            try requireRegisteredModel(version.name, for: .update)
            let number = VersionNumber(name: version.name, version: version.version)
            guard try !modelVersions([number]).isEmpty else {
                throw TrackingError.doesNotExist("The version no longer exists.")
            }
        }
    }
}
