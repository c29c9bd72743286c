internal import Tracking

/// The changes by the open transaction to the bytes, files and runs of each owner; they are written to the database before the
/// commit.
struct PendingStorage {
    struct Change {
        var bytes: Int64 = 0
        var files: Int64 = 0
        var runs: Int64 = 0
    }

    private(set) var changes: [StorageOwner?: Change] = [:]
    /// The numbers of runs by owner, as the transaction has read them from the database, without its own changes.
    var storedRunCounts: [StorageOwner: Int64] = [:]
    /// The number of all runs, as the transaction has read it from the database, without its own changes; nil before.
    var storedTotalRunCount: Int64?
    /// The change by the transaction to the number of all runs; always 0 if that number has no limit.
    var runCountChange: Int64 = 0
    /// The sums that the transaction has written for the changed owners.
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

/// The owners whose runs were counted recently because their quota was used up, and need not be counted again for each refused
/// request.
struct RecentQuotaChecks {
    private var expirations: [StorageOwner?: ContinuousClock.Instant] = [:]

    /// How long runs are not counted again; meanwhile, runs that MLflow's own tools (such as `mlflow gc`) have removed still
    /// count.
    private static let interval = Duration.seconds(5)

    /// - Parameter owner: nil for the quota of all owners together.
    func isRecent(_ owner: StorageOwner?) -> Bool { expirations[owner].map { .now < $0 } ?? false }

    mutating func record(_ owner: StorageOwner?) {
        if expirations.count >= 1_000 { expirations = expirations.filter { .now < $0.value } }
        expirations[owner] = .now + Self.interval
    }
}
