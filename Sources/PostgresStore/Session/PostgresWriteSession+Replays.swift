internal import Identities
internal import PostgreSQL
package import Tracking

extension PostgresWriteSession {
    // Each function requires the permissions that the creation itself requires, as the client has them now.

    package func stands(experiment id: Int64) throws -> Bool {
        try requireCreation(of: .experiment)
        return try isThere { _ = try storedExperiment(id, for: .read) }
    }

    package func stands(_ run: RunInfo) throws -> Bool {
        try requireCreation(of: .run)
        _ = try storedExperiment(run.experimentID, for: .update)
        return try isThere { _ = try storedRun(run.runID, for: .read) }
    }

    package func stands(_ model: LoggedModelInfo) throws -> Bool {
        try requireCreation(of: .loggedModel)
        _ = try storedExperiment(model.experimentID, for: .update)
        return try isThere { _ = try storedLoggedModel(model.modelID, for: .read) }
    }

    package func stands(_ model: RegisteredModel) throws -> Bool {
        let type: GrantedType = model.tags.contains(where: \.marksPrompt) ? .prompt : .registeredModel
        try requireCreation(of: type, named: model.name)
        return try isThere { try requireRegisteredModel(model.name, for: .read) }
    }

    package func stands(_ version: ModelVersion) throws -> Bool {
        try requireVersionCreation(ofModel: version.name)
        return try isThere {
            try requireRegisteredModel(version.name, for: .update)
            let number = VersionNumber(name: version.name, version: version.version)
            guard try !modelVersions([number]).isEmpty else {
                throw TrackingError.doesNotExist("The version no longer exists.")
            }
        }
    }
}
