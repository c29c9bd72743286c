import Budgets
import HTTPWire

extension HTTPLimits {
    var bodyPace: MemoryLedger.Pace { .init(bytes: bodyPaceBytes, nanoseconds: paceTime.nanoseconds) }
    var answerPace: MemoryLedger.Pace { .init(bytes: answerPaceBytes, nanoseconds: paceTime.nanoseconds) }
}

extension Duration {
    /// The duration in whole nanoseconds: 0 for a negative one, and about 2^63 for one that is too long.
    var nanoseconds: UInt64 {
        let parts = components
        guard parts.seconds >= 0, parts.attoseconds >= 0 else { return 0 }
        let (whole, overflow) = UInt64(parts.seconds).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max / 2 : min(whole, .max / 2) + UInt64(parts.attoseconds / 1_000_000_000)
    }
}
