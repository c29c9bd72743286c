internal import Tracking

/// What the open transaction changes about who has stored how much; written at its end.
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
    /// The sums that the transaction leaves.
    var sums: [StorageUse] = []

    /// Whether there is anything to write.
    var isNone: Bool { changes.isEmpty && runCountChange == 0 }

    mutating func add(_ owner: StorageOwner?, bytes: Int64 = 0, files: Int64 = 0, runs: Int64 = 0) {
        var change = changes[owner] ?? Change()
        change.bytes += bytes
        change.files += files
        change.runs += runs
        changes[owner] = change
    }
}

/// For whom a spent quota was checked lately, so that requests that are refused again and again cost no counting.
struct CheckedQuotas {
    private var ends: [StorageOwner?: ContinuousClock.Instant] = [:]

    /// How long a spent quota is not checked again; as long may room that programs of MLflow have made be missed.
    private static let pause = Duration.seconds(5)

    /// - Parameter owner: nil for the quota of all.
    func isRecent(_ owner: StorageOwner?) -> Bool { ends[owner].map { .now < $0 } ?? false }

    mutating func note(_ owner: StorageOwner?) {
        if ends.count >= 1_000 { ends = ends.filter { .now < $0.value } }
        ends[owner] = .now + Self.pause
    }
}
