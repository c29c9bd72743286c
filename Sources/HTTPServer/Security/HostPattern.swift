import HTTPWire

/// A pattern of host names: `*.example.com`, `ml-*`, `*.execute-api.*.amazonaws.com`.
///
/// A first label `*` matches one or more labels. Any other star matches any characters within one label, so that a pattern does
/// not allow a name of another domain by accident.
struct HostPattern: Sendable {
    private let labels: [Glob]
    private let beginsWithWildcard: Bool
    private let port: Int?

    /// Parses a pattern with an optional port; nil if the text is not a valid pattern of host names.
    init?(_ text: String) {
        var text = text[...]
        var port: Int?
        if let colon = text.lastIndex(of: ":") {
            guard let number = UInt16(text[text.index(after: colon)...]) else { return nil }
            port = Int(number)
            text = text[..<colon]
        }
        var labels = text.utf8.map(ASCII.lowercased).split(
            separator: UInt8(ascii: "."),
            omittingEmptySubsequences: false
        )
        guard labels.allSatisfy({ !$0.isEmpty && $0.allSatisfy(Self.isPatternByte) }) else { return nil }
        beginsWithWildcard = labels.first.map { $0.elementsEqual("*".utf8) } ?? false
        if beginsWithWildcard { labels.removeFirst() }
        // `*.*` would match hosts of any owner, and `300.*` is a mistyped address.
        guard labels.joined().contains(where: Self.isLetter) else { return nil }
        self.labels = labels.map { Glob($0) }
        self.port = port
    }

    private static func isLetter(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") }

    private static func isPatternByte(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "*") || HostName.isNameByte(byte) }

    /// Whether the pattern matches this host; it never matches a numeric address.
    func matches(_ host: HostName) -> Bool {
        guard host.address == nil, port == nil || port == host.port else { return false }
        let parts = host.name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard beginsWithWildcard ? parts.count > labels.count : parts.count == labels.count else { return false }
        return zip(parts.suffix(labels.count), labels).allSatisfy { $1.matches($0) }
    }
}
