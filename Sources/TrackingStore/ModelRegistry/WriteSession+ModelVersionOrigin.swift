internal import Identities
internal import SQLite
package import Tracking

extension WriteSession: ModelVersionLookUps {
    package func artifactURI(ofRun runID: String) throws -> String { try runInfo(runID, for: .read).artifactURI }

    package func artifactURI(ofLoggedModel modelID: String) throws -> String {
        try loggedModelInfo(modelID, for: .read).artifactURI
    }

    package func tags(ofModel name: String) throws -> [Tag] {
        let row = try registeredModelRow(name, for: .read)
        return try connection.tags(in: .registeredModels, of: jsonArray([row]))[row] ?? []
    }

    package func latestVersion(ofModel name: String, in stage: ModelStage?) throws -> Int64? {
        try connection.latestVersion(ofModel: registeredModelRow(name, for: .read), in: stage)
    }
}
