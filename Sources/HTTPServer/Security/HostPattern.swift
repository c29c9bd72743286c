import HTTPWire

/// A host name with stars: `*.example.com`, `ml-*`, `*.execute-api.*.amazonaws.com`.
///
/// A label `*` at the front stands for one label or more; any other star for characters without a dot, so that a pattern
/// never allows a name that somebody else can register.
struct HostPattern: Sendable {
    private let labels: [Glob]
    private let hasOpenFront: Bool
    private let port: Int?

    /// Nil when it is no pattern of names.
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
        hasOpenFront = labels.first.map { $0.elementsEqual("*".utf8) } ?? false
        if hasOpenFront { labels.removeFirst() }
        // Of `*.*` nothing is left that is one's own, and `300.*` is an address that was mistyped.
        guard labels.joined().contains(where: Self.isLetter) else { return nil }
        self.labels = labels.map { Glob($0) }
        self.port = port
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
    }

    private static func isPatternByte(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "*") || HostName.isNameByte(byte)
    }

    /// Whether it stands for this host; for an address never.
    func matches(_ host: HostName) -> Bool {
        guard host.address == nil, port == nil || port == host.port else { return false }
        let parts = host.name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard hasOpenFront ? parts.count > labels.count : parts.count == labels.count else { return false }
        return zip(parts.suffix(labels.count), labels).allSatisfy { $1.matches($0) }
    }
}
