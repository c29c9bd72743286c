internal import Coding

extension ModelVersionSource {
    /// Whether a path is that of `folder` or of a file or folder inside it.
    ///
    /// Both paths must be absolute and free of `.` and `..`.
    package static func isLocalPath(_ path: String, within folder: String) -> Bool {
        let slash = UInt8(ascii: "/")
        let segments = path.utf8.split(separator: slash)
        let root = folder.utf8.split(separator: slash)
        return segments.count >= root.count && zip(segments, root).allSatisfy { $0.elementsEqual($1) }
    }

    /// Whether a URI is `root` or is inside of `root`, with the same scheme and host.
    ///
    /// Path segments are compared after all percent-escapes are decoded, also nested ones.
    package static func isURI(_ uri: String, within root: String) -> Bool {
        let (inner, outer) = (LocationParts(uri), LocationParts(root))
        let (segments, rootSegments) = (decodedSegments(inner), decodedSegments(outer))
        return inner.scheme == outer.scheme
            && inner.authority.lowercased() == outer.authority.lowercased()
            && !rootSegments.isEmpty
            && segments.starts(with: rootSegments)
    }

    /// Whether a URI refers to artifacts that an MLflow server proxies: by its scheme or, over HTTP, by its path.
    static func isProxied(_ uri: String) -> Bool {
        let parts = LocationParts(cleaned(uri))
        if parts.scheme == "mlflow-artifacts" { return true }
        guard parts.scheme == "http" || parts.scheme == "https" else { return false }
        let segments = decodedSegments(parts)
        let route = ["api", "2.0", "mlflow-artifacts", "artifacts"].map { Array($0.utf8) }
        return segments.indices.contains { segments[$0...].starts(with: route) }
    }

    private static func decodedSegments(_ parts: LocationParts) -> [[UInt8]] {
        parts.path.utf8.split(separator: UInt8(ascii: "/")).map { fullyDecoded(Array($0), rounds: .max) }
    }

    /// Percent-decodes repeatedly until nothing changes, and reads each plus sign as a space, as MLflow does.
    ///
    /// Each round decodes an escape, or replaces a plus sign that an earlier round has decoded. So the limit on the length of a
    /// source also limits the number of rounds.
    static func decodedWithPluses(_ text: String) -> [UInt8] {
        var bytes = Array(text.utf8)
        while true {
            let decoded = PercentCoding.decodeLeniently(bytes.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 })
            if decoded == bytes { return bytes }
            bytes = decoded
        }
    }

    /// Removes control characters and spaces at the start, and tabs and line ends everywhere, as Python's URL parser
    /// does (https://url.spec.whatwg.org §4.4).
    static func cleaned(_ text: String) -> String {
        let scalars = text.unicodeScalars.drop { $0.value <= 0x20 }
        return String(String.UnicodeScalarView(scalars.filter { $0 != "\t" && $0 != "\r" && $0 != "\n" }))
    }
}

extension LocationParts {
    /// Whether the host has both brackets of an IPv6 address, or neither (RFC 3986 §3.2.2).
    var hasBalancedBrackets: Bool { authority.unicodeScalars.contains("[") == authority.unicodeScalars.contains("]") }
}

/// Splits `runs:/<run id>/<path>` into the run id and the path within the run's artifacts; nil for any other location.
package func runAndPath(of location: String) -> (runID: String, path: String)? {
    let parts = LocationParts(location)
    let segments = parts.path.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 1)
    guard parts.scheme == "runs", parts.authority.isEmpty, let first = segments.first else { return nil }
    let rest = segments.count > 1 ? segments[1] : "".utf8[...]
    return (String(decoding: first, as: UTF8.self), String(decoding: rest, as: UTF8.self))
}
