internal import Dispatch
internal import Glibc
internal import Synchronization

/// A socket address of the server, as the kernel takes it.
struct PeerAddress: Sendable {
    let family: Int32
    private let bytes: [UInt8]

    /// Lends the address; the pointer must not escape from `body`.
    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result? {
        bytes.withUnsafeBytes { buffer in
            buffer.baseAddress.map { body($0.assumingMemoryBound(to: sockaddr.self), socklen_t(buffer.count)) }
        }
    }

    /// Every stream address of a name or literal, in the resolver's order; never empty.
    ///
    /// The resolver knows no time limit: past the deadline its thread is left behind, to end with the process.
    static func lookUp(_ host: String, port: Int, by deadline: Deadline) throws(CallFailure) -> [PeerAddress] {
        let lookup = Lookup()
        DispatchQueue.global().async {
            let result = Result { () throws(CallFailure) in try resolve(host, port) }
            lookup.result.withLock { $0 = result }
            lookup.isDone.signal()
        }
        let limit = DispatchTime.now() + .milliseconds(Int(deadline.remainingMilliseconds))
        guard lookup.isDone.wait(timeout: limit) == .success, let result = lookup.result.withLock({ $0 }) else {
            throw .timedOut(.lookingUp)
        }
        return try result.get()
    }

    private final class Lookup: Sendable {
        let result = Mutex<Result<[PeerAddress], CallFailure>?>(nil)
        let isDone = DispatchSemaphore(value: 0)
    }

    private static func resolve(_ host: String, _ port: Int) throws(CallFailure) -> [PeerAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else { throw .unresolved(String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(list) }
        var addresses: [PeerAddress] = []
        var next = list
        while let entry = next {
            next = entry.pointee.ai_next
            guard let start = entry.pointee.ai_addr else { continue }
            let bytes = UnsafeRawBufferPointer(start: start, count: Int(entry.pointee.ai_addrlen))
            addresses.append(PeerAddress(family: entry.pointee.ai_family, bytes: Array(bytes)))
        }
        guard !addresses.isEmpty else { throw .unresolved("the name has no address") }
        return addresses
    }
}
