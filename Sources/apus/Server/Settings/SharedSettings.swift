internal import Identities
internal import S3
internal import Tracking

extension ServerSettings {
    /// The settings, by their flags, that should be the same in all servers of a PostgreSQL database.
    ///
    /// If they differ, one server may accept a request that another one refuses, or may not find another one's artifacts.
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
            let location = layout.artifactBucket?.uri ?? layout.artifactsPath
            values[SettingDefinition.artifactsDestination.flag] = location
        }
        return values
    }
}
