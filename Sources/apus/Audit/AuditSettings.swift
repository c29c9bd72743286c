/// Whether changes are recorded in the audit log, and how long its entries are kept.
struct AuditSettings: Sendable {
    /// Set by --audit or APUS_AUDIT.
    let isOn: Bool
    /// Set by --audit-retention or APUS_AUDIT_RETENTION.
    let retention: Age

    /// - Parameter isOnByDefault: whether changes are recorded if neither the flag nor the variable is set.
    init(_ options: DataHandlingOptions, _ environment: Environment, default isOnByDefault: Bool) throws(StartFailure) {
        isOn = try environment.isOn(.audit, options.audit) ?? isOnByDefault
        let setting = environment.setting(.auditRetention, options.auditRetention)
        let text = setting?.text ?? SettingDefinition.auditRetention.defaultText ?? ""
        guard let age = Age(argument: text), age.milliseconds >= 1_000 else {
            throw StartFailure("\(setting?.quoted ?? text): use an age of at least 1s, such as 365d or 12h.")
        }
        retention = age
    }

    /// The retention for the audit entry about the start of the server.
    var retentionText: String { "\(retention.milliseconds / 1_000)s" }
}
