internal import Glibc

extension OwnerLock {
    /// The process that owns a database, as its lock file tells it.
    package struct Owner: Equatable, Sendable {
        package let pid: Int32
        /// Where it answers; nil while it starts or stops.
        package let address: String?
        /// Whether it runs on this machine: only then do its pid and a loopback address mean anything here.
        package let isOnThisMachine: Bool

        /// Lines of a lock file: the pid, then the address and the machine's name once the owner answers.
        init?(lockFile text: String) {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            guard let first = lines.first, let pid = Int32(first) else { return nil }
            self.pid = pid
            // A line without its end may have been read while it was being written.
            let isComplete = lines.count > 3
            address = isComplete ? String(lines[1]) : nil
            isOnThisMachine = !isComplete || lines[2] == Self.machine
        }

        /// The name of this machine, or of this container.
        static var machine: String {
            var names = utsname()
            guard uname(&names) == 0 else { return "" }
            return withUnsafeBytes(of: names.nodename) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
        }
    }
}
