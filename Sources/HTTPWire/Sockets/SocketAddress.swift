package import Glibc

/// The host and port of a server or of its peer.
package struct HTTPAddress: Sendable, Hashable, CustomStringConvertible {
    /// The numeric address, without brackets.
    package let host: String
    package let port: Int
    package let isIPv6: Bool

    /// The host and port as they are written in a URL: `127.0.0.1:5000`, `[::1]:5000`.
    package var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// The address on which a server listens: a host and port, or the path of a Unix socket.
package enum ListeningAddress: Sendable, Hashable {
    case network(HTTPAddress)
    case unix(path: String)

    /// The port; nil for a Unix socket.
    package var port: Int? {
        if case .network(let address) = self { address.port } else { nil }
    }
}

/// A socket address in the kernel's format.
package struct SocketAddress {
    package private(set) var storage: sockaddr_storage
    package let length: socklen_t

    /// AF_INET, AF_INET6 or AF_UNIX.
    package var family: Int32 { Int32(storage.ss_family) }

    package init(storage: sockaddr_storage, length: socklen_t) {
        self.storage = storage
        self.length = length
    }

    /// The address that a socket is bound to; nil if the system call fails.
    package init?(localOf descriptor: Int32) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard result == 0 else { return nil }
        self.init(storage: storage, length: length)
    }

    /// Calls `body` with a pointer for a system call; the pointer is valid only until `body` returns.
    package func withPointer<Result>(_ body: (UnsafePointer<sockaddr>) -> Result) -> Result {
        withUnsafePointer(to: storage) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body) }
    }

    /// The host and port as text; an IPv4 address of an IPv6 socket (`::ffff:…`) is written as IPv4.
    package var resolved: HTTPAddress {
        let isIPv6 = family == AF_INET6
        let text = withUnsafeTemporaryAllocation(byteCount: Int(INET6_ADDRSTRLEN) + 1, alignment: 1) { buffer in
            guard let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self) else { return "" }
            let found = withUnsafeBytes(of: storage) { bytes -> UnsafePointer<CChar>? in
                let offset = isIPv6 ? 8 : 4
                guard let address = bytes.baseAddress?.advanced(by: offset) else { return nil }
                return inet_ntop(family, address, base, socklen_t(buffer.count))
            }
            return found == nil ? "" : String(cString: base)
        }
        let mapped = "::ffff:"
        if isIPv6, text.hasPrefix(mapped), text.contains(".") {
            return HTTPAddress(host: String(text.dropFirst(mapped.count)), port: port, isIPv6: false)
        }
        return HTTPAddress(host: text, port: port, isIPv6: isIPv6)
    }

    /// The path of a Unix socket, or `@` and the name of an abstract socket; nil for other families.
    package var unixPath: String? {
        guard family == AF_UNIX else { return nil }
        let start = MemoryLayout<sa_family_t>.size
        return withUnsafeBytes(of: storage) { bytes in
            let name = bytes[start..<max(start, min(Int(length), bytes.count))]
            let isAbstract = name.first == 0
            let path = String(decoding: name.dropFirst(isAbstract ? 1 : 0).prefix { $0 != 0 }, as: UTF8.self)
            return (isAbstract ? "@" : "") + path
        }
    }

    /// The port: in both IP families, two bytes in network order after the family (netinet/in.h).
    private var port: Int { withUnsafeBytes(of: storage) { Int($0[2]) << 8 | Int($0[3]) } }

    /// The same address with another port.
    package func withPort(_ port: Int) -> SocketAddress {
        var copy = self
        withUnsafeMutableBytes(of: &copy.storage) { bytes in
            bytes[2] = UInt8(truncatingIfNeeded: port >> 8)
            bytes[3] = UInt8(truncatingIfNeeded: port)
        }
        return copy
    }

    /// Asks the resolver for the addresses of a host name or a literal address; blocks until it answers.
    ///
    /// - Returns: the addresses in the resolver's order, each once; at least one.
    package static func resolve(host: String, port: Int) throws(UnresolvedHost) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let literal = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        let code = getaddrinfo(literal, String(port), &hints, &list)
        guard code == 0 else { throw UnresolvedHost(reason: String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var seen: Set<HTTPAddress> = []
        var next = list
        while let entry = next {
            next = entry.pointee.ai_next
            guard let raw = entry.pointee.ai_addr else { continue }
            var storage = sockaddr_storage()
            let length = min(Int(entry.pointee.ai_addrlen), MemoryLayout<sockaddr_storage>.size)
            withUnsafeMutableBytes(of: &storage) {
                $0.copyMemory(from: UnsafeRawBufferPointer(start: raw, count: length))
            }
            let address = SocketAddress(storage: storage, length: socklen_t(length))
            if seen.insert(address.resolved).inserted { addresses.append(address) }
        }
        guard !addresses.isEmpty else { throw UnresolvedHost(reason: "the name has no address") }
        return addresses
    }
}

/// The resolver's reason why it found no address for a host.
package struct UnresolvedHost: Error {
    package let reason: String
}
