/// The settings that only a server has whose data is in SQLite.
enum OnlyOverSQLite {
    /// Throws if such a setting is given to a server whose data is in PostgreSQL.
    static func refuse(
        _ command: ServerCommand,
        outside: OutsideUserSettings,
        _ environment: Environment
    ) throws(StartFailure) {
        let options: [(SettingDefinition, String?)] = [
            (.snapshotTo, command.snapshots.snapshotTo), (.upstream, command.forwarding.upstream),
            (.appName, command.security.appName), (.auditRetention, command.keeping.auditRetention),
            (.clientArtifacts, command.limits.clientArtifacts), (.serverArtifacts, command.limits.serverArtifacts),
            (.clientRuns, command.limits.clientRuns), (.serverRuns, command.limits.serverRuns),
        ]
        var source = options.lazy.compactMap { environment.setting($0.0, $0.1)?.source }.first ?? outside.source
        let switches: [(SettingDefinition, Bool?)] = [
            (.requireToken, command.security.requireToken),
            (.deduplicateArtifacts, command.keeping.deduplicateArtifacts), (.audit, command.keeping.audit),
        ]
        for (definition, given) in switches where source == nil {
            guard try environment.isOn(definition, given) == true else { continue }
            source = given == nil ? environment.setting(definition)?.source : definition.flag
        }
        if source == nil, command.starting.reuse { source = SettingDefinition.reuse.flag }
        guard let source else { return }
        throw StartFailure(
            "\(source) needs a server whose data is in SQLite, and --backend-store-uri names a PostgreSQL database. "
                + "Leave one of them out; docs/postgresql.md lists what is not offered over PostgreSQL."
        )
    }
}
