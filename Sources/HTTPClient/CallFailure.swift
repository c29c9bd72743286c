/// Why a request got no answer.
package enum CallFailure: Error, Sendable {
    package enum Phase: Sendable {
        case lookingUp
        case connecting
        case sending
        case answering
    }

    /// The host's name has no address.
    case unresolved(String)
    /// Nothing listens on the port.
    case refused
    /// The system could not make or use the connection; the value is the system's message.
    case unreachable(String)
    /// The deadline passed during this phase.
    case timedOut(Phase)
    /// The peer took the request and closed without an answer.
    case disconnected
    /// The peer's bytes are not HTTP/1.1; the value says what is wrong with them.
    case notHTTP(String)
    /// The peer expects TLS.
    case speaksTLS
}

/// The time by which a step must be done.
package struct Deadline: Sendable {
    private let end: ContinuousClock.Instant

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

    /// The remaining milliseconds, rounded up; 0 when the deadline has passed.
    package var remainingMilliseconds: Int32 {
        let left = end - .now
        guard left > .zero else { return 0 }
        return Int32(clamping: Int64((left / .milliseconds(1)).rounded(.up)))
    }
}
