internal import Glibc

extension OwnerLock {
    /// The process that owns a database, as described by the lock file.
    package struct Owner: Equatable, Sendable {
        package let pid: Int32
        /// The address at which the server answers; nil while it starts or stops.
        package let address: String?
        /// Whether the process runs on this machine: only then are its pid and a loopback address valid here.
        package let isOnThisMachine: Bool

        /// Parses a lock file: the pid, then, once the server answers, its address and the name of its machine.
        init?(lockFile text: String) {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            guard let first = lines.first, let pid = Int32(first) else { return nil }
            self.pid = pid
            // The file may have been read while it was being written; only a line with its newline is complete.
            let isComplete = lines.count > 3
            address = isComplete ? String(lines[1]) : nil
            isOnThisMachine = !isComplete || lines[2] == Self.machine
        }

        /// The name of this machine or container.
        static var machine: String {
            var names = utsname()
            guard uname(&names) == 0 else { return "" }
            return withUnsafeBytes(of: names.nodename) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
        }
    }
}
