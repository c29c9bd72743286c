internal import Glibc

/// Receives the signals of `apus run`, on its main thread: those for the command are passed on, and the statuses of
/// children that have ended are collected.
///
/// With a terminal the command stays in the process group of `apus run`, as a part of the shell's job: what the terminal
/// sends reaches it directly, and only what processes send is passed on. Without one it has a group of its own.
final class SignalPump {
    private static let passed = [
        SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU, SIGPWR, SIGWINCH,
    ]
    /// In a terminal these stop and continue `apus run` and the command alike, by the shell and the kernel.
    private static let jobControl = [SIGTSTP, SIGCONT]
    private static let endings: Set = [SIGTERM, SIGINT, SIGHUP, SIGQUIT]

    let hasTerminal: Bool
    /// What was blocked before, for the programs that are started.
    let inheritedMask: sigset_t
    private let numbers: [Int32]
    private var command: pid_t?
    /// The children of which the status is wanted; nil while they run.
    private var statuses: [pid_t: Int32?] = [:]
    /// Whether a signal has asked for the end when no command ran.
    private(set) var isHurried = false

    /// Begins to receive; it must be called before another thread is created.
    init() {
        let terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)
        if terminal >= 0 { close(terminal) }
        hasTerminal = terminal >= 0
        let numbers = Self.passed + (terminal >= 0 ? [] : Self.jobControl) + [SIGCHLD]
        self.numbers = numbers
        // Output to a terminal that is gone must not end the process that looks after the command.
        signal(SIGPIPE, SIG_IGN)
        var (set, before) = (sigset_t(), sigset_t())
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        pthread_sigmask(SIG_BLOCK, &set, &before)
        inheritedMask = before
    }

    /// Passes signals to this child from now on, until it has ended.
    func pass(to command: pid_t) {
        self.command = command
        expect(command)
    }

    func expect(_ child: pid_t) {
        statuses[child] = .some(nil)
    }

    /// The exit status of a child, 128 and the number of the signal that ended it; nil while it runs.
    func status(of child: pid_t) -> Int32? {
        statuses[child] ?? nil
    }

    /// Waits for one signal, no longer than the limit, and handles it.
    func wait(within limit: Duration?) {
        guard let caught = CaughtSignal.next(of: numbers, within: limit) else { return }
        if caught.number == SIGCHLD { return collect() }
        guard let command, status(of: command) == nil else {
            if Self.endings.contains(caught.number) { isHurried = true }
            return
        }
        if caught.isFromProcess || !hasTerminal || isOfLeaderAlone(caught.number) { kill(command, caught.number) }
    }

    /// Whether the kernel sends a signal to this process and not to its group: the end of the terminal, to the first process
    /// of a session.
    private func isOfLeaderAlone(_ number: Int32) -> Bool {
        number == SIGHUP && getsid(0) == getpid()
    }

    /// Handles signals until the condition holds or the time is over.
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

    /// The status as a shell shows it, from what waitpid(2) reports of a child that has ended.
    static func exitStatus(_ status: Int32) -> Int32 {
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}
