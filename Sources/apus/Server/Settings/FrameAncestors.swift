internal import Coding
internal import HTTPServer

/// The pages that may show the server's answers in a frame (Content Security Policy Level 3, §6.4.2).
struct FrameAncestors: Sendable {
    private let origins: [String]

    /// - Returns: nil if the list is empty.
    /// - Throws: `StartFailure` if an element of the list is not an origin. `*` is refused, because it would allow every page.
    init?(_ setting: Setting) throws(StartFailure) {
        origins = setting.text.split { $0 == "," || $0 == " " }.map(String.init)
        guard !origins.isEmpty else { return nil }
        if let origin = origins.first(where: { !Self.isOrigin($0) }) {
            throw StartFailure(
                "'\(origin.printable(limit: 200))' in \(setting.source) is not an origin; allow origins such as "
                    + "https://hub.example.org or https://*.example.org, or every page with --x-frame-options NONE."
            )
        }
    }

    /// The value of the field `Content-Security-Policy`.
    var policy: String { "frame-ancestors 'self' " + origins.joined(separator: " ") }

    /// Whether a text is an http or https origin, perhaps with `*.` before its host name or `:*` for every port.
    private static func isOrigin(_ text: String) -> Bool {
        guard let scheme = ["https://", "http://"].first(where: { text.hasPrefix($0) }) else { return false }
        var host = text.dropFirst(scheme.count)
        if host.hasPrefix("*.") { host = host.dropFirst(2) }
        if host.hasSuffix(":*") { host = host.dropLast(2) }
        // The host is copied into a header field: a star, or a character that ends the directive, would allow other origins.
        let isPlain = host.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: ".-:[]_".utf8.contains(byte)
            }
        }
        return isPlain && OriginPolicy.isValidEntry(scheme + host)
    }
}
