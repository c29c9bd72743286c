import Files
import HTTPWire
import TLS

/// The TLS handshake.
extension ServerConnection {
    /// Continues the handshake; false when more bytes are needed or the connection has ended.
    func encrypt() -> Bool {
        guard let session = channel.session else { return false }
        if !session.hasBegun {
            guard let first = SystemCall.firstByte(channel.descriptor.rawValue) else {
                if isPeerFinished { close() }
                return false
            }
            // A TLS handshake begins with the byte 22 (RFC 8446 §5.1), a plain request with a capital letter of its method.
            if (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) {
                refusePlainRequest()
                return true
            }
        }
        switch session.handshake() {
        case .done:
            phase = .head
            isReadable = true
            idleSince = loop.now
            setDeadline(loop.isDraining ? limits.lastRequestTimeout : limits.idleTimeout, .idle)
            return true
        case .waitsToRead, .waitsToWrite: return false
        case .failed:
            close()
            return false
        }
    }

    /// Refuses an unencrypted request with an unencrypted answer, which its client can read.
    private func refusePlainRequest() {
        channel = Channel(channel.descriptor)
        isReadable = true
        refuse(HTTPRefusal(400, "This port speaks https: write https:// in the address"))
    }
}
