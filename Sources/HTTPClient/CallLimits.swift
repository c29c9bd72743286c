/// The time limits of a call.
package struct CallLimits: Sendable {
    /// The deadline for the whole call, including the body of the answer.
    package var whole: Deadline
    /// The longest time for the look-up of the host and the connection; nil if only `whole` limits it.
    package var connecting: Duration?
    /// The longest time in which no byte is sent or received; nil if only `whole` limits it.
    package var silence: Duration?
    /// Can end the call early; nil for a call that cannot be interrupted.
    package var interruption: CallInterruption?

    package init(
        whole: Deadline = .never,
        connecting: Duration? = nil,
        silence: Duration? = nil,
        interruption: CallInterruption? = nil
    ) {
        self.whole = whole
        self.connecting = connecting
        self.silence = silence
        self.interruption = interruption
    }

    /// The deadline for a connection that is begun now.
    var connectionDeadline: Deadline { whole.limited(to: connecting) }

    /// The deadline for the next byte, if the last one was sent or received now.
    var progressDeadline: Deadline { whole.limited(to: silence) }
}

/// The time by which a step must be done.
package struct Deadline: Sendable {
    private let end: ContinuousClock.Instant

    /// A deadline that never passes.
    package static let never = Deadline(after: .seconds(1 << 40))

    /// The earlier of two deadlines.
    package static func earlier(_ first: Deadline, _ second: Deadline) -> Deadline {
        Deadline(min(first.end, second.end))
    }

    package init(after duration: Duration) { end = .now + duration }

    private init(_ end: ContinuousClock.Instant) { self.end = end }

    /// The deadline after the first of `parts` equal parts of the remaining time.
    package func dividing(by parts: Int) -> Deadline { Deadline(.now + (end - .now) / max(parts, 1)) }

    /// This deadline or the end of a duration from now, whichever is earlier.
    func limited(to duration: Duration?) -> Deadline { duration.map { Deadline(min(end, .now + $0)) } ?? self }

    /// The remaining milliseconds, rounded up; 0 after the deadline.
    package var remainingMilliseconds: Int32 {
        let left = end - .now
        guard left > .zero else { return 0 }
        return Int32(clamping: Int64((left / .milliseconds(1)).rounded(.up)))
    }
}
