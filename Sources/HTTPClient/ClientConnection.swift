internal import Files
internal import Glibc
internal import HTTPWire
internal import TLS

/// A connection to a server, or to a proxy in front of it; closed when it is deallocated.
final class ClientConnection: @unchecked Sendable {
    // Unchecked because only one call at a time uses a connection; between two calls the pool owns it.
    static let readBytes = 64 * 1_024

    private var channel: Channel
    /// Bytes that have arrived and are not parsed yet.
    let input = ByteBuffer()

    private init(owning descriptor: Descriptor) { channel = Channel(descriptor) }

    /// Connects to one of the host's addresses, which are tried one after the other.
    ///
    /// - Throws: the failure for the last address, if all fail.
    static func connected(
        host: String,
        port: Int,
        by deadline: Deadline,
        _ interruption: CallInterruption?
    ) throws(CallFailure) -> ClientConnection {
        let addresses = try SocketAddress.lookUp(host, port: port, by: deadline)
        var failure = CallFailure.unresolved("the name has no address")
        for (index, address) in addresses.enumerated() {
            do throws(CallFailure) {
                return try connected(to: address, by: deadline.dividing(by: addresses.count - index), interruption)
            } catch .interrupted {
                throw .interrupted
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private static func connected(
        to address: SocketAddress,
        by deadline: Deadline,
        _ interruption: CallInterruption?
    ) throws(CallFailure) -> ClientConnection {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let created = socket(address.family, type, 0)
        guard created >= 0 else { throw failure(errno) }
        let connection = ClientConnection(owning: Descriptor(owning: created))
        // A large request is sent piece by piece, and the last piece must not wait for an acknowledgement.
        var on: Int32 = 1
        _ = setsockopt(created, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        guard address.withPointer({ connect(created, $0, address.length) }) != 0 else { return connection }
        let code = errno
        // A connect that a signal interrupts continues in the background, as a non-blocking connect does (connect(2)).
        guard code == EINPROGRESS || code == EINTR else { throw failure(code) }
        _ = try connection.wait(for: POLLOUT, by: deadline, interruption, .connecting)
        var pending: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(created, SOL_SOCKET, SO_ERROR, &pending, &length) == 0 else { throw failure(errno) }
        guard pending == 0 else { throw failure(pending) }
        return connection
    }

    /// Whether the peer of an idle connection has neither closed it nor sent anything.
    var isQuiet: Bool {
        var entry = pollfd(fd: channel.descriptor.rawValue, events: Int16(POLLIN), revents: 0)
        return input.isEmpty && poll(&entry, 1, 0) == 0
    }

    /// Sends all bytes.
    ///
    /// - Returns: false if the peer has answered or closed the connection before all bytes were sent.
    func send(_ bytes: ByteBuffer, _ limits: CallLimits) throws(CallFailure) -> Bool {
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        while !bytes.isEmpty {
            switch channel.send(bytes.bytes, none, moreFollows: false) {
            case .bytes(let count): bytes.consume(count)
            case .wouldBlock:
                let events = try wait(for: POLLOUT | POLLIN, limits, .sending)
                if events & POLLOUT == 0, receiveEarlyAnswer() { return false }
            case .endOfFile, .failed(EPIPE), .failed(ECONNRESET): return false
            case .failed(let code): throw failure(code)
            }
        }
        return true
    }

    /// Reads bytes that have arrived while the request is being sent.
    ///
    /// - Returns: whether the peer has answered or closed the connection.
    private func receiveEarlyAnswer() -> Bool {
        input.reserve(Self.readBytes)
        switch channel.receive(input.space) {
        case .bytes(let count):
            input.didFill(count)
            return true
        case .wouldBlock: return false
        case .endOfFile, .failed: return true
        }
    }

    /// Waits for bytes and appends them to `input`; returns false if the peer has closed the connection.
    func receive(_ limits: CallLimits) throws(CallFailure) -> Bool {
        input.reserve(Self.readBytes)
        while true {
            switch channel.receive(input.space) {
            case .bytes(let count):
                input.didFill(count)
                return true
            case .wouldBlock: _ = try wait(for: POLLIN, limits, .answering)
            case .endOfFile: return false
            case .failed(ECONNRESET): throw .disconnected
            case .failed(let code): throw failure(code)
            }
        }
    }

    /// The failure of the encryption, if it has failed; otherwise the failure for the system's error code.
    private func failure(_ code: Int32) -> CallFailure {
        channel.session?.failure.map { .tls($0) } ?? Self.failure(code)
    }

    /// Encrypts the connection from now on.
    ///
    /// - Parameter name: the name or numeric address that the server's certificate must be for.
    func encrypt(
        _ context: TLSContext,
        expecting name: String,
        by deadline: Deadline,
        _ interruption: CallInterruption?
    ) throws(CallFailure) {
        let session: TLSSession
        do throws(TLSFailure) {
            session = try TLSSession(context, channel.descriptor, expecting: name)
        } catch {
            throw .tls(error)
        }
        while true {
            switch session.handshake() {
            case .done:
                channel = Channel(channel.descriptor, session)
                return
            case .waitsToRead: _ = try wait(for: POLLIN, by: deadline, interruption, .encrypting)
            case .waitsToWrite: _ = try wait(for: POLLOUT, by: deadline, interruption, .encrypting)
            case .failed(let failure): throw .tls(failure)
            }
        }
    }

    /// Waits for one of the events of `poll`, and returns the events that have occurred.
    private func wait(
        for events: Int32,
        _ limits: CallLimits,
        _ phase: CallFailure.Phase
    ) throws(CallFailure) -> Int32 {
        try wait(for: events, by: limits.progressDeadline, limits.interruption, phase)
    }

    private func wait(
        for events: Int32,
        by deadline: Deadline,
        _ interruption: CallInterruption?,
        _ phase: CallFailure.Phase
    ) throws(CallFailure) -> Int32 {
        while true {
            if let interruption, interruption.isInterrupted { throw .interrupted }
            let milliseconds = deadline.remainingMilliseconds
            guard milliseconds > 0 else { throw .timedOut(phase) }
            var entries = (
                pollfd(fd: channel.descriptor.rawValue, events: Int16(truncatingIfNeeded: events), revents: 0),
                // poll ignores a negative descriptor.
                pollfd(fd: interruption?.signal?.rawValue ?? -1, events: Int16(POLLIN), revents: 0)
            )
            let (count, code) = withUnsafeMutablePointer(to: &entries) { pointer in
                pointer.withMemoryRebound(to: pollfd.self, capacity: 2) { (poll($0, 2, milliseconds), errno) }
            }
            if count > 0, entries.0.revents != 0 { return Int32(entries.0.revents) }
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
