internal import Coding
internal import Files
internal import Glibc

/// The listening sockets that the parent of this process has opened for it, by the convention of sd_listen_fds(3).
///
/// systemd and `apus run` keep these sockets open while one server ends and the next starts, so that no client is refused.
enum InheritedSockets {
    private static let firstDescriptor: Int32 = 3
    private static let names = (process: "LISTEN_PID", count: "LISTEN_FDS", names: "LISTEN_FDNAMES")

    /// Returns the sockets that environment variables announce, if any, and removes these variables.
    ///
    /// The method must be called at most once, while the process has one thread.
    /// - Throws: `StartFailure` if the variables are not valid.
    static func takeFromEnvironment() throws(StartFailure) -> [Descriptor] {
        let environment = Environment.process
        let (process, count) = (environment[names.process], environment[names.count])
        for name in [names.process, names.count, names.names] { unsetenv(name) }
        // Variables with another process id were meant for a parent process, which has passed them on.
        guard let process, let count, Int32(process) == getpid() else { return [] }
        guard let number = Int32(count), (0...128).contains(number) else {
            throw StartFailure("\(names.count)=\(count.printable(limit: 60)) is not a number of sockets.")
        }
        var sockets: [Descriptor] = []
        for rawValue in firstDescriptor..<firstDescriptor + number {
            guard fcntl(rawValue, F_SETFD, FD_CLOEXEC) == 0 else {
                throw StartFailure("\(names.count)=\(number), but descriptor \(rawValue) is not open.")
            }
            sockets.append(Descriptor(owning: rawValue))
        }
        return sockets
    }
}
