import Budgets
import CLinux
import Files
import Glibc
import HTTPWire

/// A bound, listening, non-blocking socket.
final class ListeningSocket: Sendable {
    enum Accepted {
        case connection(Int32, Peer)
        case wouldBlock
        /// No descriptor or no memory is left: accepting must pause.
        case exhausted
        /// The peer disconnected before its connection was accepted; another connection may be waiting.
        case retry
    }

    let descriptor: Descriptor
    let address: ListeningAddress

    var rawValue: Int32 { descriptor.rawValue }

    init(_ wanted: SocketAddress) throws(HTTPServerError) {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let created = socket(wanted.family, type, 0)
        let code = errno
        guard created >= 0 else { throw HTTPServerError(call: "socket", code: code) }
        let owned = Descriptor(owning: created)
        Self.setOption(created, SOL_SOCKET, SO_REUSEADDR)
        // A socket for `::` must not accept IPv4 connections too: getaddrinfo returns the address of each family, and
        // each gets a socket of its own.
        if wanted.family == AF_INET6 { Self.setOption(created, Int32(IPPROTO_IPV6), IPV6_V6ONLY) }
        guard wanted.withPointer({ bind(created, $0, wanted.length) }) == 0 else {
            let code = errno
            let reason = SystemCall.errorText(code)
            throw HTTPServerError(message: "cannot listen on \(wanted.resolved): \(reason)", code: code)
        }
        guard listen(created, 1_024) == 0 else {
            let code = errno
            throw HTTPServerError(call: "listen", code: code)
        }
        guard let bound = SocketAddress(localOf: created) else {
            throw HTTPServerError(message: "the address of a listening socket cannot be read")
        }
        descriptor = owned
        address = .network(bound.resolved)
    }

    /// Uses a listening socket that another process has opened, and that may stay open there after this process has ended.
    ///
    /// Throws if the descriptor is not a listening socket of IPv4, IPv6 or the Unix family.
    init(handed descriptor: Descriptor) throws(HTTPServerError) {
        let number = descriptor.rawValue
        guard let bound = SocketAddress(localOf: number) else {
            throw HTTPServerError(message: "descriptor \(number), which was handed over, is no socket", code: errno)
        }
        var (isListening, length) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
        let isKnown = getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &length) == 0
        guard isKnown, isListening != 0, [AF_INET, AF_INET6, AF_UNIX].contains(bound.family) else {
            throw HTTPServerError(message: "descriptor \(number), which was handed over, is no socket that listens")
        }
        let flags = fcntl(number, F_GETFL)
        guard flags >= 0, fcntl(number, F_SETFL, flags | O_NONBLOCK) == 0 else {
            throw HTTPServerError(call: "fcntl", code: errno)
        }
        self.descriptor = descriptor
        address = bound.unixPath.map { .unix(path: $0) } ?? .network(bound.resolved)
    }

    private static func setOption(_ descriptor: Int32, _ level: Int32, _ option: Int32, to value: Int32 = 1) {
        var value = value
        // A failure is ignored: without these options only speed, memory or a quick restart is lost.
        _ = setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// The maximum number of unsent bytes that the kernel accepts for a connection.
    ///
    /// Without this bound the kernel accepts megabytes for a client that does not read. No budget counts these bytes,
    /// and the event loop spends milliseconds on copying them.
    private static let unsentBytes: Int32 = 256 * 1_024

    /// Accepts one waiting connection.
    ///
    /// The descriptor of the connection is non-blocking and closed on exec. For a TCP connection, Nagle's delay is switched off,
    /// and the kernel keeps at most `unsentBytes`.
    static func accept(from listener: Int32) -> Accepted {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let accepted = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { accept4(listener, $0, &length, flags) }
        }
        let code = errno
        guard accepted >= 0 else {
            switch code {
            case EAGAIN, EBADF, EINVAL, ENOTSOCK: return .wouldBlock
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
            default: return .retry
            }
        }
        let address = SocketAddress(storage: storage, length: length)
        if address.family == AF_UNIX { return .connection(accepted, .unixSocket) }
        setOption(accepted, Int32(IPPROTO_TCP), TCP_NODELAY)
        setOption(accepted, Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, to: unsentBytes)
        return .connection(accepted, Peer(address: address.resolved.host))
    }
}

/// Opens a listening socket for every address of a host.
enum Listening {
    /// Opens the sockets, all at the same port.
    ///
    /// If the port is 0, the system chooses one. An address family that the machine lacks is skipped if another address
    /// works; otherwise an address that cannot be used is an error.
    static func open(host: String, port: Int) throws(HTTPServerError) -> [ListeningSocket] {
        let listeners = try open(at: try addresses(host, port), port: port) { address throws(HTTPServerError) in
            let listener = try ListeningSocket(address)
            return (listener, listener.address.port)
        }
        if listeners.isEmpty { throw HTTPServerError(message: "host '\(host)' has no address to listen on") }
        return listeners
    }

    /// Opens a socket at each address by `listen`, which returns the socket and its port.
    static func open<Socket>(
        at addresses: [SocketAddress],
        port: Int,
        listen: (SocketAddress) throws(HTTPServerError) -> (Socket, port: Int?)
    ) throws(HTTPServerError) -> [Socket] {
        for _ in 1..<attempts where port == 0 {
            do {
                return try openOnce(at: addresses, port: port, listen: listen)
            } catch {
                // The port that the system chose for the first address is in use at another one.
                guard error.isAddressInUse else { throw error }
            }
        }
        return try openOnce(at: addresses, port: port, listen: listen)
    }

    private static let attempts = 8

    private static func openOnce<Socket>(
        at addresses: [SocketAddress],
        port: Int,
        listen: (SocketAddress) throws(HTTPServerError) -> (Socket, port: Int?)
    ) throws(HTTPServerError) -> [Socket] {
        var sockets: [Socket] = []
        var chosen = port
        var refusal: HTTPServerError?
        for address in addresses {
            do {
                let (socket, port) = try listen(port == 0 ? address.withPort(chosen) : address)
                chosen = port ?? chosen
                sockets.append(socket)
            } catch {
                guard error.code == EAFNOSUPPORT || error.code == EADDRNOTAVAIL else { throw error }
                refusal = error
            }
        }
        if sockets.isEmpty, let refusal { throw refusal }
        return sockets
    }

    private static func addresses(_ host: String, _ port: Int) throws(HTTPServerError) -> [SocketAddress] {
        guard (0...65_535).contains(port) else { throw HTTPServerError(message: "port \(port) is outside 0 to 65535") }
        do throws(UnresolvedHost) {
            return try SocketAddress.resolve(host: host, port: port)
        } catch {
            throw HTTPServerError(message: "host '\(host)' cannot be resolved: \(error.reason)")
        }
    }
}
