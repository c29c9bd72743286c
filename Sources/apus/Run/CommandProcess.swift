internal import CProcess
internal import Glibc

/// The command of `apus run`.
///
/// Its process exists before the server, which is told to live as long as the command; it waits for its tracking URI.
struct CommandProcess {
    private static let variable = "MLFLOW_TRACKING_URI"

    let pid: pid_t
    private let gate: Int32

    init(_ command: [String], _ signals: SignalPump) throws(StartFailure) {
        var ends = [Int32](repeating: 0, count: 2)
        guard pipe(&ends) == 0 else { throw StartFailure("pipe: \(String(cString: strerror(errno)))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let arguments = CStrings(command)
        var mask = signals.inheritedMask
        let started = withUnsafePointer(to: &mask) { mask in
            Self.variable.withCString { variable in
                var command = apus_command(
                    arguments: arguments.pointers,
                    variable: variable,
                    gate_reader: ends[0],
                    gate_writer: ends[1],
                    has_own_group: signals.hasTerminal ? 0 : 1,
                    mask: mask
                )
                return apus_start_command(&command)
            }
        }
        let code = errno
        close(ends[0])
        gate = ends[1]
        guard started > 0 else {
            close(gate)
            throw StartFailure("No process can be started: \(String(cString: strerror(code))).")
        }
        pid = started
        signals.pass(to: started)
    }

    /// Lets the command begin.
    func begin(trackingURI: String) {
        // A command that a signal has ended meanwhile does not read it.
        _ = write(gate, trackingURI, trackingURI.utf8.count)
        close(gate)
    }

    /// Ends the process without running the command.
    func cancel() {
        close(gate)
    }

    /// Whether processes that the command has left behind run still, which are children of this process then.
    ///
    /// False where the kernel does not tell.
    static func hasLeftovers(beside server: pid_t?) -> Bool {
        let descriptor = open("/proc/self/task/\(getpid())/children", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = read(descriptor, &bytes, bytes.count)
        let children = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self).split(separator: " ")
        return children.contains { pid_t($0) != server }
    }
}

/// Strings as the C functions for processes take them: an array of pointers that ends with nil.
final class CStrings {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [String]) {
        count = strings.count
        pointers = .allocate(capacity: count + 1)
        for (index, string) in strings.enumerated() { (pointers + index).initialize(to: strdup(string)) }
        (pointers + count).initialize(to: nil)
    }

    deinit {
        for index in 0..<count { free(pointers[index]) }
        pointers.deallocate()
    }
}
