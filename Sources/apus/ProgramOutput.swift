internal import CLinux
internal import Files
internal import Glibc
internal import Synchronization

/// The output of a program that the operator has named, and its exit status.
struct ProgramOutput {
    enum Failure: Error, Equatable {
        /// The program could not be started; the value is the error number of the system.
        case notStarted(Int32)
        /// The program ran longer than its time limit, or printed too many bytes; its process group was killed.
        case timedOut, outputTooLong
    }

    let text: String
    /// The exit status; nil if a signal has ended the program.
    let status: Int32?

    /// Runs a program, which is searched in PATH, and waits for its end.
    ///
    /// The program has no input and its own process group; its standard error is that of this process. Blocks for no longer than
    /// `timeLimit`.
    init(of words: [String], within timeLimit: Duration, maximumBytes: Int) throws(Failure) {
        let end = ContinuousClock.now + timeLimit
        let (child, reading) = try Self.start(words)
        RunningPrograms.shared.insert(child)
        defer { RunningPrograms.shared.remove(child) }
        do {
            text = try Self.read(reading, maximumBytes, until: end)
            status = try Self.wait(for: child, until: end)
        } catch {
            kill(-child, SIGKILL)
            var status: Int32 = 0
            while waitpid(child, &status, 0) < 0, errno == EINTR {}
            throw error
        }
    }

    private static func start(_ words: [String]) throws(Failure) -> (pid_t, Descriptor) {
        var ends: [Int32] = [-1, -1]
        // O_CLOEXEC is set by the same call: otherwise a program that another thread starts now would inherit the writing end.
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw .notStarted(errno) }
        // This process closes the writing end when the function returns, because reading ends only when nobody has it open.
        let (reading, writing) = (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, writing.rawValue, STDOUT_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The child must not inherit the blocked signals of this process. It gets its own group, which can be killed as a whole.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child: pid_t = 0
        let code = posix_spawnp(&child, words[0], &actions, &attributes, &arguments, environ)
        guard code == 0 else { throw .notStarted(code) }
        return (child, reading)
    }

    private static func read(
        _ descriptor: Descriptor,
        _ maximumBytes: Int,
        until end: ContinuousClock.Instant
    ) throws(Failure) -> String {
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let remainingMilliseconds = (end - .now) / .milliseconds(1)
            guard remainingMilliseconds > 0 else { throw .timedOut }
            var waiting = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, Int32(remainingMilliseconds.rounded(.up))) > 0 else { continue }
            let count = Glibc.read(descriptor.rawValue, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return String(decoding: output, as: UTF8.self) }
            output.append(contentsOf: buffer[..<count])
            guard output.count <= maximumBytes else { throw .outputTooLong }
        }
    }

    /// Waits for the end of a child that has closed its output, as a child usually does only when it ends.
    private static func wait(for child: pid_t, until end: ContinuousClock.Instant) throws(Failure) -> Int32? {
        while true {
            var status: Int32 = 0
            let ended = waitpid(child, &status, WNOHANG)
            // The low seven bits are the number of the signal that ended the child, or 0 (wait(2)).
            if ended == child { return status & 0x7F == 0 ? (status >> 8) & 0xFF : nil }
            guard ended == 0 || errno == EINTR else { return nil }
            guard .now < end else { throw .timedOut }
            sleepFor(.milliseconds(2))
        }
    }
}

/// The programs that run at this moment; they are killed when this process exits.
private final class RunningPrograms: Sendable {
    static let shared = RunningPrograms()

    private let groups = Mutex<Set<pid_t>>([])

    private init() { atexit { RunningPrograms.shared.end() } }

    func insert(_ group: pid_t) { groups.withLock { _ = $0.insert(group) } }

    func remove(_ group: pid_t) { groups.withLock { _ = $0.remove(group) } }

    private func end() {
        groups.withLock { groups in
            for group in groups { kill(-group, SIGKILL) }
        }
    }
}
