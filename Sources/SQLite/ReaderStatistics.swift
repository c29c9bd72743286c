/// What a `ReaderPool` does and has done.
package struct ReaderStatistics: Sendable {
    /// Waiting for a reader: look-ups, other reads, and those that have proved to be long.
    package var waitingCheap = 0
    package var waitingDear = 0
    package var waitingLong = 0
    /// Running now: short so far, and long.
    package var runningShort = 0
    package var runningLong = 0
    /// Ended because their processor time was used up, or their time on the clock.
    package var endedForWork = 0
    package var endedForTime = 0
    /// Ended, or not begun, because nobody waited any more.
    package var endedForCallers = 0
    /// Ended for the sake of the log.
    package var endedForLog = 0

    package var waiting: Int { waitingCheap + waitingDear + waitingLong }

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
