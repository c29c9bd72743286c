internal import Glibc

/// A moment of the monotonic clock.
package struct ReadMoment: Comparable, Sendable {
    let nanoseconds: UInt64

    package static var now: ReadMoment { ReadMoment(nanoseconds: time(of: CLOCK_MONOTONIC)) }

    package static func < (left: ReadMoment, right: ReadMoment) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The moment that is `span` before `moment`, but not before the start of the clock.
    package static func - (moment: ReadMoment, span: Duration) -> ReadMoment {
        ReadMoment(nanoseconds: moment.nanoseconds - min(span.clampedNanoseconds, moment.nanoseconds))
    }

    static func + (moment: ReadMoment, span: Duration) -> ReadMoment {
        ReadMoment(nanoseconds: moment.nanoseconds &+ span.clampedNanoseconds)
    }
}

extension Duration {
    /// The duration in nanoseconds; 0 if negative, and at most 9 billion seconds.
    var clampedNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return UInt64(min(seconds, 9_000_000_000)) * 1_000_000_000 + UInt64(attoseconds) / 1_000_000_000
    }
}

/// The processor time that the calling thread has used, in nanoseconds.
func processorTime() -> UInt64 { time(of: CLOCK_THREAD_CPUTIME_ID) }

private func time(of clock: clockid_t) -> UInt64 {
    var now = timespec()
    clock_gettime(clock, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}
