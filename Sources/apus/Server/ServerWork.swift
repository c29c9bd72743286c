internal import ArtifactStore
internal import Dispatch
internal import Logging
internal import MLflowAPI

/// What a server does beside requests.
struct ServerWork: Sendable {
    let all: [BackgroundWork]
    let audit: BackgroundWork
    let snapshots: BackgroundWork?
    let forwarding: ForwardingWork?
    private let expiry: BackgroundWork
    private let removals: BackgroundWork

    /// How long a stop waits for the works that are running, all together.
    private static let waitForWork = DispatchTimeInterval.milliseconds(300)

    init(
        _ api: MLflowAPI,
        sweep: BackgroundWork,
        audit: BackgroundWork,
        rest: [BackgroundWork],
        snapshots: BackgroundWork?,
        forwarding: ForwardingWork?,
        _ logger: Logger
    ) {
        self.audit = audit
        self.snapshots = snapshots
        self.forwarding = forwarding
        expiry = BackgroundWork("upload-expiry", every: .seconds(600), logger) { _ in
            try api.removeExpiredUploads()
        }
        removals = BackgroundWork("removals", every: .seconds(600), logger) { work in
            try Self.endRemovals(api, while: { !work.isEnded })
        }
        all =
            [sweep, expiry, removals, audit] + rest + (snapshots.map { [$0] } ?? []) + (forwarding?.works ?? [])
    }

    /// Begins what does not begin by itself; that of the audit begins with its first entry.
    func begin() {
        expiry.run()
        removals.run()
        snapshots?.run()
        forwarding?.begin()
    }

    /// Waits for a moment until what is running has ended.
    func end() { BackgroundWork.end(all, atMost: Self.waitForWork) }

    /// Continues removals that an interrupted `apus gc` has left undone.
    private static func endRemovals(_ api: MLflowAPI, while mayGoOn: () -> Bool) throws {
        var extras = RemovalExtras()
        extras.removesExpiredUploads = false
        while mayGoOn(), try api.hasRemovals() {
            // While a command removes, it needs no help.
            guard let progress = try api.continueRemovalUnlessRunning(for: .seconds(1), extras) else { return }
            guard progress.failures.isEmpty else { throw StartFailure(progress.failures.joined(separator: "; ")) }
        }
    }
}
