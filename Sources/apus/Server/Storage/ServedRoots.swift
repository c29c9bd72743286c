internal import ArtifactStore
internal import BucketStore
internal import Budgets
internal import Dispatch
internal import Files
internal import Glibc
internal import Logging
internal import S3
internal import TrackingStore

/// The folders and buckets of artifacts that a server opens.
struct ServedRoots: Sendable {
    /// The root of artifacts that clients send and fetch through the server.
    let destination: any ArtifactStorage
    /// All roots: the destination and, if it is different, the folder or bucket of `--default-artifact-root`.
    let all: [any ArtifactStorage]
    /// The roots that are folders of this machine.
    private let local: [ArtifactRoot]

    /// Whether the folder of artifacts did not exist before this start.
    let isFolderNew: Bool

    /// A shared lock on the folder of artifacts, so that no restoration replaces the folder.
    private let lock: Descriptor?

    /// How long a start waits for the removal of leftovers after a crash.
    ///
    /// If there are hundreds of thousands of folders, the removal continues while the first requests are served.
    private static let longestSweep = DispatchTimeInterval.seconds(10)

    /// - Parameters:
    ///   - budgets: the budgets with the limit of memory for uploads to object stores.
    ///   - amount: the free space that is kept on the disks; nil if uploads may fill them.
    ///   - logger: logs when there is little free space, and when there is enough again.
    /// - Throws: `StartFailure` while a restoration is replacing the folder of artifacts.
    init(
        _ layout: StorageLayout,
        _ store: TrackingStore?,
        _ budgets: Budgets,
        keeping amount: FreeSpace.Amount? = nil,
        _ logger: Logger? = nil
    ) throws(StartFailure) {
        var paths = layout.artifactBucket == nil ? [layout.artifactsPath] : []
        if let path = layout.localArtifactRootPath, !paths.contains(path) { paths.append(path) }
        local = paths.map { path in
            ArtifactRoot(
                location: path,
                sharedContents: layout.deduplicatesArtifacts ? store.map { Self.contents(in: $0) } : nil,
                freeSpace: amount.map { Self.freeSpace(at: path, keeping: $0, logger) }
            )
        }
        var buckets: [S3Location] = []
        for location in [layout.artifactBucket, layout.artifactRootBucket] {
            if let location, !buckets.contains(location) { buckets.append(location) }
        }
        let memory = UploadMemory(budgets.uploadBytes)
        let remote = try buckets.map { location throws(StartFailure) in try Self.bucket(location, memory) }
        let folders: [any ArtifactStorage] = local
        all = layout.artifactBucket == nil ? folders + remote : remote + folders
        destination = all[0]
        guard layout.artifactBucket == nil else {
            (isFolderNew, lock) = (false, nil)
            return
        }
        // The folder is created now, because it can be locked only if it exists.
        isFolderNew = mkdir(layout.artifactsPath, 0o700) == 0 || errno == ENOENT
        lock = try Self.lock(layout.artifactsPath, LOCK_SH)
    }

    /// Locks a folder of artifacts as long as the result lives.
    ///
    /// - Parameter kind: `LOCK_SH` for a server, because several servers may share a folder; `LOCK_EX` to replace it.
    /// - Returns: nil if there is no such folder, or its file system has no locks.
    static func lock(_ path: String, _ kind: Int32) throws(StartFailure) -> Descriptor? {
        let raw = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard raw >= 0 else { return nil }
        let descriptor = Descriptor(owning: raw)
        guard flock(raw, kind | LOCK_NB) != 0 else { return descriptor }
        guard errno == EWOULDBLOCK else { return nil }
        throw StartFailure(
            kind == LOCK_EX
                ? "A server or another command is using the artifacts at '\(path)'. Stop it, or restore into another folder."
                : "apus restore is replacing the artifacts at '\(path)'. Try again in a moment."
        )
    }

    /// Returns an object store with the settings of the environment.
    ///
    /// No request is sent, so a server starts even if the storage is unreachable.
    static func bucket(_ location: S3Location, _ memory: UploadMemory) throws(StartFailure) -> any ArtifactStorage {
        let variable: @Sendable (String) -> String? = { Environment.process[$0] }
        do throws(S3Failure) {
            let client = try S3Client(
                bucket: location.bucket,
                S3Settings(bucket: location.bucket, variable),
                CredentialSource(variable),
                agent: "apus/\(apusVersion)",
                variable
            )
            return ArtifactBucket(location, client, memory: memory)
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

    /// Looks up equal files in the journal of artifacts, so that uploads can share their disk space.
    ///
    /// If the look-up fails, the upload does not fail, but uses its own space.
    private static func contents(in store: TrackingStore) -> SharedContents {
        SharedContents { sha256 in
            (try? store.readNow(.cheap) { try $0.artifactPaths(sha256: sha256) }) ?? []
        }
    }

    /// The number of uploads that share space, and the bytes saved, since the start; nil if sharing is off.
    var sharing: SharedContents.Statistics? {
        let statistics = local.compactMap(\.sharedContents?.statistics)
        guard var sum = statistics.first else { return nil }
        for other in statistics.dropFirst() {
            (sum.files, sum.bytes) = (sum.files + other.files, sum.bytes + other.bytes)
        }
        return sum
    }

    /// Starts to remove the unfinished uploads of processes that have ended.
    ///
    /// - Parameter waiting: whether to wait for the removal, for ten seconds at most, so that clients see no leftovers. This is
    ///   needed only after a crash.
    func sweep(waiting: Bool, _ logger: Logger) -> BackgroundTask {
        let sweep = BackgroundTask("leftover-sweep", qos: waiting ? .userInitiated : .utility, logger) { _ in
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
