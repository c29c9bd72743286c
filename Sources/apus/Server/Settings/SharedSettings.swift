internal import Identities
internal import S3
internal import Tracking

extension ServerSettings {
    /// The settings, by their flags, that all servers of a database in PostgreSQL should have alike: where they differ, clients
    /// may do or store at one server what another one refuses, or do not find at one what another one has stored.
    var shared: [String: String] {
        let quotas: [(SettingDefinition, Int64?)] = [
            (.clientRuns, limits.runs.client), (.serverRuns, limits.runs.server),
            (.clientArtifacts, limits.clientArtifactBytes), (.serverArtifacts, limits.serverArtifactBytes),
        ]
        var values = Dictionary(
            quotas.map { ($0.flag, $1.map { "\($0)" } ?? "no limit") },
            uniquingKeysWith: { first, _ in first }
        )
        values[SettingDefinition.audit.flag] = audit.isOn ? "on" : "off"
        values[SettingDefinition.defaultPermission.flag] = security.accounts?.defaultLevel.wireName
        if layout.servesArtifacts {
            let place = layout.artifactBucket?.uri ?? layout.artifactsPath
            values[SettingDefinition.artifactsDestination.flag] = place
        }
        return values
    }
}
