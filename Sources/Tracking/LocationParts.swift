internal import Coding

/// Schemes of URIs that make a client connect to the host in the URI.
private let connectingSchemes: Set<String> = [
    "ftp", "sftp", "hdfs", "viewfs", "http", "https", "mlflow-artifacts", "r2", "b2", "abfss",
]

/// Schemes whose last path segment may have parameters after a semicolon (RFC 1808 §2.1); "" stands for a plain path.
private let schemesWithParameters: Set<String> = ["", "ftp", "http", "https", "sftp"]

/// The parts of a location by RFC 3986 §3, with parameters by RFC 1808 §2.1.
struct LocationParts {
    let scheme: String
    let authority: Substring
    /// The path without parameters, query and fragment; not percent-decoded.
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
            let afterSlashes = Substring(rest.utf8.dropFirst(2))
            let slash = afterSlashes.unicodeScalars.firstIndex(of: "/") ?? afterSlashes.endIndex
            authority = afterSlashes[..<slash]
            rest = afterSlashes[slash...]
        } else {
            authority = ""
        }
        let segment = rest.unicodeScalars.lastIndex(of: "/").map { rest[$0...] } ?? rest
        parameters = schemesWithParameters.contains(scheme) ? Self.cut(segment, at: ";").1 : ""
        path = rest[..<(parameters.isEmpty ? rest.endIndex : rest.utf8.index(before: parameters.startIndex))]
    }

    // Searches Unicode scalars, because Swift treats a divider that a combining mark follows as a single, different character.
    private static func cut(_ text: Substring, at divider: Unicode.Scalar) -> (Substring, Substring) {
        let scalars = text.unicodeScalars
        guard let index = scalars.firstIndex(of: divider) else { return (text, "") }
        return (text[..<index], text[scalars.index(after: index)...])
    }
}

/// Percent-decodes the bytes repeatedly until nothing changes, but by default at most ten times, as MLflow does.
func fullyDecoded(_ bytes: [UInt8], rounds: Int = 10) -> [UInt8] {
    var current = bytes
    for _ in 0..<rounds {
        let decoded = PercentCoding.decodeLeniently(current)
        if decoded == current { break }
        current = decoded
    }
    return current
}

extension LocationParts {
    /// Throws if the scheme makes clients connect to the host in the URI, unless a trusted root has the same scheme and host.
    ///
    /// - Parameters:
    ///   - field: the name of the parameter in the message.
    ///   - trustedRoots: the configured artifact roots.
    /// - Throws: `.invalidParameterValue`.
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
                    + "Use a location beneath that storage, or the URI of an object store."
            )
        }
    }
}

extension [UInt8] {
    /// Whether the bytes contain two dots in a row.
    var containsParentReference: Bool {
        let dot = UInt8(ascii: ".")
        return zip(self, dropFirst()).contains { $0 == dot && $1 == dot }
    }
}
