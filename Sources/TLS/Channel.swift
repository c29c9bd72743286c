package import Files
internal import Glibc
package import HTTPWire

/// Sends and receives the bytes of a connection, plain or encrypted; only one thread at a time may use a channel.
package struct Channel: Sendable {
    package let descriptor: Descriptor
    /// The TLS session; nil for a plain connection.
    package let session: TLSSession?

    package init(_ descriptor: Descriptor, _ session: TLSSession? = nil) {
        self.descriptor = descriptor
        self.session = session
    }

    /// Reads the bytes that have arrived, at most as many as the buffer holds.
    package func receive(_ buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        session?.receive(buffer) ?? SystemCall.receive(descriptor.rawValue, buffer)
    }

    /// Sends one or two buffers, or a part of them.
    ///
    /// After `.wouldBlock`, the next call must begin with the same bytes again; more bytes may follow them.
    package func send(
        _ first: UnsafeRawBufferPointer,
        _ second: UnsafeRawBufferPointer,
        moreFollows: Bool
    ) -> Transfer {
        session?.send(first, second) ?? SystemCall.send(descriptor.rawValue, first, second, moreFollows: moreFollows)
    }

    /// Sends the first bytes of a part of a file: as many as the socket takes, and at most one record if it is encrypted.
    ///
    /// May block on the disk, never on the socket. After `.wouldBlock`, the next call must be for the same part again.
    package func sendFile(_ file: Descriptor, offset: Int, count: Int) -> Transfer {
        guard let session else {
            return SystemCall.sendFile(descriptor.rawValue, file.rawValue, offset: offset, count: count)
        }
        return withUnsafeTemporaryAllocation(byteCount: TLSSession.recordBytes, alignment: 1) { space in
            while true {
                let found = pread(file.rawValue, space.baseAddress, min(count, space.count), off_t(offset))
                let code = errno
                if found < 0, code == EINTR { continue }
                guard found > 0 else { return found == 0 ? .endOfFile : .failed(errno: code) }
                let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
                return session.send(UnsafeRawBufferPointer(rebasing: space[..<found]), nothing)
            }
        }
    }

    /// Whether a read of `count` bytes into a buffer of `space` bytes has read everything that has arrived.
    package func isDrained(afterReading count: Int, of space: Int) -> Bool {
        // A read that does not fill its buffer has emptied a stream socket (epoll(7)).
        session?.isDrained ?? (count < space)
    }

    /// Closes the sending side; an encrypted connection first sends a last record that says so.
    package func shutdownWriting() {
        session?.sendCloseNotify()
        SystemCall.shutdownWriting(descriptor.rawValue)
    }
}
