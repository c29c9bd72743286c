internal import Identities
internal import SQLite
package import Tracking

extension WriteSession {
    package func requireStored(_ entity: CreatedEntity) throws {
        switch entity {
        case .experiment(let id): try requireExperiment(id, for: .read)
        case .run(let run): _ = try runRow(run.runID, for: .read)
        case .loggedModel(let model): _ = try loggedModelInfo(model.modelID, for: .read)
        case .registeredModel(let model): _ = try registeredModelRow(model.name, for: .read)
        case .modelVersion(let version):
            let found = try connection.query(
                "SELECT 1 FROM model_versions WHERE model_id = ?1 AND version = ?2",
                values: [try registeredModelRow(version.name, for: .update), version.version]
            ).firstRow { $0.bool(0) }
            guard found != nil else { throw TrackingError.doesNotExist("The version no longer exists.") }
        }
    }
}
