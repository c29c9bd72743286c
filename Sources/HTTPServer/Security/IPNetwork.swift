/// A range of IP addresses, such as `10.0.0.0/8`, or all clients of Unix sockets.
package struct IPNetwork: Sendable, Equatable {
    /// Nil for all clients of Unix sockets.
    private let address: IPAddress?
    private let prefixBits: Int

    /// Parses an address, an address with the length of a prefix in bits, or `unix`; nil for anything else.
    package init?(_ text: some StringProtocol) {
        if text == "unix" {
            (address, prefixBits) = (nil, 0)
            return
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = IPAddress(String(parts[0])) else { return nil }
        self.address = address
        guard parts.count == 2 else {
            prefixBits = address.bitCount
            return
        }
        guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let bits = Int(parts[1]),
            (0...address.bitCount).contains(bits)
        else { return nil }
        prefixBits = bits
    }

    /// Whether a client is in the range.
    /// - Parameter peer: a numeric address, or `unix` for a client of a Unix socket.
    package func contains(_ peer: String) -> Bool {
        guard let address else { return peer == "unix" }
        return IPAddress(peer).map { $0.begins(like: address, bits: prefixBits) } ?? false
    }
}
