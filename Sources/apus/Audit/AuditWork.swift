internal import Budgets
internal import Dispatch
internal import Glibc
internal import Logging
internal import MLflowAPI
internal import Tracking

/// What a server does for the audit beside requests.
enum AuditWork {
    /// Entries that one write removes, in about a millisecond.
    private static let entriesAtOnce = 500

    /// The work that reports failed log-ins and removes what is older than the retention.
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

    /// Tells the audit that the server has started, and how, and begins the work when that is written.
    ///
    /// The entry has its place in the order of writes when this returns: it is older than the entry of any client that learns the
    /// server's address later.
    ///
    /// A thread of the store has the priority of the one whose work starts it. The first write must therefore come with that of
    /// the event loops, and not with a lower one, at which a busy machine would let all later writes wait.
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
