internal import Dispatch
internal import Logging
internal import MLflowAPI

/// The background tasks of a server.
struct ServerTasks: Sendable {
    let all: [BackgroundTask]
    /// Nil if the server keeps no audit.
    let audit: BackgroundTask?
    let snapshots: BackgroundTask?
    /// Reads the storage use that other servers change; nil over SQLite, which one server uses alone, and without quotas.
    private let quotas: BackgroundTask?
    let forwarding: ForwardingTasks?
    private let uploadExpiry: BackgroundTask
    private let removals: BackgroundTask
    /// Writes the journal entries about changes of artifacts that could not be written at once.
    private let owedEntries: BackgroundTask
    private let api: MLflowAPI

    /// The longest time that a stop waits for the owed entries, and then for all running tasks together.
    private static let stopTimeout = DispatchTimeInterval.milliseconds(300)
    /// The time between two attempts to write the owed entries.
    private static let owedEntriesInterval = DispatchTimeInterval.seconds(5)

    init(
        _ api: MLflowAPI,
        sweep: BackgroundTask,
        audit: BackgroundTask?,
        idle: [BackgroundTask],
        quotas: BackgroundTask?,
        snapshots: BackgroundTask?,
        forwarding: ForwardingTasks?,
        _ logger: Logger
    ) {
        self.audit = audit
        self.quotas = quotas
        self.snapshots = snapshots
        self.forwarding = forwarding
        uploadExpiry = BackgroundTask("upload-expiry", every: .seconds(600), logger) { _ in
            try api.removeExpiredUploads()
        }
        removals = BackgroundTask("removals", every: .seconds(600), logger) { task in
            try Self.finishRemovals(api, while: { !task.isEnded })
        }
        let owed = BackgroundTask("owed-entries", logger) { task in
            defer { if api.hasOwedEntries { task.run(after: Self.owedEntriesInterval) } }
            try api.writeOwedEntries()
        }
        api.listenForOwedEntries { owed.run(after: Self.owedEntriesInterval) }
        owedEntries = owed
        self.api = api
        let own = [sweep, uploadExpiry, removals, owed, audit, quotas, snapshots].compactMap { $0 }
        all = own + idle + (forwarding?.tasks ?? [])
    }

    /// Starts the tasks that do not start by themselves; the task of the audit log starts with its first entry.
    func begin() {
        uploadExpiry.run()
        removals.run()
        quotas?.run()
        snapshots?.run()
        forwarding?.begin()
    }

    /// Prevents further runs, and waits for a short time until the running tasks have ended.
    func end() {
        if api.hasOwedEntries {
            owedEntries.run()
            owedEntries.wait(atMost: Self.stopTimeout)
        }
        BackgroundTask.end(all, atMost: Self.stopTimeout)
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
