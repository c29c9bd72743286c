internal import Glibc

/// A connection to the server that is closed when its owner lets go of it; every call ends by its deadline.
struct ClientSocket: ~Copyable {
    private let descriptor: Int32

    private init(owning descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        // The result is of no use: Linux frees the number even when close fails (close(2)).
        _ = close(descriptor)
    }

    /// Connects to one address.
    static func connected(to address: PeerAddress, by deadline: Deadline) throws(CallFailure) -> ClientSocket {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.family, type, 0)
        guard descriptor >= 0 else { throw failure(errno) }
        let connection = ClientSocket(owning: descriptor)
        try connection.connect(to: address, by: deadline)
        return connection
    }

    private func connect(to address: PeerAddress, by deadline: Deadline) throws(CallFailure) {
        let code = address.withPointer { Glibc.connect(descriptor, $0, $1) == 0 ? 0 : errno }
        guard let code, code != 0 else { return }
        // An interrupted connect goes on by itself, as a non-blocking one does (connect(2)).
        guard code == EINPROGRESS || code == EINTR else { throw Self.failure(code) }
        try wait(for: POLLOUT, by: deadline, .connecting)
        var pending: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &pending, &length) == 0 else { throw Self.failure(errno) }
        guard pending == 0 else { throw Self.failure(pending) }
    }

    /// Sends all; a peer that closes meanwhile is no failure, for it may have answered first.
    func send(_ bytes: [UInt8], by deadline: Deadline) throws(CallFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let (count, code) = rest.withUnsafeBytes { buffer in
                let count = Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
                return (count, count < 0 ? errno : 0)
            }
            switch code {
            case 0: rest = rest.dropFirst(count)
            case EINTR: continue
            case EAGAIN: try wait(for: POLLOUT, by: deadline, .sending)
            case EPIPE, ECONNRESET: return
            default: throw Self.failure(code)
            }
        }
    }

    /// Waits for bytes and puts them at the start of the buffer; their number, 0 at the end.
    func receive(into buffer: inout [UInt8], by deadline: Deadline) throws(CallFailure) -> Int {
        while true {
            try wait(for: POLLIN, by: deadline, .answering)
            let (count, code) = buffer.withUnsafeMutableBytes { buffer in
                let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
                return (count, count < 0 ? errno : 0)
            }
            switch code {
            case 0: return count
            case EINTR, EAGAIN: continue
            case ECONNRESET: throw .disconnected
            default: throw Self.failure(code)
            }
        }
    }

    private func wait(for events: Int32, by deadline: Deadline, _ phase: CallFailure.Phase) throws(CallFailure) {
        while true {
            let milliseconds = deadline.remainingMilliseconds
            guard milliseconds > 0 else { throw .timedOut(phase) }
            var entry = pollfd(fd: descriptor, events: Int16(truncatingIfNeeded: events), revents: 0)
            let count = poll(&entry, 1, milliseconds)
            let code = errno
            if count > 0 { return }
            if count < 0, code != EINTR { throw Self.failure(code) }
        }
    }

    private static func failure(_ code: Int32) -> CallFailure {
        switch code {
        case ECONNREFUSED: .refused
        case ETIMEDOUT: .timedOut(.connecting)
        default: .unreachable(String(cString: strerror(code)))
        }
    }
}
