internal import Glibc

extension OwnerLock {
    /// The process that owns a database, as described by the lock file.
    package struct Owner: Equatable, Sendable {
        package let pid: Int32
        /// The address at which the server answers; nil while it starts or stops.
        package let address: String?
        /// What a command shows to the server at that address; nil if the server has told none.
        package let key: String?
        /// Whether the server asks every request for a token.
        package let requiresTokens: Bool
        /// Whether the process runs on this machine: only then are its pid and a loopback address valid here.
        package let isOnThisMachine: Bool

        /// The beginning of the line with the key.
        static let keyMark = "key "
        /// The line of a server that asks for tokens.
        static let tokenMark: Substring = "tokens"

        /// Parses a lock file: the pid, then, once the server answers, its address, the name of its machine, a key, and
        /// whether it asks for tokens.
        init?(lockFile text: String) {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            guard let first = lines.first, let pid = Int32(first) else { return nil }
            self.pid = pid
            // The file may have been read while it was being written; only a line with its newline is complete.
            let isComplete = lines.count > 3
            address = isComplete ? String(lines[1]) : nil
            let fourth = lines.count > 4 ? lines[3] : ""
            key = fourth.hasPrefix(Self.keyMark) ? String(fourth.dropFirst(Self.keyMark.count)) : nil
            requiresTokens = isComplete && lines[3...].contains(Self.tokenMark)
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
