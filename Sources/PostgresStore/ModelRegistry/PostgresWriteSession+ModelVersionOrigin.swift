internal import Identities
package import Tracking

extension PostgresWriteSession: ModelVersionLookUps {
    package func artifactURI(ofRun runID: String) throws -> String { try storedRun(runID, for: .read).artifactURI }

    package func artifactURI(ofLoggedModel modelID: String) throws -> String {
        try storedLoggedModel(modelID, for: .read).artifactURI
    }

    package func tags(ofModel name: String) throws -> [Tag] { try storedRegisteredModel(name).tags }
}
