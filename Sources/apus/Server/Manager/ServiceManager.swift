internal import Files
internal import Glibc

/// The service manager that has started this process, by the convention of sd_notify(3).
struct ServiceManager: Sendable {
    private static let variable = "NOTIFY_SOCKET"

    /// The path of the manager's socket; nil if `NOTIFY_SOCKET` is not set.
    ///
    /// An abstract socket is written as `@` and its name.
    private let path: String?

    /// Reads the variable `NOTIFY_SOCKET` and removes it from the environment, so that child processes do not get it.
    ///
    /// The method must be called while the process has one thread.
    static func takeFromEnvironment() -> ServiceManager {
        defer { unsetenv(variable) }
        return ServiceManager(path: Environment.process[variable])
    }

    init(path: String?) { self.path = path }

    func reportReady(at url: String) { send("READY=1\nSTATUS=Serving at \(url)") }

    func reportStopping() { send("STOPPING=1\nSTATUS=Finishing requests") }

    /// Sends a message without waiting; failures are ignored.
    private func send(_ message: String) {
        guard let path, var address = Self.address(path) else { return }
        let created = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard created >= 0 else { return }
        let descriptor = Descriptor(owning: created)
        // An abstract name has no terminating zero byte; it ends at the length of the address.
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.utf8.count + (path.hasPrefix("@") ? 0 : 1))
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
                _ = sendto(descriptor.rawValue, message, message.utf8.count, flags, pointer, length)
            }
        }
    }

    /// The address of a Unix socket; nil for a path that is relative or too long.
    private static func address(_ path: String) -> sockaddr_un? {
        guard path.hasPrefix("/") || path.hasPrefix("@") else { return nil }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let isAbstract = path.hasPrefix("@")
        let isShort = withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            guard path.utf8.count < bytes.count else { return false }
            bytes.copyBytes(from: path.utf8)
            if isAbstract { bytes[0] = 0 }
            return true
        }
        return isShort ? address : nil
    }
}
