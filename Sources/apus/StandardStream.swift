internal import Glibc

/// Standard output or standard error, for lines that people read.
enum StandardStream: Int32 {
    case output = 1
    case error = 2

    /// Writes one line at once, not through the buffers of the C library; passwords of this process's arguments are masked.
    func write(_ line: String) {
        var rest = Array((PasswordMask.ofProcess.hiding(line) + "\n").utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(rawValue, $0.baseAddress, $0.count) }
            // A closed terminal must not end a server, so errors are ignored.
            if count < 0, errno != EINTR { return }
            rest = rest.dropFirst(max(count, 0))
        }
    }
}
