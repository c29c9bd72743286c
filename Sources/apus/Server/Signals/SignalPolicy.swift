internal import Glibc

/// Decides which signals end the server.
///
/// SIGTERM always ends the server. SIGINT ends it only if a person pressed Ctrl-C in its terminal. A server that a cell of a
/// notebook has started must not end when the cell is interrupted, although SIGINT is then sent to its process group.
struct SignalPolicy: Sendable {
    /// The signals that the server listens for.
    static let numbers = [SIGTERM, SIGINT, SIGHUP]

    /// The signals that were ignored when the server was started, as by `nohup` and the `&` of a script.
    let inheritedAsIgnored: Set<Int32>
    /// Whether this is the first process of a container, where SIGINT comes from `docker run` and is meant for the server.
    let isFirstProcess: Bool

    init(inheritedAsIgnored: Set<Int32>, isFirstProcess: Bool) {
        self.inheritedAsIgnored = inheritedAsIgnored
        self.isFirstProcess = isFirstProcess
    }

    /// The policy for this process; must be read before the process changes the handling of its signals.
    static var ofThisProcess: SignalPolicy {
        let ignored = numbers.filter { number in
            var action = sigaction()
            guard sigaction(number, nil, &action) == 0 else { return false }
            return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
                == unsafeBitCast(SIG_IGN, to: Int.self)
        }
        return SignalPolicy(inheritedAsIgnored: Set(ignored), isFirstProcess: getpid() == 1)
    }

    /// The reason, for the log, why a signal does not end the server; nil if it ends the server.
    ///
    /// - Parameter isInForeground: whether the server is in the foreground of a terminal; see `Terminal.isInForeground`.
    func reasonToIgnore(signal number: Int32, isInForeground: @autoclosure () -> Bool) -> String? {
        if number == SIGTERM { return nil }
        if inheritedAsIgnored.contains(number) { return "it was ignored when the server was started" }
        guard number == SIGINT, !isFirstProcess, !isInForeground() else { return nil }
        return "it did not come from a terminal that the server runs in"
    }
}

/// The terminal that controls this process.
enum Terminal {
    /// Whether this process has a terminal and runs in its foreground, so that Ctrl-C in the terminal reaches it.
    static var isInForeground: Bool {
        let descriptor = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return tcgetpgrp(descriptor) == getpgrp()
    }
}
