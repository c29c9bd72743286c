/// Numbers of reads of a `ReaderPool`.
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
