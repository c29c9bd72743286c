internal import Files
internal import Glibc
internal import HTTPWire

/// Yields the first `bytes` bytes of a file as a body.
final class FileReader: HTTPBodyProducer, @unchecked Sendable {
    // Unchecked because a producer is never called concurrently.
    private let file: Descriptor
    private let bytes: Int64
    private var offset: Int64 = 0

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init(_ file: Descriptor, bytes: Int64) {
        self.file = file
        self.bytes = bytes
    }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        let wanted = min(ClientConnection.readBytes, Int(bytes - offset))
        var code: Int32 = 0
        var count = 0
        buffer = [UInt8](unsafeUninitializedCapacity: wanted) { space, initialized in
            repeat {
                count = pread(file.rawValue, space.baseAddress, wanted, off_t(offset))
                code = errno
            } while count < 0 && code == EINTR
            initialized = max(count, 0)
        }
        guard count > 0 || wanted == 0 else {
            let reason = count < 0 ? SystemCall.errorText(code) : "the file became shorter while it was sent"
            throw Failure(description: reason)
        }
        offset += Int64(count)
        return offset < bytes
    }
}
