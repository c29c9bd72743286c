internal import Glibc

/// Where lines for a person go.
enum StandardStream: Int32 {
    case output = 1
    case error = 2

    /// Writes one line at once, past the buffers of the C library.
    func write(_ line: String) {
        var rest = Array((line + "\n").utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(rawValue, $0.baseAddress, $0.count) }
            // A closed terminal must not end a server.
            if count < 0, errno != EINTR { return }
            rest = rest.dropFirst(max(count, 0))
        }
    }
}
