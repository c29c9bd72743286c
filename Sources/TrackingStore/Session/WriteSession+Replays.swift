internal import Identities
internal import SQLite
package import Tracking

/// Functions that decide whether the entity that an earlier, identical request created can be returned to the client again.
///
/// Each requires the permissions that the creation itself requires, as the client has them now. It throws `.permissionDenied` if the
/// client lacks one of them, and returns false if the entity no longer exists.
extension WriteSession {
    package func stands(experiment id: Int64) throws -> Bool {
        try requireCreation(of: .experiment)
        return try isThere { _ = try storedExperiment(id, for: .read) }
    }

    package func stands(_ run: RunInfo) throws -> Bool {
        try requireCreation(of: .run)
        _ = try storedExperiment(run.experimentID, for: .update)
        return try isThere { _ = try runRow(run.runID, for: .read) }
    }

    package func stands(_ model: LoggedModelInfo) throws -> Bool {
        try requireCreation(of: .loggedModel)
        _ = try storedExperiment(model.experimentID, for: .update)
        return try isThere { _ = try loggedModelInfo(model.modelID, for: .read) }
    }

    package func stands(_ model: RegisteredModel) throws -> Bool {
        let type: GrantedType = model.tags.contains(where: \.marksPrompt) ? .prompt : .registeredModel
        try requireCreation(of: type, named: model.name)
        return try isThere { _ = try registeredModelRow(model.name, for: .read) }
    }

    package func stands(_ version: ModelVersion) throws -> Bool {
        try requireVersionCreation(ofModel: version.name)
        return try isThere {
            let model = try registeredModelRow(version.name, for: .update)
            try requireVersion(version.version, ofModel: model, named: version.name)
        }
    }

    private func requireVersion(_ version: Int64, ofModel row: Int64, named name: String) throws {
        let found = try connection.query(
            "SELECT 1 FROM model_versions WHERE model_id = ?1 AND version = ?2",
            row,
            version
        ).firstRow { $0.bool(0) }
        guard found != nil else { throw TrackingError.doesNotExist("The version no longer exists.") }
    }
}
