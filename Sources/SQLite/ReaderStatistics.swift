internal import Budgets

extension ReaderStatistics {
    mutating func countEnd(_ reason: ReadEnded.Reason) {
        switch reason {
        case .work: endedForWork += 1
        case .time: endedForTime += 1
        case .callerLeft: endedForCallers += 1
        case .blocksLog: endedForLog += 1
        }
    }
}
