internal import Glibc

/// The result of one system call that sends or receives bytes.
package enum Transfer: Equatable, Sendable {
    case bytes(Int)
    case wouldBlock
    case endOfFile
    /// The connection cannot be used any more, or the file could not be read.
    case failed(errno: Int32)
}

/// System calls for sockets and clocks.
///
/// A call that a signal interrupts (EINTR) is repeated. Each wrapper reads `errno` directly after its call, before
/// anything else can change it.
package enum SystemCall {
    /// Reads the bytes that have arrived, at most as many as fit into the buffer.
    package static func receive(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .endOfFile }
            let code = errno
            if code == EINTR { continue }
            return code == EAGAIN || code == EWOULDBLOCK ? .wouldBlock : .failed(errno: code)
        }
    }

    /// The first byte that has arrived, which stays in the socket; nil if no byte has arrived or the connection has ended.
    package static func firstByte(_ descriptor: Int32) -> UInt8? {
        var byte: UInt8 = 0
        while true {
            let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK))
            let code = errno
            if count > 0 { return byte }
            if count == 0 || code != EINTR { return nil }
        }
    }

    /// Sends one or two buffers with one system call; never raises SIGPIPE.
    ///
    /// - Parameter moreFollows: whether the kernel may wait for the next call before it sends a packet that is not full
    ///   (MSG_MORE).
    package static func send(
        _ descriptor: Int32,
        _ first: UnsafeRawBufferPointer,
        _ second: UnsafeRawBufferPointer,
        moreFollows: Bool
    ) -> Transfer {
        let flags = Int32(MSG_NOSIGNAL) | (moreFollows ? Int32(MSG_MORE) : 0)
        while true {
            let count =
                second.isEmpty
                ? Glibc.send(descriptor, first.baseAddress, first.count, flags)
                : gather(descriptor, first, second, flags)
            if count >= 0 { return .bytes(count) }
            let code = errno
            if code == EINTR { continue }
            return code == EAGAIN || code == EWOULDBLOCK ? .wouldBlock : .failed(errno: code)
        }
    }

    private static func gather(
        _ descriptor: Int32,
        _ first: UnsafeRawBufferPointer,
        _ second: UnsafeRawBufferPointer,
        _ flags: Int32
    ) -> Int {
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { vectors in
            vectors.initializeElement(
                at: 0,
                to: iovec(iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count)
            )
            vectors.initializeElement(
                at: 1,
                to: iovec(iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count)
            )
            var message = msghdr()
            message.msg_iov = vectors.baseAddress
            message.msg_iovlen = 2
            return sendmsg(descriptor, &message, flags)
        }
    }

    /// Sends bytes of a file without copying them through this process; may block on the disk, never on the socket.
    package static func sendFile(_ socket: Int32, _ file: Int32, offset: Int, count: Int) -> Transfer {
        var position = off_t(offset)
        while true {
            let sent = sendfile(socket, file, &position, count)
            if sent > 0 { return .bytes(sent) }
            if sent == 0 { return .endOfFile }
            let code = errno
            if code == EINTR { continue }
            return code == EAGAIN || code == EWOULDBLOCK ? .wouldBlock : .failed(errno: code)
        }
    }

    /// The monotonic clock in nanoseconds, at a resolution of a few milliseconds: quick to read, for time-outs.
    package static func coarseNanoseconds() -> UInt64 { nanoseconds(of: CLOCK_MONOTONIC_COARSE) }

    /// The monotonic clock in nanoseconds, at full resolution: for measuring how long a request takes.
    package static func preciseNanoseconds() -> UInt64 { nanoseconds(of: CLOCK_MONOTONIC) }

    private static func nanoseconds(of clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    /// Whether the peer's system has acknowledged the bytes that were sent on a connection.
    package enum Delivery: Sendable {
        /// All bytes are acknowledged, and the connection is not broken.
        case complete
        case pending
        /// The peer has reset the connection.
        case broken
    }

    /// Returns whether the sent bytes have been delivered; returns `.broken` only once, because the system reports a
    /// reset only once.
    package static func delivery(_ descriptor: Int32) -> Delivery {
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        // A reset empties the send queue, so an empty queue alone does not mean that all bytes were delivered.
        guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0, error == 0 else { return .broken }
        var count: Int32 = 0
        return ioctl(descriptor, UInt(TIOCOUTQ), &count) == 0 && count > 0 ? .pending : .complete
    }

    /// Closes the sending side; ignores errors, because the peer may have disconnected already.
    package static func shutdownWriting(_ descriptor: Int32) { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends both directions of the connection; the descriptor stays open.
    package static func shutdownBoth(_ descriptor: Int32) { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// The number of processors of the machine that are online; at least 1.
    package static func activeCores() -> Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// The system's message for a value of `errno`.
    package static func errorText(_ code: Int32) -> String {
        withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
            guard let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self) else { return "error \(code)" }
            return strerror_r(code, base, buffer.count) == 0 ? String(cString: base) : "error \(code)"
        }
    }
}
