internal import ArtifactStore
internal import BucketStore
internal import Budgets
internal import Dispatch
internal import Files
internal import Glibc
internal import Logging
internal import S3
internal import TrackingStore

/// The folders of artifacts that a server opens.
struct ServedRoots: Sendable {
    /// The root of artifacts that clients send and fetch through the server.
    let destination: any ArtifactStorage
    /// All roots: the destination and, where it is another place, that of `--default-artifact-root`.
    let all: [any ArtifactStorage]
    /// Those that are folders of this machine.
    private let local: [ArtifactRoot]

    /// Keeps a restoration from moving the folder of artifacts aside.
    private let lock: Descriptor?

    /// How long a start waits for the removal of leftovers after a crash.
    ///
    /// In a tree of some hundred thousand folders the removal continues while the first requests are served.
    private static let longestSweep = DispatchTimeInterval.seconds(10)

    /// - Parameters:
    ///   - amount: how much of the disks stays free; nil if nothing does.
    ///   - logger: is told when the free space becomes little, and when there is enough again.
    /// - Throws: `StartFailure` while a restoration works on the folder of artifacts.
    init(
        _ layout: StorageLayout,
        _ store: TrackingStore,
        keeping amount: FreeSpace.Amount? = nil,
        _ logger: Logger? = nil
    ) throws(StartFailure) {
        var paths = layout.artifactBucket == nil ? [layout.artifactsPath] : []
        if let path = layout.localArtifactRootPath, !paths.contains(path) { paths.append(path) }
        local = paths.map { path in
            ArtifactRoot(
                location: path,
                sharedContents: layout.deduplicatesArtifacts ? Self.contents(in: store) : nil,
                freeSpace: amount.map { Self.freeSpace(at: path, keeping: $0, logger) }
            )
        }
        var buckets: [S3Location] = []
        for place in [layout.artifactBucket, layout.artifactRootBucket] {
            if let place, !buckets.contains(place) { buckets.append(place) }
        }
        let remote = try buckets.map { place throws(StartFailure) in try Self.bucket(place) }
        let folders: [any ArtifactStorage] = local
        all = layout.artifactBucket == nil ? folders + remote : remote + folders
        destination = all[0]
        guard layout.artifactBucket == nil else {
            lock = nil
            return
        }
        // The first artifact would make it, and until then there would be nothing to lock.
        mkdir(layout.artifactsPath, 0o700)
        lock = try Self.lock(layout.artifactsPath, LOCK_SH)
    }

    /// Locks a folder of artifacts as long as the result lives.
    ///
    /// - Parameter kind: `LOCK_SH` for a server, of which several may have one folder; `LOCK_EX` to replace the folder.
    /// - Returns: nil where there is no such folder, or its file system has no locks.
    static func lock(_ path: String, _ kind: Int32) throws(StartFailure) -> Descriptor? {
        let raw = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard raw >= 0 else { return nil }
        let descriptor = Descriptor(owning: raw)
        guard flock(raw, kind | LOCK_NB) != 0 else { return descriptor }
        guard errno == EWOULDBLOCK else { return nil }
        throw StartFailure(
            kind == LOCK_EX
                ? "A server or another command works on the artifacts at '\(path)'. Stop it, or restore into another folder."
                : "The artifacts at '\(path)' are being replaced by apus restore just now. Try again in a moment."
        )
    }

    /// An object storage, by what the environment says of it.
    ///
    /// Nothing is asked for before the first request: a storage that is away for a while keeps no server from starting.
    private static func bucket(_ place: S3Location) throws(StartFailure) -> any ArtifactStorage {
        let variable: @Sendable (String) -> String? = { Environment.process[$0] }
        do throws(S3Failure) {
            let client = try S3Client(
                bucket: place.bucket,
                S3Settings(bucket: place.bucket, variable),
                CredentialSource(variable),
                agent: "apus/\(apusVersion)",
                variable
            )
            return ArtifactBucket(place, client)
        } catch {
            throw StartFailure(error.message)
        }
    }

    private static func freeSpace(at path: String, keeping amount: FreeSpace.Amount, _ logger: Logger?) -> FreeSpace {
        FreeSpace(keeping: amount, measure: { FreeSpace.disk(of: path) }) { reading in
            let figures: Logger.Metadata = [
                "artifacts": "\(path)", "free_bytes": "\(reading.freeBytes)", "kept_bytes": "\(reading.keptBytes)",
            ]
            switch reading.level {
            case .ample: logger?.notice("the disk of the artifacts has enough free space again", metadata: figures)
            case .low: logger?.warning("the disk of the artifacts will soon be full (--keep-free)", metadata: figures)
            case .spent:
                logger?.error(
                    "the disk of the artifacts is nearly full: uploads are refused (--keep-free)",
                    metadata: figures
                )
            }
        }
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
        let each = local.compactMap(\.sharedContents?.statistics)
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
        let sweep = BackgroundWork("leftover-sweep", qos: waiting ? .userInitiated : .utility, logger) { _ in
            var failures: [String] = []
            for root in local {
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
