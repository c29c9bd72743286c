internal import Tracking

/// By how much the open transaction changes the bytes, files and runs of each owner; written to the database before the commit.
struct PendingStorage {
    struct Change {
        var bytes: Int64 = 0
        var files: Int64 = 0
        var runs: Int64 = 0
    }

    private(set) var changes: [StorageOwner?: Change] = [:]
    /// The numbers of runs of the owners, as the transaction has read them, without the changes by the transaction itself.
    var knownRuns: [StorageOwner: Int64] = [:]
    /// The number of all runs, as the transaction has read it, without the changes by the transaction itself.
    var knownRunCount: Int64?
    /// By how many runs the transaction changes the number of all runs; stays 0 if that number has no limit.
    var runCountChange: Int64 = 0
    /// The sums of the changed owners that the transaction has written.
    var sums: [StorageUse] = []

    /// Whether there is nothing to write.
    var isEmpty: Bool { changes.isEmpty && runCountChange == 0 }

    mutating func add(_ owner: StorageOwner?, bytes: Int64 = 0, files: Int64 = 0, runs: Int64 = 0) {
        var change = changes[owner] ?? Change()
        change.bytes += bytes
        change.files += files
        change.runs += runs
        changes[owner] = change
    }
}

/// The owners whose runs were counted recently because their quota was used up; they are not counted again for each refused
/// request.
struct RecentQuotaChecks {
    private var ends: [StorageOwner?: ContinuousClock.Instant] = [:]

    /// How long runs are not counted again; until then, runs that MLflow's own tools (such as `mlflow gc`) have removed still
    /// count.
    private static let pause = Duration.seconds(5)

    /// - Parameter owner: nil for the quota of all owners together.
    func isRecent(_ owner: StorageOwner?) -> Bool { ends[owner].map { .now < $0 } ?? false }

    mutating func record(_ owner: StorageOwner?) {
        if ends.count >= 1_000 { ends = ends.filter { .now < $0.value } }
        ends[owner] = .now + Self.pause
    }
}
