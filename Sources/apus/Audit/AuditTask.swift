internal import Budgets
internal import Dispatch
internal import Glibc
internal import Logging
internal import MLflowAPI
internal import Tracking

/// The background task of the audit log.
enum AuditTask {
    /// The number of entries that one write removes, which takes about a millisecond.
    private static let entriesPerWrite = 500

    /// The task that reports failed log-ins and removes entries that are older than the retention.
    static func make(
        _ store: any TrackingBackend,
        _ logIns: LogInAudit?,
        _ settings: AuditSettings,
        _ logger: Logger
    ) -> BackgroundTask {
        BackgroundTask("audit", every: .seconds(300), logger) { task in
            try logIns?.report()
            let time = unixMilliseconds() - settings.retention.milliseconds
            while !task.isEnded, try store.readNow(.cheap, { try $0.hasAuditEntries(before: time) }) {
                _ = try store.writeNow { try $0.trimAudit(before: time, limit: Self.entriesPerWrite) }
            }
        }
    }

    /// Records the start of the server and its settings in the audit log, and starts the task when the entry is stored.
    ///
    /// When this function returns, the entry is in the queue of the store, so it is stored before the entries of all clients.
    ///
    /// The first write starts a thread of the store, which inherits the priority of the caller. Therefore this write has the
    /// priority of the event loops; with a lower priority, all later writes would wait on a busy machine.
    static func begin(
        _ task: BackgroundTask,
        in store: any TrackingBackend,
        _ settings: AuditSettings,
        _ security: SecuritySettings
    ) {
        guard settings.isOn else { return task.run() }
        var entry = AuditEntry(actor: .server, action: "server/start")
        entry.describe([
            ("version", apusVersion), ("process", "\(getpid())"),
            ("require_token", security.requiresToken ? "true" : "false"),
            ("basic_auth", security.accounts == nil ? "false" : "true"),
            ("audit_retention", settings.retentionText),
        ])
        let queueing = DispatchGroup()
        DispatchQueue.global(qos: .userInitiated).async(group: queueing) { [entry] in
            store.write({ try $0.audit(entry) }) { _ in task.run() }
        }
        queueing.wait()
    }
}
