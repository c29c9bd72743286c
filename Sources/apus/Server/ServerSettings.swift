/// The checked settings of a server.
struct ServerSettings {
    var layout: StorageLayout
    var listening: ListeningSettings
    /// nil for plain HTTP.
    var certificate: ServedCertificate?
    var security: SecuritySettings
    var externalUsers: ExternalUserSettings
    var limits: LimitSettings
    var webPages: WebPageSettings
    var requestHandling: RequestHandlingSettings
    var audit: AuditSettings
    /// nil if no snapshots are made.
    var snapshots: SnapshotSettings?
    /// nil if nothing is sent to another server.
    var upstream: UpstreamSettings?
    var readyFile: ReadyFile?
    var automaticStop: AutomaticStopSettings
    var serviceManager: ServiceManager

    /// Whether the server looks at the users, the tokens or the audit of its database.
    ///
    /// Over PostgreSQL they are in tables that MLflow's database does not have.
    var keepsAccess: Bool { layout.postgres == nil || security.asksForCredentials || audit.isOn }
}
