internal import Coding
internal import Glibc

/// A signal that has been received.
struct CaughtSignal: Equatable, Sendable {
    let number: Int32
    /// The sender of the signal for messages, as far as the kernel reports it.
    let sender: String
    /// Whether a process has sent the signal.
    ///
    /// The kernel also sends signals itself, such as at the end of a terminal.
    let isFromProcess: Bool

    /// Waits for one of the signals, which must be blocked in every thread; nil if none comes within the limit.
    ///
    /// - Parameter limit: nil to wait without a limit.
    static func next(of numbers: [Int32], within limit: Duration?) -> CaughtSignal? {
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        let end = limit.map { ContinuousClock.now + $0 }
        while true {
            var info = siginfo_t()
            let number = end.map { wait(for: &set, &info, until: $0) } ?? sigwaitinfo(&set, &info)
            if number > 0 {
                // sigaction(2): codes above 0 come from the kernel.
                return CaughtSignal(number: number, sender: sender(info), isFromProcess: info.si_code <= 0)
            }
            if let end, ContinuousClock.now >= end { return nil }
        }
    }

    private static func wait(
        for set: inout sigset_t,
        _ info: inout siginfo_t,
        until end: ContinuousClock.Instant
    ) -> Int32 {
        let (seconds, attoseconds) = max(end - .now, .zero).components
        var limit = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        return sigtimedwait(&set, &info, &limit)
    }

    var name: String {
        switch number {
        case SIGTERM: "SIGTERM"
        case SIGINT: "SIGINT"
        case SIGHUP: "SIGHUP"
        default: "signal \(number)"
        }
    }

    private static func sender(_ info: siginfo_t) -> String {
        // sigaction(2): codes above 0 come from the kernel. Of the other codes, only those of kill and similar calls have a pid.
        guard info.si_code <= 0 else { return "the terminal" }
        let pid = info._sifields._kill.si_pid
        guard pid > 0 else { return "outside this container" }
        return processName(pid).map { "\($0) (pid \(pid))" } ?? "pid \(pid)"
    }

    private static func processName(_ pid: Int32) -> String? {
        let descriptor = open("/proc/\(pid)/comm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(descriptor, &bytes, bytes.count)
        let name = bytes.prefix(max(count, 0)).prefix { $0 != UInt8(ascii: "\n") }
        return name.isEmpty ? nil : String(decoding: name, as: UTF8.self).printable(limit: 64)
    }
}
