internal import Files
internal import Glibc
internal import HTTPWire

/// A connection to a server.
///
/// It is closed when its owner releases it, and every call ends by its deadline.
struct ClientConnection: ~Copyable {
    private static let readBytes = 64 * 1_024

    private let descriptor: Descriptor

    private init(owning descriptor: Descriptor) {
        self.descriptor = descriptor
    }

    /// Connects to one address.
    static func connected(to address: SocketAddress, by deadline: Deadline) throws(CallFailure) -> ClientConnection {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let created = socket(address.family, type, 0)
        guard created >= 0 else { throw failure(errno) }
        let connection = ClientConnection(owning: Descriptor(owning: created))
        guard address.withPointer({ connect(created, $0, address.length) }) != 0 else { return connection }
        let code = errno
        // A connect that a signal interrupts continues in the background, as a non-blocking connect does (connect(2)).
        guard code == EINPROGRESS || code == EINTR else { throw failure(code) }
        try connection.wait(for: POLLOUT, by: deadline, .connecting)
        var pending: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(created, SOL_SOCKET, SO_ERROR, &pending, &length) == 0 else { throw failure(errno) }
        guard pending == 0 else { throw failure(pending) }
        return connection
    }

    /// Sends all bytes.
    ///
    /// A peer that closes the connection meanwhile is not an error, because it may have answered first.
    func send(_ bytes: ByteBuffer, by deadline: Deadline) throws(CallFailure) {
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        while !bytes.isEmpty {
            switch SystemCall.send(descriptor.rawValue, bytes.bytes, none, moreFollows: false) {
            case .bytes(let count): bytes.consume(count)
            case .wouldBlock: try wait(for: POLLOUT, by: deadline, .sending)
            case .endOfFile, .failed(EPIPE), .failed(ECONNRESET): return
            case .failed(let code): throw Self.failure(code)
            }
        }
    }

    /// Sends the first bytes of a file, piece by piece.
    func send(_ file: Descriptor, bytes: Int64, by deadline: Deadline) throws(CallFailure) {
        let piece = ByteBuffer()
        var offset: Int64 = 0
        while offset < bytes {
            piece.reserve(Self.readBytes)
            let space = piece.space
            let wanted = min(space.count, Int(bytes - offset))
            let count = pread(file.rawValue, space.baseAddress, wanted, off_t(offset))
            let code = errno
            if count < 0, code == EINTR { continue }
            guard count > 0 else {
                throw .unreachable(count < 0 ? SystemCall.errorText(code) : "the file became shorter while it was sent")
            }
            piece.didFill(count)
            offset += Int64(count)
            try send(piece, by: deadline)
        }
    }

    /// Waits for bytes and appends them; false when the peer has closed the connection.
    func receive(into buffer: ByteBuffer, by deadline: Deadline) throws(CallFailure) -> Bool {
        buffer.reserve(Self.readBytes)
        while true {
            try wait(for: POLLIN, by: deadline, .answering)
            switch SystemCall.receive(descriptor.rawValue, buffer.space) {
            case .bytes(let count):
                buffer.didFill(count)
                return true
            case .wouldBlock: continue
            case .endOfFile: return false
            case .failed(ECONNRESET): throw .disconnected
            case .failed(let code): throw Self.failure(code)
            }
        }
    }

    private func wait(for events: Int32, by deadline: Deadline, _ phase: CallFailure.Phase) throws(CallFailure) {
        while true {
            let milliseconds = deadline.remainingMilliseconds
            guard milliseconds > 0 else { throw .timedOut(phase) }
            var entry = pollfd(fd: descriptor.rawValue, events: Int16(truncatingIfNeeded: events), revents: 0)
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
        default: .unreachable(SystemCall.errorText(code))
        }
    }
}
