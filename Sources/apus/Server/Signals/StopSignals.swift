internal import Glibc
internal import Logging
internal import Synchronization

/// Waits, on a thread of its own, for the signals that end a server or make it read its certificate again.
///
/// A Dispatch source is not used, because SIGTERM must be handled even if the process can create no further thread.
final class StopSignals: Sendable {
    /// The longest time between the signal and the end of the process.
    static let longestStop = Duration.milliseconds(4_800)
    /// A second signal within this time after the first is ignored, because a parent process may pass on the same signal.
    private static let repetitionTime = Duration.milliseconds(500)

    private let policy: SignalPolicy
    private let logger: Logger
    private let stopAction = Mutex<(@Sendable () -> Void)?>(nil)
    private let renewalAction = Mutex<(@Sendable () -> Void)?>(nil)

    /// Starts to listen; must be called before any other thread is created, because threads inherit the blocked signals.
    ///
    /// Until `onStop` is called, a signal ends the process at once.
    /// - Throws: `StartFailure` if the system allows no further thread.
    init(_ policy: SignalPolicy, _ logger: Logger) throws(StartFailure) {
        self.policy = policy
        self.logger = logger
        signal(SIGPIPE, SIG_IGN)
        var set = sigset_t()
        sigemptyset(&set)
        for number in listened { sigaddset(&set, number) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        try startThread()
    }

    /// Sets the closure that stops the server.
    ///
    /// The closure must return soon, and must end the process when everything has stopped.
    func onStop(_ stop: @escaping @Sendable () -> Void) { stopAction.withLock { $0 = stop } }

    /// Sets the closure that is called for a SIGHUP from a process, which then does not end the server.
    ///
    /// The closure must return soon.
    func onRenewal(_ renew: @escaping @Sendable () -> Void) { renewalAction.withLock { $0 = renew } }

    /// The signals to listen for: SIGINT only if it was not ignored at the start.
    ///
    /// A blocked signal is received even if it is ignored, so SIGHUP renews the certificate also of a server under nohup.
    private var listened: [Int32] {
        SignalPolicy.numbers.filter { $0 != SIGINT || !policy.inheritedAsIgnored.contains($0) }
    }

    private func startThread() throws(StartFailure) {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let start: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
            guard let context else { return nil }
            Unmanaged<StopSignals>.fromOpaque(context).takeRetainedValue().listen()
        }
        let code = pthread_create(&thread, nil, start, context.toOpaque())
        guard code != 0 else { return }
        context.release()
        throw StartFailure(
            "The system allows no further thread: \(String(cString: strerror(code))). Raise the limit of processes (ulimit -u)."
        )
    }

    private func listen() -> Never {
        while true {
            guard let caught = next(within: nil) else { continue }
            logger.notice("the server stops", metadata: Self.metadata(caught))
            guard let stop = stopAction.withLock({ $0 }) else { _exit(128 + caught.number) }
            stop()
            waitForTheEnd()
        }
    }

    /// Ends the process if the stop takes too long or a second signal arrives.
    private func waitForTheEnd() -> Never {
        let begin = ContinuousClock.now
        while true {
            let remaining = Self.longestStop - (.now - begin)
            // Every acknowledged change is durable, so the process may end before the remaining work is done.
            guard remaining > .zero, let second = next(within: remaining) else { _exit(0) }
            if .now - begin > Self.repetitionTime { _exit(128 + second.number) }
        }
    }

    /// Waits for the next signal that ends the server; nil if none comes within the limit.
    private func next(within limit: Duration?) -> CaughtSignal? {
        let end = limit.map { ContinuousClock.now + $0 }
        while let caught = CaughtSignal.next(of: listened, within: end.map { max($0 - .now, .zero) }) {
            if caught.number == SIGHUP {
                if caught.isFromProcess, let renew = renewalAction.withLock({ $0 }) {
                    renew()
                    continue
                }
                if policy.inheritedAsIgnored.contains(SIGHUP) { continue }
            }
            guard let reason = policy.reasonToIgnore(signal: caught.number, isInForeground: Terminal.isInForeground)
            else { return caught }
            logger.notice("the signal is ignored: \(reason); SIGTERM ends it", metadata: Self.metadata(caught))
        }
        return nil
    }

    private static func metadata(_ caught: CaughtSignal) -> Logger.Metadata {
        ["signal": "\(caught.name)", "sender": "\(caught.sender)"]
    }
}
