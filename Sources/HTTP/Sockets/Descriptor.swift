import Glibc

/// An open file descriptor with one owner; closed when the owner lets go of it.
struct Descriptor: ~Copyable {
    let rawValue: Int32

    init(owning rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// Takes up a descriptor's place without using it; nil when there is none left.
    static func placeholder() -> Descriptor? {
        let created = open("/dev/null", O_RDONLY | O_CLOEXEC)
        return created < 0 ? nil : Descriptor(owning: created)
    }

    deinit {
        // The result is of no use: Linux frees the number even when close fails (close(2), "Dealing with error returns").
        _ = Glibc.close(rawValue)
    }
}

/// What one non-blocking transfer achieved; would-block and end of file are ordinary results.
enum Transfer: Equatable {
    case bytes(Int)
    case wouldBlock
    case endOfFile
    /// The connection is beyond use: reset, broken pipe, or an error of the file.
    case failed(errno: Int32)
}

/// Each system call is wrapped once here: EINTR loops, errno is read on the next line.
enum SystemCall {
    static func receive(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .endOfFile }
            let code = errno
            if code == EINTR { continue }
            return code == EAGAIN || code == EWOULDBLOCK ? .wouldBlock : .failed(errno: code)
        }
    }

    /// Sends one or two buffers in one call; never raises SIGPIPE.
    static func send(
        _ descriptor: Int32,
        _ first: UnsafeRawBufferPointer,
        _ second: UnsafeRawBufferPointer,
        moreFollows: Bool
    ) -> Transfer {
        let flags = Int32(MSG_NOSIGNAL) | (moreFollows ? Int32(MSG_MORE) : 0)
        while true {
            let count: Int
            if second.isEmpty {
                count = Glibc.send(descriptor, first.baseAddress, first.count, flags)
            } else {
                count = gather(descriptor, first, second, flags)
            }
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

    /// Copies from a file to a socket inside the kernel; may block on the disk, never on the socket.
    static func sendFile(_ socket: Int32, _ file: Int32, offset: Int, count: Int) -> Transfer {
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

    /// Nanoseconds of a clock that never jumps, at a resolution of a few milliseconds: for time-outs.
    static func coarseNanoseconds() -> UInt64 {
        nanoseconds(of: CLOCK_MONOTONIC_COARSE)
    }

    /// Nanoseconds of a clock that never jumps, at full resolution: for measuring exchanges.
    static func preciseNanoseconds() -> UInt64 {
        nanoseconds(of: CLOCK_MONOTONIC)
    }

    private static func nanoseconds(of clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    /// Whether the peer's machine has not said yet of all bytes that were sent that they arrived.
    static func hasUnacknowledgedBytes(_ descriptor: Int32) -> Bool {
        var count: Int32 = 0
        return ioctl(descriptor, UInt(TIOCOUTQ), &count) == 0 && count > 0
    }

    /// Says that no more bytes will come from us; the peer may have gone, which changes nothing.
    static func shutdownWriting(_ descriptor: Int32) {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Ends both directions without freeing the descriptor's number.
    static func shutdownBoth(_ descriptor: Int32) {
        _ = shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Processors that this process may run on now, at least 1.
    static func activeCores() -> Int {
        max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }

    static func errorText(_ code: Int32) -> String {
        withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
            guard let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self) else { return "error \(code)" }
            return strerror_r(code, base, buffer.count) == 0 ? String(cString: base) : "error \(code)"
        }
    }
}
