internal import ArtifactStore
internal import Budgets
internal import Dispatch
internal import Logging
internal import TrackingStore

/// The folders of artifacts that a server opens.
struct ServedRoots: Sendable {
    /// The root of artifacts that clients send and fetch through the server.
    let destination: ArtifactRoot
    /// All roots: the destination and, where it is another folder, the local folder of `--default-artifact-root`.
    let all: [ArtifactRoot]

    /// How long a start waits for the removal of leftovers after a crash.
    ///
    /// In a tree of some hundred thousand folders the removal continues while the first requests are served.
    private static let longestSweep = DispatchTimeInterval.seconds(10)

    init(_ layout: StorageLayout, _ store: TrackingStore) {
        var paths = [layout.artifactsPath]
        if let path = layout.localArtifactRootPath, path != layout.artifactsPath { paths.append(path) }
        all = paths.map { path in
            ArtifactRoot(location: path, sharedContents: layout.deduplicatesArtifacts ? Self.contents(in: store) : nil)
        }
        destination = all[0]
    }

    /// Looks up equal files in the journal.
    ///
    /// When the look-up fails, the upload takes its own space instead of failing.
    private static func contents(in store: TrackingStore) -> SharedContents {
        SharedContents { sha256 in
            (try? store.readNow(.cheap) { try $0.artifactPaths(sha256: sha256) }) ?? []
        }
    }

    /// The savings of sharing equal contents since the start; nil when sharing is off.
    var sharing: SharedContents.Statistics? {
        let each = all.compactMap(\.sharedContents?.statistics)
        guard var sum = each.first else { return nil }
        for one in each.dropFirst() {
            sum.files += one.files
            sum.bytes += one.bytes
        }
        return sum
    }

    /// Begins to remove the unfinished uploads of processes that have ended.
    ///
    /// - Parameter waiting: whether to return only when the removal is done. After a crash this hides leftovers from
    ///   clients that see the server ready. A server that ended in order usually leaves none, so that a start need not
    ///   wait.
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
