internal import Budgets
internal import Dispatch
internal import Glibc
internal import Logging
internal import MLflowAPI
internal import Tracking

/// The background work of the audit log.
enum AuditWork {
    /// The number of entries that one write removes; so many take about a millisecond.
    private static let entriesAtOnce = 500

    /// The work that reports failed log-ins and removes entries that are older than the retention.
    static func make(
        _ store: any TrackingBackend,
        _ logIns: LogInAudit?,
        _ settings: AuditSettings,
        _ logger: Logger
    ) -> BackgroundWork {
        BackgroundWork("audit", every: .seconds(300), logger) { work in
            try logIns?.report()
            let time = unixMilliseconds() - settings.retention.milliseconds
            while !work.isEnded, try store.readNow(.cheap, { try $0.hasAuditEntries(before: time) }) {
                _ = try store.writeNow { try $0.trimAudit(before: time, limit: Self.entriesAtOnce) }
            }
        }
    }

    /// Records the start of the server and its settings in the audit log, and starts the work when the entry is stored.
    ///
    /// When this function returns, the entry is in the queue of the store, so it is older than the entries of all clients.
    ///
    /// A thread of the store inherits the priority of the thread whose write starts it. The first write must therefore have the
    /// priority of the event loops; with a lower one, all later writes would wait on a busy machine.
    static func begin(
        _ work: BackgroundWork,
        in store: any TrackingBackend,
        _ settings: AuditSettings,
        _ security: SecuritySettings
    ) {
        guard settings.isOn else { return work.run() }
        var entry = AuditEntry(actor: .server, action: "server/start")
        entry.describe([
            ("version", apusVersion), ("process", "\(getpid())"),
            ("require_token", security.requiresToken ? "true" : "false"),
            ("basic_auth", security.accounts == nil ? "false" : "true"),
            ("audit_retention", settings.retentionText),
        ])
        let handedOver = DispatchGroup()
        DispatchQueue.global(qos: .userInitiated).async(group: handedOver) { [entry] in
            store.write({ try $0.audit(entry) }) { _ in work.run() }
        }
        handedOver.wait()
    }
}
