internal import Files
internal import Glibc

/// The service manager that has started this process, by the convention of sd_notify(3).
struct ServiceManager: Sendable {
    private static let variable = "NOTIFY_SOCKET"

    /// The path of the manager's socket, `@` and a name for an abstract one; nil when nobody wants to know.
    private let path: String?

    /// Takes the place of messages from the environment, and removes it there: it is not meant for child processes.
    ///
    /// It must be called while the process has one thread.
    static func takeFromEnvironment() -> ServiceManager {
        defer { unsetenv(variable) }
        return ServiceManager(path: Environment.process[variable])
    }

    init(path: String?) {
        self.path = path
    }

    func tellReady(at url: String) {
        tell("READY=1\nSTATUS=Serving at \(url)")
    }

    func tellStopping() {
        tell("STOPPING=1\nSTATUS=Finishing what is in flight")
    }

    /// Sends a message without waiting; a manager that does not listen changes nothing for the server.
    private func tell(_ message: String) {
        guard let path, var address = Self.address(path) else { return }
        let created = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard created >= 0 else { return }
        let descriptor = Descriptor(owning: created)
        // An abstract name ends with the address, not with a zero.
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.utf8.count + (path.hasPrefix("@") ? 0 : 1))
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
                _ = sendto(descriptor.rawValue, message, message.utf8.count, flags, pointer, length)
            }
        }
    }

    /// The address of a Unix socket; nil for a path that is none or too long.
    private static func address(_ path: String) -> sockaddr_un? {
        guard path.hasPrefix("/") || path.hasPrefix("@") else { return nil }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let isAbstract = path.hasPrefix("@")
        let isShort = withUnsafeMutableBytes(of: &address.sun_path) { place in
            guard path.utf8.count < place.count else { return false }
            place.copyBytes(from: path.utf8)
            if isAbstract { place[0] = 0 }
            return true
        }
        return isShort ? address : nil
    }
}
