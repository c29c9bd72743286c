internal import Coding

/// Schemes whose artifact repositories connect to the host that the URI names.
private let connectingSchemes: Set<String> = [
    "ftp", "sftp", "hdfs", "viewfs", "http", "https", "mlflow-artifacts", "r2", "b2", "abfss",
]

/// Schemes (and plain paths) whose last path segment may carry parameters after a semicolon (RFC 1808 §2.1).
private let schemesWithParameters: Set<String> = ["", "ftp", "http", "https", "sftp"]

/// A location taken apart as RFC 3986 §3 and, for parameters, RFC 1808 §2.1 have it.
struct LocationParts {
    let scheme: String
    let authority: Substring
    /// Without its parameters, query and fragment; not decoded.
    let path: Substring
    let parameters: Substring
    let query: Substring
    let fragment: Substring

    init(_ text: String) {
        scheme = ArtifactLocation(text).scheme ?? ""
        var rest = text[...]
        if !scheme.isEmpty { rest = Substring(rest.utf8.dropFirst(scheme.utf8.count + 1)) }
        (rest, fragment) = Self.cut(rest, at: "#")
        (rest, query) = Self.cut(rest, at: "?")
        if rest.utf8.starts(with: "//".utf8) {
            let behind = Substring(rest.utf8.dropFirst(2))
            let slash = behind.unicodeScalars.firstIndex(of: "/") ?? behind.endIndex
            authority = behind[..<slash]
            rest = behind[slash...]
        } else {
            authority = ""
        }
        let segment = rest.unicodeScalars.lastIndex(of: "/").map { rest[$0...] } ?? rest
        parameters = schemesWithParameters.contains(scheme) ? Self.cut(segment, at: ";").1 : ""
        path = rest[..<(parameters.isEmpty ? rest.endIndex : rest.utf8.index(before: parameters.startIndex))]
    }

    // By scalars: a combining mark behind a divider would hide it from a search for characters.
    private static func cut(_ text: Substring, at divider: Unicode.Scalar) -> (Substring, Substring) {
        let scalars = text.unicodeScalars
        guard let index = scalars.firstIndex(of: divider) else { return (text, "") }
        return (text[..<index], text[scalars.index(after: index)...])
    }
}

/// Percent-decodes until nothing changes, ten times at most, as the reference does.
func fullyDecoded(_ bytes: [UInt8]) -> [UInt8] {
    var current = bytes
    for _ in 0..<10 {
        let decoded = PercentCoding.decodeLeniently(current)
        if decoded == current { break }
        current = decoded
    }
    return current
}

extension LocationParts {
    /// Refuses a scheme whose repository connects to the host in the URI, unless a configured root has both.
    func requireTrustedHost(field: String, trustedRoots: [String]) throws(TrackingError) {
        // `mlflow-artifacts:/path` without a host means this server.
        let meansThisServer = scheme == "mlflow-artifacts" && authority.isEmpty
        guard connectingSchemes.contains(scheme), !meansThisServer else { return }
        let isTrusted = trustedRoots.contains { root in
            let rootParts = LocationParts(root)
            return rootParts.scheme == scheme && rootParts.authority.lowercased() == authority.lowercased()
        }
        guard isTrusted else {
            throw .invalidParameter(
                "'\(field)' cannot use the '\(scheme)' scheme: the '\(scheme)' scheme addresses a "
                    + "host other than the tracking server's configured artifact storage. "
                    + "Use a location beneath it, or the URI of an object store."
            )
        }
    }
}

extension [UInt8] {
    var containsParentReference: Bool {
        let dot = UInt8(ascii: ".")
        return zip(self, dropFirst()).contains { $0 == dot && $1 == dot }
    }
}
