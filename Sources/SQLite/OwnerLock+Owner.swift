internal import Glibc

extension OwnerLock {
    /// The process that owns a database, as described by the lock file.
    package struct Owner: Equatable, Sendable {
        package let pid: Int32
        /// The address at which the server answers; nil while the server starts or stops.
        package let address: String?
        /// The secret that a command on this machine sends to the server at that address; nil if the file has none.
        package let key: String?
        /// Whether the server requires a token in every request.
        package let requiresTokens: Bool
        /// Whether the process runs on this machine: only then are its pid and a loopback address valid here.
        package let isOnThisMachine: Bool

        /// The beginning of the line with the key.
        static let keyPrefix = "key "
        /// The line in the file of a server that requires tokens.
        static let tokensLine: Substring = "tokens"

        /// Parses a lock file.
        ///
        /// The first line is the pid. While the server answers, the address and the name of the machine follow, and
        /// then the key and `tokens`, if the server has a key or requires tokens.
        init?(lockFile text: String) {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            guard let first = lines.first, let pid = Int32(first) else { return nil }
            self.pid = pid
            // Another process may be writing the file at this moment: a line without its newline is not complete.
            let isComplete = lines.count > 3
            address = isComplete ? String(lines[1]) : nil
            let fourth = lines.count > 4 ? lines[3] : ""
            key = fourth.hasPrefix(Self.keyPrefix) ? String(fourth.dropFirst(Self.keyPrefix.count)) : nil
            requiresTokens = isComplete && lines[3...].contains(Self.tokensLine)
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
