internal import CLinux
internal import Dispatch
internal import Files
internal import Glibc

/// Detects the end of another process.
///
/// A later process with the same id is not mistaken for it. A zombie, whose parent has not asked for its status yet,
/// counts as ended.
final class WatchedProcess: Sendable {
    /// The identity of the process.
    private enum Handle {
        /// A descriptor of the process, which the kernel makes readable at its end (Linux 5.3).
        case descriptor(Descriptor)
        /// The start time of the process in clock ticks since the start of the system.
        case startTime(UInt64)
    }

    let pid: Int32
    private let handle: Handle
    private let queue = DispatchQueue(label: "apus.parent", qos: .utility)

    /// - Parameter usesDescriptor: false to read `/proc` even if the kernel has descriptors of processes.
    /// - Returns: nil if there is no such process.
    init?(_ pid: Int32, usesDescriptor: Bool = true) {
        self.pid = pid
        let opened = usesDescriptor ? apus_pidfd_open(pid) : -1
        if opened >= 0 {
            handle = .descriptor(Descriptor(owning: opened))
        } else {
            guard let startTime = Self.startTime(of: pid) else { return nil }
            handle = .startTime(startTime)
        }
    }

    /// Calls the action once, on another thread, when the process has ended, or at once if it has ended already.
    func whenEnded(_ action: @escaping @Sendable () -> Void) {
        switch handle {
        case .descriptor(let descriptor):
            let source = DispatchSource.makeReadSource(fileDescriptor: descriptor.rawValue, queue: queue)
            // The handler keeps the source and the descriptor until the process has ended.
            source.setEventHandler { [self] in
                source.cancel()
                withExtendedLifetime(self, action)
            }
            source.activate()
        case .startTime(let startTime): poll(startTime, action)
        }
    }

    private func poll(_ startTime: UInt64, _ action: @escaping @Sendable () -> Void) {
        guard Self.startTime(of: pid) == startTime else { return action() }
        queue.asyncAfter(deadline: .now() + .seconds(1)) { self.poll(startTime, action) }
    }

    /// Reads the start time of a process in `/proc`; nil if there is no such process or it has ended.
    private static func startTime(of pid: Int32) -> UInt64? {
        let descriptor = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = read(descriptor, &bytes, bytes.count)
        return startTime(inStatus: String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self))
    }

    /// The start time in the text of `/proc/<pid>/stat` (proc_pid_stat(5)); nil for a process that has ended.
    static func startTime(inStatus text: String) -> UInt64? {
        // The second field is the name of the program in parentheses, which may itself contain spaces and parentheses.
        guard let nameEnd = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: nameEnd)...].split(separator: " ")
        guard fields.count > 19, !["Z", "X", "x"].contains(fields[0]) else { return nil }
        return UInt64(fields[19])
    }
}
