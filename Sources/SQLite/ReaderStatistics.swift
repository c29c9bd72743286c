/// The counts of a `ReaderPool`.
package struct ReaderStatistics: Sendable {
    /// Waiting for a reader: cheap reads, other reads, and long reads.
    package var waitingCheap = 0
    package var waitingExpensive = 0
    package var waitingLong = 0
    /// Running now: reads that are still short, and long ones.
    package var runningShort = 0
    package var runningLong = 0
    /// Ended because they used up their processor time, or their wall-clock time.
    package var endedForWork = 0
    package var endedForTime = 0
    /// Ended, or never started, because their callers disconnected.
    package var endedForCallers = 0
    /// Ended to let the WAL restart.
    package var endedForLog = 0

    package var waiting: Int { waitingCheap + waitingExpensive + waitingLong }

    mutating func countRunning(_ isLong: Bool) {
        if isLong { runningLong += 1 } else { runningShort += 1 }
    }

    mutating func countEnd(_ reason: ReadEnded.Reason) {
        switch reason {
        case .work: endedForWork += 1
        case .time: endedForTime += 1
        case .callerLeft: endedForCallers += 1
        case .log: endedForLog += 1
        }
    }
}
