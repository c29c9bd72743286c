internal import ArtifactStore
internal import Budgets
internal import Dispatch
internal import Logging
internal import TrackingStore

/// The folders of artifacts that a server opens.
struct ServedRoots: Sendable {
    /// Artifacts that go through the server.
    let destination: ArtifactRoot
    /// The destination and, where it is another one, the local folder of `--default-artifact-root`.
    let all: [ArtifactRoot]

    /// How long a start waits for the leftovers of a crash to go; in a tree of some hundred thousand folders the sweep
    /// goes on behind the first requests.
    private static let longestSweep = DispatchTimeInterval.seconds(10)

    init(_ layout: StorageLayout, _ store: TrackingStore) {
        var paths = [layout.artifactsPath]
        if let path = layout.localArtifactRootPath, path != layout.artifactsPath { paths.append(path) }
        all = paths.map { path in
            ArtifactRoot(location: path, sharedContents: layout.deduplicatesArtifacts ? Self.contents(in: store) : nil)
        }
        destination = all[0]
    }

    /// Asks the journal for equal files; one that cannot be asked costs space, not an upload.
    private static func contents(in store: TrackingStore) -> SharedContents {
        SharedContents { sha256 in
            (try? store.readNow(.cheap) { try $0.artifactPaths(sha256: sha256) }) ?? []
        }
    }

    /// What sharing equal contents has saved since the start; nil when it is off.
    var sharing: SharedContents.Statistics? {
        let each = all.compactMap(\.sharedContents?.statistics)
        guard var sum = each.first else { return nil }
        for one in each.dropFirst() {
            sum.files += one.files
            sum.bytes += one.bytes
        }
        return sum
    }

    /// Begins to remove what unfinished uploads of processes that have ended left behind.
    ///
    /// - Parameter waiting: whether to come back only when that is done: after a crash, so that whoever sees the server
    ///   ready sees no leftover. A server that ended in order left none, as a rule, and a start should not pay for it.
    func sweep(waiting: Bool, _ logger: Logger) -> BackgroundWork {
        let sweep = BackgroundWork("leftover-sweep", qos: waiting ? .userInitiated : .utility, logger) {
            var failures: [String] = []
            for root in all {
                do {
                    try root.removeStaleUploads()
                } catch {
                    failures.append("\(root.location): \(error)")
                }
            }
            guard failures.isEmpty else { throw StartFailure(failures.joined(separator: "; ")) }
        }
        sweep.run()
        if waiting { sweep.wait(atMost: Self.longestSweep) }
        return sweep
    }
}
