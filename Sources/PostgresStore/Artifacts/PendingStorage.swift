internal import Tracking

/// The changes of the open transaction to how much each owner has stored; written before its commit.
struct PendingStorage {
    struct Change {
        var bytes: Int64 = 0
        var files: Int64 = 0
        var runs: Int64 = 0
    }

    private(set) var changes: [StorageOwner?: Change] = [:]
    /// The stored numbers of runs that the transaction has looked up, without its own changes.
    var knownRuns: [StorageOwner: Int64] = [:]
    /// The number of all runs that the transaction has looked up, without its own changes.
    var knownRunCount: Int64?
    /// By how many runs the transaction changes the number of all runs; 0 if that is not limited.
    var runCountChange: Int64 = 0
    /// The sums of the changed owners as the transaction has written them.
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

/// The owners whose spent quotas were checked a moment ago, so that their runs are not counted for each refused request.
struct RecentQuotaChecks {
    private var ends: [StorageOwner?: ContinuousClock.Instant] = [:]

    /// The time after which a spent quota is checked again; until then, runs that MLflow's programs have removed still count.
    private static let pause = Duration.seconds(5)

    /// - Parameter owner: nil for the quota of all owners together.
    func isRecent(_ owner: StorageOwner?) -> Bool { ends[owner].map { .now < $0 } ?? false }

    mutating func record(_ owner: StorageOwner?) {
        if ends.count >= 1_000 { ends = ends.filter { .now < $0.value } }
        ends[owner] = .now + Self.pause
    }
}
