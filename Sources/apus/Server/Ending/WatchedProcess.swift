internal import CLinux
internal import Dispatch
internal import Files
internal import Glibc

/// Another process, of which one wants to know when it has ended; a later process with the same id is not taken for it.
///
/// Ended is a process that runs no more, also while its parent has not asked for its status.
final class WatchedProcess: Sendable {
    /// By what the process is known.
    private enum Handle {
        /// A descriptor of the process, which the kernel makes readable at its end (Linux 5.3).
        case descriptor(Descriptor)
        /// When the process started, in ticks since the start of the system.
        case startTime(UInt64)
    }

    let pid: Int32
    private let handle: Handle
    private let queue = DispatchQueue(label: "apus.parent", qos: .utility)

    /// - Parameter usesDescriptor: false looks at `/proc` also where the kernel has descriptors of processes.
    /// - Returns: nil when there is no such process.
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

    /// Calls the action once, on a thread of its own, when the process has ended; at once if it has already.
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

    /// Reads `/proc`; nil when there is no such process, or it has ended.
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
        // The second field is the name of the program in parentheses, which may itself hold blanks and parentheses.
        guard let nameEnd = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: nameEnd)...].split(separator: " ")
        guard fields.count > 19, !["Z", "X", "x"].contains(fields[0]) else { return nil }
        return UInt64(fields[19])
    }
}
