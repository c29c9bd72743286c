/// Numbers about the writes of a store.
package struct WriterStatistics: Sendable {
    /// Requests that wait now.
    package var queueDepth = 0
    /// Transactions committed.
    package var commits = 0
    /// Requests completed, including failed ones.
    package var requests = 0
    /// Requests run again because their transaction was undone.
    package var replays = 0
    /// How long the last COMMIT took.
    package var lastCommit: Duration = .zero
    /// How long all COMMITs took together.
    package var totalCommit: Duration = .zero
    package var longestCommit: Duration = .zero
    /// The longest time from the start of a transaction to the last call of a completion.
    package var longestBatch: Duration = .zero
    /// Successful checkpoints.
    package var checkpoints = 0
    package var failedCheckpoints = 0
    package var longestCheckpoint: Duration = .zero
    /// The number of commits by their size: element n counts commits of 2^n to 2^(n+1)-1 requests, and the last element
    /// also all larger ones.
    package var commitSizes: [Int] = Array(repeating: 0, count: 12)

    package init() {}

    /// Adds the numbers of another thread that writes to the same store.
    package mutating func add(_ other: WriterStatistics) {
        queueDepth += other.queueDepth
        commits += other.commits
        requests += other.requests
        replays += other.replays
        lastCommit = max(lastCommit, other.lastCommit)
        totalCommit += other.totalCommit
        longestCommit = max(longestCommit, other.longestCommit)
        longestBatch = max(longestBatch, other.longestBatch)
        checkpoints += other.checkpoints
        failedCheckpoints += other.failedCheckpoints
        longestCheckpoint = max(longestCheckpoint, other.longestCheckpoint)
        for slot in commitSizes.indices { commitSizes[slot] += other.commitSizes[slot] }
    }

    package mutating func countCommit(requests: Int, time: Duration) {
        commits += 1
        lastCommit = time
        totalCommit += time
        longestCommit = max(longestCommit, time)
        let slot = Int.bitWidth - 1 - max(requests, 1).leadingZeroBitCount
        commitSizes[min(slot, commitSizes.count - 1)] += 1
    }
}

/// Numbers about the reads of a store.
package struct ReaderStatistics: Sendable {
    /// Cheap reads that wait for a reader now.
    package var waitingCheap = 0
    /// Reads that wait now and are neither cheap nor long.
    package var waitingExpensive = 0
    package var waitingLong = 0
    /// Reads that run now and are not long.
    package var runningShort = 0
    package var runningLong = 0
    /// Reads ended because they used up their processor time.
    package var endedForWork = 0
    /// Reads ended because they used up their wall-clock time.
    package var endedForTime = 0
    /// Reads ended, or never started, because their callers disconnected.
    package var endedForCallers = 0
    /// Reads that failed because they kept the write-ahead log (WAL) from restarting.
    package var endedForLog = 0

    package var waiting: Int { waitingCheap + waitingExpensive + waitingLong }

    package init() {}

    package mutating func countRunning(_ isLong: Bool) {
        if isLong { runningLong += 1 } else { runningShort += 1 }
    }
}
