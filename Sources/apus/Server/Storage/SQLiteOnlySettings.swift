/// The settings that need a server whose data is in SQLite.
enum SQLiteOnlySettings {
    /// Throws if such a setting is given to a server whose data is in PostgreSQL.
    static func refuse(_ command: ServerCommand, _ environment: Environment) throws(StartFailure) {
        let options: [(SettingDefinition, String?)] = [
            (.snapshotTo, command.snapshots.snapshotTo), (.upstream, command.forwarding.upstream),
        ]
        var source = options.lazy.compactMap { environment.setting($0.0, $0.1)?.source }.first
        let deduplicates = command.keeping.deduplicateArtifacts
        if source == nil, try environment.isOn(.deduplicateArtifacts, deduplicates) == true {
            let definition = SettingDefinition.deduplicateArtifacts
            source = deduplicates == nil ? environment.setting(definition)?.source : definition.flag
        }
        if source == nil, command.starting.reuse { source = SettingDefinition.reuse.flag }
        guard let source else { return }
        throw StartFailure(
            "\(source) needs a server whose data is in SQLite, and --backend-store-uri names a PostgreSQL database. "
                + "Leave one of them out; docs/postgresql.md lists what is not offered over PostgreSQL."
        )
    }
}
