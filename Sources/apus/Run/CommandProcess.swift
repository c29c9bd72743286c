internal import CProcess
internal import Glibc

/// The process of the command that `apus run` was given.
///
/// The process is created before the server, because the server gets the id of the process and ends when the process ends.
/// The process waits for the tracking URI and then runs the command.
struct CommandProcess {
    private static let variable = "MLFLOW_TRACKING_URI"

    let pid: pid_t
    /// The writing end of the pipe through which the process gets the tracking URI.
    private let uriPipe: Int32

    /// - Parameter command: the program and its arguments.
    init(_ command: [UnsafePointer<CChar>], _ signals: SignalForwarder) throws(StartFailure) {
        var ends = [Int32](repeating: 0, count: 2)
        guard pipe(&ends) == 0 else { throw StartFailure("pipe: \(String(cString: strerror(errno)))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let arguments = CStrings(copying: command)
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
        uriPipe = ends[1]
        guard started > 0 else {
            close(uriPipe)
            throw StartFailure("No process can be started: \(String(cString: strerror(code))).")
        }
        pid = started
        signals.pass(to: started)
    }

    /// Passes the tracking URI to the waiting process, which then runs the command.
    func begin(trackingURI: String) {
        // The write fails if a signal has ended the process meanwhile, and then nothing needs to be done.
        _ = write(uriPipe, trackingURI, trackingURI.utf8.count)
        close(uriPipe)
    }

    /// Ends the process without running the command.
    func cancel() { close(uriPipe) }

    /// Whether processes that the command has started are still running after its end; they are then children of this process.
    ///
    /// - Parameter server: the process of the server, a child that is not counted; nil if there is none.
    /// - Returns: false also if the kernel does not list the children.
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

/// An array of C strings that ends with a null pointer, which is the form of arguments and variables for execve(2).
final class CStrings {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    convenience init(_ strings: [String]) { self.init(owning: strings.map { strdup($0) }) }

    convenience init(copying strings: [UnsafePointer<CChar>]) { self.init(owning: strings.map { strdup($0) }) }

    private init(owning strings: [UnsafeMutablePointer<CChar>?]) {
        count = strings.count
        pointers = .allocate(capacity: count + 1)
        for (index, string) in (strings + [nil]).enumerated() { (pointers + index).initialize(to: string) }
    }

    deinit {
        for index in 0..<count { free(pointers[index]) }
        pointers.deallocate()
    }
}
