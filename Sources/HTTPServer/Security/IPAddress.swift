import Glibc

/// A parsed numeric address, so that address ranges are compared as numbers and not as text.
package struct IPAddress: Sendable, Hashable {
    /// 4 bytes for IPv4, 16 for IPv6; an IPv4 address that is mapped into IPv6 is stored as IPv4.
    private let bytes: [UInt8]

    /// Parses an IPv4 address of four decimal numbers, or an IPv6 address without brackets; nil for anything else.
    ///
    /// Zones (`%eth0`) and the short and octal forms of IPv4 are refused too.
    package init?(_ text: String) {
        guard text.utf8.count <= 45 else { return nil }
        if let four = Self.parse(text, AF_INET, 4) {
            bytes = four
        } else if let sixteen = Self.parse(text, AF_INET6, 16) {
            let isMapped = sixteen[..<10].allSatisfy { $0 == 0 } && sixteen[10] == 0xFF && sixteen[11] == 0xFF
            bytes = isMapped ? Array(sixteen[12...]) : sixteen
        } else {
            return nil
        }
    }

    private static func parse(_ text: String, _ family: Int32, _ count: Int) -> [UInt8]? {
        var result = [UInt8](repeating: 0, count: count)
        return result.withUnsafeMutableBytes { inet_pton(family, text, $0.baseAddress) } == 1 ? result : nil
    }

    /// Whether the address is in 127.0.0.0/8 or is ::1 (RFC 6890).
    package var isLoopback: Bool {
        bytes.count == 4 ? bytes[0] == 127 : bytes[..<15].allSatisfy { $0 == 0 } && bytes[15] == 1
    }

    /// Whether the address is 0.0.0.0 or ::, which reach this machine when its own programs connect to them.
    package var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }

    /// Whether the address is not routed on the Internet: private (RFC 1918, fc00::/7) or link-local (RFC 3927, fe80::/10).
    package var isPrivate: Bool {
        if bytes.count == 4 {
            return bytes[0] == 10
                || (bytes[0] == 172 && bytes[1] & 0xF0 == 16)
                || (bytes[0] == 192 && bytes[1] == 168)
                || (bytes[0] == 169 && bytes[1] == 254)
        }
        return bytes[0] & 0xFE == 0xFC || (bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80)
    }

    /// The first 64 bits of an IPv6 address, the prefix of a network whose hosts can use any address with this prefix;
    /// nil for IPv4.
    package var network: [UInt8]? { bytes.count == 16 ? Array(bytes[..<8]) : nil }

    /// The length of the address in bits: 32 or 128.
    var bitCount: Int { bytes.count * 8 }

    /// Whether the first `bits` bits equal those of another address; false if one is IPv4 and the other IPv6.
    func begins(like other: IPAddress, bits: Int) -> Bool {
        guard bytes.count == other.bytes.count else { return false }
        let (whole, rest) = (bits / 8, bits % 8)
        guard bytes.prefix(whole) == other.bytes.prefix(whole) else { return false }
        return rest == 0 || (bytes[whole] ^ other.bytes[whole]) >> UInt8(8 - rest) == 0
    }

    /// The four numbers of an IPv4 address; nil for IPv6.
    var octets: [UInt8]? { bytes.count == 4 ? bytes : nil }
}
