/// How long a call may take.
package struct CallLimits: Sendable {
    /// When the whole call must be done, with its body.
    package var whole: Deadline
    /// The longest time for the look-up of the host and the connection; nil where the whole call's time decides.
    package var connecting: Duration?
    /// The longest time in which no byte leaves or arrives; nil where the whole call's time decides.
    package var silence: Duration?
    /// Ends the call early; nil for a call that nobody interrupts.
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

    /// When a connection must be there, from now on.
    var connectionDeadline: Deadline { whole.orAfter(connecting) }

    /// When the next byte must have moved, from now on.
    var progressDeadline: Deadline { whole.orAfter(silence) }
}

/// The time by which a step must be done.
package struct Deadline: Sendable {
    private let end: ContinuousClock.Instant

    /// So far away that it never passes.
    package static let never = Deadline(after: .seconds(1 << 40))

    /// The earlier of two deadlines.
    package static func earlier(_ first: Deadline, _ second: Deadline) -> Deadline {
        Deadline(min(first.end, second.end))
    }

    package init(after duration: Duration) {
        end = .now + duration
    }

    private init(_ end: ContinuousClock.Instant) {
        self.end = end
    }

    /// An earlier deadline: the remaining time is divided by `parts`.
    package func dividing(by parts: Int) -> Deadline {
        Deadline(.now + (end - .now) / max(parts, 1))
    }

    /// The earlier one of this deadline and the time after a duration.
    func orAfter(_ duration: Duration?) -> Deadline {
        duration.map { Deadline(min(end, .now + $0)) } ?? self
    }

    /// The remaining milliseconds, rounded up; 0 when the deadline has passed.
    package var remainingMilliseconds: Int32 {
        let left = end - .now
        guard left > .zero else { return 0 }
        return Int32(clamping: Int64((left / .milliseconds(1)).rounded(.up)))
    }
}
