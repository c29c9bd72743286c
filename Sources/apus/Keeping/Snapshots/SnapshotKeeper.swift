internal import Dispatch
internal import Logging
internal import MLflowAPI
internal import SQLite
internal import Synchronization

/// Makes snapshots of a running server's data at an interval, when something has changed, and once more at its end.
final class SnapshotKeeper: Sendable {
    private struct State {
        /// The version of the database before the newest snapshot was made; nil before the first look.
        var version: Int64?
        var newest: Int64?
        /// When the newest was made, on a clock that nobody sets.
        var newestInstant: ContinuousClock.Instant?
        var made = 0
        var failure: String?
    }

    private let settings: SnapshotSettings
    private let layout: StorageLayout
    private let lineage: SnapshotLineage
    /// Tells by SQLite's `data_version` whether others have committed, without a transaction.
    private let observer: Mutex<Connection>
    private let state = Mutex(State())

    /// - Parameter layout: of a store that is open.
    init(_ settings: SnapshotSettings, _ layout: StorageLayout) throws {
        let connection = try Connection(path: layout.databasePath, mode: .readOnly)
        observer = Mutex(connection)
        self.settings = settings
        self.layout = layout
        lineage = SnapshotLineage(databasePath: layout.databasePath)
    }

    /// The work that makes the snapshots.
    func work(_ logger: Logger) -> BackgroundWork {
        BackgroundWork("snapshot", every: settings.every, logger) { [self] _ in try run() }
    }

    /// The number of snapshots that this process has made.
    var made: Int { state.withLock(\.made) }

    /// How long ago the newest snapshot was made.
    var age: Duration? { state.withLock { $0.newestInstant.map { .now - $0 } } }

    /// nil when the database cannot be read.
    private var version: Int64? {
        observer.withLock { try? $0.firstInt64(of: "PRAGMA data_version") }
    }

    /// How it stands, for `/health`, `/metrics` and the pages: they tell no path of this machine to strangers.
    var status: SnapshotStatus {
        var status = fullStatus
        for path in [settings.place.path, layout.artifactsPath, layout.databasePath] {
            let name = path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
            status.failure = status.failure?.replacing(path, with: name)
            if status.place == path { status.place = name }
        }
        return status
    }

    private var fullStatus: SnapshotStatus {
        let version = version
        return state.withLock { state in
            SnapshotStatus(
                place: settings.place.path,
                newest: state.newest,
                isCurrent: version != nil && state.version == version,
                failure: state.failure
            )
        }
    }

    /// Makes a snapshot unless nothing was committed since the one before; called on the queue of the work.
    private func run() throws {
        let (before, known) = (version, state.withLock(\.version))
        guard before == nil || known != before else { return }
        let snapshot = Snapshot(
            databasePath: layout.databasePath,
            artifactsPath: layout.artifactsPath,
            place: settings.place,
            lineage: lineage,
            keep: settings.keep,
            trustsNewest: known != nil
        )
        do {
            let result = try snapshot.run()
            state.withLock { state in
                state.version = before
                if state.newest != result.created {
                    let age = result.isNew ? 0 : max(0, unixMilliseconds() - result.created)
                    state.newestInstant = .now - .milliseconds(age)
                }
                state.newest = result.created
                state.made += result.isNew ? 1 : 0
                state.failure = nil
            }
        } catch {
            // The place may be another one when it is back, so that the next run looks at all of it.
            state.withLock { state in
                state.version = nil
                state.failure = StartFailure.message(for: error)
            }
            throw error
        }
    }

    /// Makes the last snapshot at the end of the server, and says if it is not done in time.
    func finish(_ work: BackgroundWork, by end: ContinuousClock.Instant, _ logger: Logger) {
        work.run()
        work.wait(atMost: .milliseconds(max(0, Int((end - .now) / .milliseconds(1)))))
        let status = fullStatus
        // The store empties its log when no other connection is open.
        observer.withLock { $0.close() }
        guard !status.isCurrent else { return }
        let newest =
            status.newest.map { BackupPlace.name(at: $0) } ?? settings.place.generations.last ?? "none that can be seen"
        logger.warning(
            "the newest changes are in no snapshot; they are in the data folder",
            metadata: [
                "newest": "\(newest)", "place": "\(settings.place.path)",
                "reason": "\(status.failure ?? "the time of a stop was over")",
            ]
        )
    }
}
