/// The checked settings of a server.
struct ServerSettings {
    var layout: StorageLayout
    var listening: ListeningSettings
    /// Nil for plain HTTP.
    var certificate: ServedCertificate?
    var security: SecuritySettings
    var externalUsers: ExternalUserSettings
    var limits: LimitSettings
    var webPages: WebPageSettings
    var requestHandling: RequestHandlingSettings
    var audit: AuditSettings
    /// Nil if no snapshots are made.
    var snapshots: SnapshotSettings?
    /// Nil if nothing is sent to another server.
    var upstream: UpstreamSettings?
    var readyFile: ReadyFile?
    var automaticStop: AutomaticStopSettings
    var serviceManager: ServiceManager

    /// Whether the server uses the tables of users, tokens, the audit log, the artifact journal and the storage use.
    ///
    /// A PostgreSQL database of MLflow does not have these tables, so the server creates them only if a setting needs them.
    var keepsOwnTables: Bool {
        layout.postgres == nil || security.requiresCredentials || audit.isOn || limits.countsStorage
    }
}
