internal import Dispatch
internal import Logging
internal import MLflowAPI

/// The background works of a server.
struct ServerWork: Sendable {
    let all: [BackgroundWork]
    /// Nil if the server keeps no audit.
    let audit: BackgroundWork?
    let snapshots: BackgroundWork?
    /// Nil if the database is SQLite, so that no other server changes the storage use.
    private let quotas: BackgroundWork?
    let forwarding: ForwardingWork?
    private let expiry: BackgroundWork
    private let removals: BackgroundWork
    /// Writes the journal entries about changes of artifacts that could not be written at once.
    private let owedEntries: BackgroundWork
    private let api: MLflowAPI

    /// The longest time that a stop waits for the running works in total.
    private static let waitForWork = DispatchTimeInterval.milliseconds(300)
    /// The time between two attempts to write such entries.
    private static let owedEntriesInterval = DispatchTimeInterval.seconds(5)

    init(
        _ api: MLflowAPI,
        sweep: BackgroundWork,
        audit: BackgroundWork?,
        rest: [BackgroundWork],
        quotas: BackgroundWork?,
        snapshots: BackgroundWork?,
        forwarding: ForwardingWork?,
        _ logger: Logger
    ) {
        self.audit = audit
        self.quotas = quotas
        self.snapshots = snapshots
        self.forwarding = forwarding
        expiry = BackgroundWork("upload-expiry", every: .seconds(600), logger) { _ in
            try api.removeExpiredUploads()
        }
        removals = BackgroundWork("removals", every: .seconds(600), logger) { work in
            try Self.finishRemovals(api, while: { !work.isEnded })
        }
        let owed = BackgroundWork("owed-entries", logger) { work in
            defer { if api.owesEntries { work.run(after: Self.owedEntriesInterval) } }
            try api.writeOwedEntries()
        }
        api.listenForOwedEntries { owed.run(after: Self.owedEntriesInterval) }
        owedEntries = owed
        self.api = api
        let own = [sweep, expiry, removals, owed, audit, quotas, snapshots].compactMap { $0 }
        all = own + rest + (forwarding?.works ?? [])
    }

    /// Starts the works that do not start by themselves; the work of the audit starts with its first entry.
    func begin() {
        expiry.run()
        removals.run()
        quotas?.run()
        snapshots?.run()
        forwarding?.begin()
    }

    /// Prevents further runs, and waits for a short time until the running works have ended.
    func end() {
        if api.owesEntries {
            owedEntries.run()
            owedEntries.wait(atMost: Self.waitForWork)
        }
        BackgroundWork.end(all, atMost: Self.waitForWork)
    }

    /// Finishes removals that an interrupted `apus gc` has not finished.
    private static func finishRemovals(_ api: MLflowAPI, while mayContinue: () -> Bool) throws {
        var extras = RemovalExtras()
        extras.removesExpiredUploads = false
        while mayContinue(), try api.hasRemovals() {
            // If a command is removing now, it finishes the removals.
            guard let progress = try api.continueRemovalUnlessRunning(for: .seconds(1), extras) else { return }
            guard progress.failures.isEmpty else { throw StartFailure(progress.failures.joined(separator: "; ")) }
        }
    }
}
