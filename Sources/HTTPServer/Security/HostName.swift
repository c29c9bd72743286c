import HTTPWire

/// The host of a Host field or an origin, parsed and normalized.
package struct HostName: Sendable, Hashable {
    /// The name or address in lower case, without brackets, port or trailing dot.
    package let name: String
    /// The parsed address; nil if the name is not a numeric address.
    package let address: IPAddress?
    /// The port; nil when none was given.
    package let port: Int?

    /// Parses `name`, `name:port`, `1.2.3.4:port`, `[::1]` or `[::1]:port`; nil for anything else.
    package init?(_ text: String) {
        let bytes = Array(text.utf8.map(ASCII.lowercased))
        var nameBytes: ArraySlice<UInt8>
        var portBytes: ArraySlice<UInt8>?
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            nameBytes = bytes[1..<end]
            let rest = bytes[(end + 1)...]
            if !rest.isEmpty {
                guard rest.first == UInt8(ascii: ":") else { return nil }
                portBytes = rest.dropFirst()
            }
        } else if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
            nameBytes = bytes[..<colon]
            portBytes = bytes[(colon + 1)...]
        } else {
            nameBytes = bytes[...]
        }
        var port: Int?
        if let portBytes, !portBytes.isEmpty {
            let digits = Array(portBytes)
            guard let number = digits.withUnsafeBytes(ASCII.decimal), number <= 65_535 else { return nil }
            port = number
        }
        let isBracketed = bytes.first == UInt8(ascii: "[")
        // A name with a trailing dot is the same name, written in full (RFC 1034 §3.1).
        if !isBracketed, nameBytes.last == UInt8(ascii: ".") { nameBytes = nameBytes.dropLast() }
        guard !nameBytes.isEmpty, isBracketed || nameBytes.allSatisfy(Self.isNameByte) else { return nil }
        name = String(decoding: nameBytes, as: UTF8.self)
        address = IPAddress(name)
        if isBracketed, address == nil { return nil }
        self.port = port
    }

    static func isNameByte(_ byte: UInt8) -> Bool {
        (byte >= 0x61 && byte <= 0x7A) || (byte >= 0x30 && byte <= 0x39)
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
    }

    /// Whether the host is `localhost` or a loopback address.
    package var isLocal: Bool { name == "localhost" || (address?.isLoopback ?? false) }
}
