internal import Coding

/// The URI or path of a folder of artifacts.
///
/// The location is stored and shown to clients; this type never opens it.
package struct ArtifactLocation: Sendable, Equatable {
    package let uri: String

    package init(_ uri: String) { self.uri = uri }

    /// The scheme in lower case (RFC 3986 §3.1); nil for a path without a scheme.
    package var scheme: String? {
        guard let colon = uri.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let candidate = uri[..<colon]
        guard let first = candidate.unicodeScalars.first, first.isASCII, first.properties.isAlphabetic else {
            return nil
        }
        let isLegal = candidate.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        return isLegal ? candidate.lowercased() : nil
    }

    /// The bucket of an `s3://` URI; nil for another location, and for one without a bucket.
    package var bucket: String? {
        let start = "s3://"
        guard scheme == "s3", uri.utf8.count > start.utf8.count, uri.dropFirst(3).utf8.starts(with: "//".utf8) else {
            return nil
        }
        let bucket = uri.utf8.dropFirst(start.utf8.count).prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        return bucket.isEmpty ? nil : String(Substring(bucket))
    }

    /// Returns the location with a relative path appended to its path, before the query and the fragment.
    package func appending(_ relativePath: String) -> ArtifactLocation {
        guard let scheme else { return ArtifactLocation(Self.join(uri, relativePath)) }
        let bytes = uri.utf8
        let end = bytes.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? bytes.endIndex
        let tail = String(uri[end...])
        var head = String(uri[..<end])
        // MLflow turns `file:/x` into `file:///x` when it appends a path.
        if scheme == "file", head.hasPrefix("file:/"), !head.hasPrefix("file://") {
            head = "file://" + head.dropFirst("file:".count)
        }
        return ArtifactLocation(Self.join(head, relativePath) + tail)
    }

    private static func join(_ base: String, _ relativePath: String) -> String {
        let suffix = relativePath.drop { $0 == "/" }
        if base.isEmpty || base.hasSuffix("/") { return base + suffix }
        return base + "/" + suffix
    }
}

extension ArtifactLocation {
    /// The path of a `file:` URI (RFC 8089), percent-decoded once.
    ///
    /// Only for a location whose scheme is `file`.
    /// - Throws: `.invalidParameterValue` if the URI names a host other than this machine or has an invalid escape.
    package var localPath: String {
        get throws(TrackingError) {
            var rest = uri.dropFirst("file:".count)
            if rest.hasPrefix("//") {
                rest = rest.dropFirst(2)
                let host = rest.prefix { $0 != "/" }
                guard host.isEmpty || host == "localhost" else {
                    throw .invalidParameter(
                        "The artifact location '\(uri)' names a host; a file: URI may only name localhost, or no host."
                    )
                }
                rest = rest.dropFirst(host.count)
            }
            guard let path = PercentCoding.decode(rest) else {
                throw .invalidParameter(
                    "The artifact location '\(uri)' has an invalid percent-escape. Write a percent sign as %25."
                )
            }
            return path
        }
    }
}
