internal import Dispatch
internal import Logging
internal import MLflowAPI
internal import SQLite
internal import Synchronization

/// Makes snapshots of a running server's data at an interval if data has changed, and a last one when the server stops.
final class SnapshotScheduler: Sendable {
    private struct State {
        /// SQLite's `data_version` before the newest snapshot was made; nil before the first snapshot and after a failure.
        var version: Int64?
        /// The time of the newest snapshot in Unix milliseconds.
        var newest: Int64?
        /// The time of the newest snapshot on the monotonic clock.
        var newestInstant: ContinuousClock.Instant?
        var made = 0
        var failure: String?
    }

    private let settings: SnapshotSettings
    private let layout: StorageLayout
    private let lineage: SnapshotLineage
    /// A connection whose `data_version` changes when another connection commits.
    ///
    /// Reading `data_version` keeps no transaction open.
    private let observer: Mutex<Connection>
    private let state = Mutex(State())

    /// - Parameter layout: the layout of a store that is already open.
    init(_ settings: SnapshotSettings, _ layout: StorageLayout) throws {
        let connection = try Connection(path: layout.databasePath, mode: .readOnly)
        observer = Mutex(connection)
        self.settings = settings
        self.layout = layout
        lineage = SnapshotLineage(databasePath: layout.databasePath)
    }

    /// The task that makes the snapshots.
    func task(_ logger: Logger) -> BackgroundTask {
        BackgroundTask("snapshot", every: settings.every, logger) { [self] _ in try run() }
    }

    /// The number of snapshots that this process has made.
    var snapshotCount: Int { state.withLock(\.made) }

    /// How long ago the newest snapshot was made.
    var age: Duration? { state.withLock { $0.newestInstant.map { .now - $0 } } }

    /// The current `data_version`; nil if the database cannot be read.
    private var version: Int64? { observer.withLock { try? $0.firstInt64(of: "PRAGMA data_version") } }

    /// The state of the snapshots for `/health`, `/metrics` and the pages, with file names instead of whole paths.
    var status: SnapshotStatus {
        var status = fullStatus
        for path in [settings.backupFolder.path, layout.artifactsPath, layout.databasePath] {
            let name = path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
            status.failure = status.failure?.replacing(path, with: name)
            if status.folder == path { status.folder = name }
        }
        return status
    }

    private var fullStatus: SnapshotStatus {
        let version = version
        return state.withLock { state in
            SnapshotStatus(
                folder: settings.backupFolder.path,
                newest: state.newest,
                isCurrent: version != nil && state.version == version,
                failure: state.failure
            )
        }
    }

    /// Makes a snapshot unless nothing was committed since the previous one.
    ///
    /// The method is called on the queue of the task.
    private func run() throws {
        let (version, lastVersion) = (version, state.withLock(\.version))
        guard version == nil || version != lastVersion else { return }
        let snapshot = Snapshot(
            databasePath: layout.databasePath,
            artifactsPath: layout.artifactsPath,
            backupFolder: settings.backupFolder,
            lineage: lineage,
            keep: settings.keep,
            trustsNewest: lastVersion != nil
        )
        do {
            let result = try snapshot.run()
            state.withLock { state in
                state.version = version
                if state.newest != result.created {
                    let age = result.isNew ? 0 : max(0, unixMilliseconds() - result.created)
                    state.newestInstant = .now - .milliseconds(age)
                }
                state.newest = result.created
                state.made += result.isNew ? 1 : 0
                state.failure = nil
            }
        } catch {
            // The next run checks all files again, because another disk may then be mounted at the folder.
            state.withLock { state in
                state.version = nil
                state.failure = StartFailure.message(for: error)
            }
            throw error
        }
    }

    /// Makes the last snapshot when the server stops, and logs a warning if it is not complete by `end`.
    func finish(_ task: BackgroundTask, by end: ContinuousClock.Instant, _ logger: Logger) {
        task.run()
        task.wait(atMost: .milliseconds(max(0, Int((end - .now) / .milliseconds(1)))))
        let status = fullStatus
        // The store can empty its write-ahead log only when no other connection is open.
        observer.withLock { $0.close() }
        guard !status.isCurrent else { return }
        let newest =
            status.newest.map { BackupFolder.name(at: $0) } ?? settings.backupFolder.generations.last
            ?? "none that can be seen"
        logger.warning(
            "the newest changes are in no snapshot; they are in the data folder",
            metadata: [
                "newest": "\(newest)", "place": "\(settings.backupFolder.path)",
                "reason": "\(status.failure ?? "the time for stopping was over")",
            ]
        )
    }
}
