internal import Glibc

/// Which signals end the server.
///
/// SIGTERM always does. SIGINT does when a person typed it: notebooks interrupt a cell by sending it to the whole process
/// group, in which a server that was started by the cell is an innocent bystander.
struct SignalPolicy: Sendable {
    /// The signals that the server listens for.
    static let numbers = [SIGTERM, SIGINT, SIGHUP]

    /// Signals that whoever started the server had ignored, as `nohup` and the `&` of a script do.
    let inheritedAsIgnored: Set<Int32>
    /// Whether it is the first process of a container, where SIGINT comes from `docker run` and is meant for it alone.
    let isFirstProcess: Bool

    init(inheritedAsIgnored: Set<Int32>, isFirstProcess: Bool) {
        self.inheritedAsIgnored = inheritedAsIgnored
        self.isFirstProcess = isFirstProcess
    }

    /// The policy for this process, before it changes what its signals do.
    static var ofThisProcess: SignalPolicy {
        let ignored = numbers.filter { number in
            var action = sigaction()
            guard sigaction(number, nil, &action) == 0 else { return false }
            return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
                == unsafeBitCast(SIG_IGN, to: Int.self)
        }
        return SignalPolicy(inheritedAsIgnored: Set(ignored), isFirstProcess: getpid() == 1)
    }

    /// Why a signal does not end the server; nil when it does.
    ///
    /// - Parameter isInForeground: whether a person at a terminal can have typed it; see `Terminal.isOursNow`.
    func reasonToGoOn(after number: Int32, isInForeground: @autoclosure () -> Bool) -> String? {
        if number == SIGTERM { return nil }
        if inheritedAsIgnored.contains(number) { return "it was ignored when the server was started" }
        guard number == SIGINT, !isFirstProcess, !isInForeground() else { return nil }
        return "it did not come from a terminal that the server runs in"
    }
}

/// The terminal that controls this process.
enum Terminal {
    /// Whether there is one, and this process is in its foreground, so that Ctrl-C there means it.
    static var isOursNow: Bool {
        let descriptor = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return tcgetpgrp(descriptor) == getpgrp()
    }
}
