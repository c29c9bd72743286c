internal import Glibc

/// Receives the signals of `apus run` on its main thread, passes them on to the command, and collects the exit statuses
/// of child processes.
///
/// With a terminal, the command is in the process group of `apus run`, so that it belongs to the shell's job. Signals of
/// the terminal reach the command directly, and only those that processes send are passed on. Without a terminal, the
/// command has a process group of its own.
final class SignalForwarder {
    private static let passedSignals = [
        SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU, SIGPWR, SIGWINCH,
    ]
    /// Signals that are passed on only without a terminal.
    ///
    /// In a terminal, the kernel sends these signals to both `apus run` and the command.
    private static let jobControl = [SIGTSTP, SIGCONT]
    private static let terminationSignals: Set = [SIGTERM, SIGINT, SIGHUP, SIGQUIT]

    let hasTerminal: Bool
    /// The signals that were blocked before this object was made, and that started programs must block.
    let inheritedMask: sigset_t
    private let blockedSignals: [Int32]
    private var command: pid_t?
    /// The exit statuses of the children to be waited for; nil while a child is running.
    private var statuses: [pid_t: Int32?] = [:]
    /// Whether waits should end early, because a signal such as SIGTERM arrived while no command was running.
    private(set) var shouldEndEarly = false

    /// Blocks the signals for this thread; must be called before another thread is created.
    init() {
        let terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)
        if terminal >= 0 { close(terminal) }
        hasTerminal = terminal >= 0
        blockedSignals = Self.passedSignals + (terminal >= 0 ? [] : Self.jobControl) + [SIGCHLD]
        // A message to a closed terminal or pipe would otherwise end this process, and with it the server.
        signal(SIGPIPE, SIG_IGN)
        var (set, before) = (sigset_t(), sigset_t())
        sigemptyset(&set)
        for number in blockedSignals { sigaddset(&set, number) }
        pthread_sigmask(SIG_BLOCK, &set, &before)
        inheritedMask = before
    }

    /// Starts to pass signals on to this child, until it has ended.
    func pass(to command: pid_t) {
        self.command = command
        expect(command)
    }

    /// Starts to wait for the exit status of this child.
    func expect(_ child: pid_t) { statuses[child] = .some(nil) }

    /// The exit status of a child, or 128 plus the number of the signal that ended it; nil while it is running.
    func status(of child: pid_t) -> Int32? { statuses[child] ?? nil }

    /// Waits for one signal, no longer than the limit if there is one, and handles it.
    func wait(within limit: Duration?) {
        guard let caught = CaughtSignal.next(of: blockedSignals, within: limit) else { return }
        if caught.number == SIGCHLD { return collect() }
        guard let command, status(of: command) == nil else {
            if Self.terminationSignals.contains(caught.number) { shouldEndEarly = true }
            return
        }
        if caught.isFromProcess || !hasTerminal || reachesOnlyThisProcess(caught.number) {
            kill(command, caught.number)
        }
    }

    /// Whether the kernel sends a signal only to this process and not to its group.
    ///
    /// The kernel does this with SIGHUP at the end of a terminal if this process is the leader of its session.
    private func reachesOnlyThisProcess(_ number: Int32) -> Bool { number == SIGHUP && getsid(0) == getpid() }

    /// Handles signals until `isDone` returns true or the time is over.
    func wait(atMost limit: Duration, until isDone: () -> Bool) {
        let end = ContinuousClock.now + limit
        while !isDone(), .now < end { wait(within: end - .now) }
    }

    private func collect() {
        while true {
            var status: Int32 = 0
            let child = waitpid(-1, &status, WNOHANG)
            guard child > 0 else { return }
            if statuses.keys.contains(child) { statuses[child] = Self.exitStatus(status) }
        }
    }

    /// Converts the status that waitpid(2) reports of a child that has ended to the exit status that a shell shows.
    static func exitStatus(_ status: Int32) -> Int32 {
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}
