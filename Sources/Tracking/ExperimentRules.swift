/// Refuses an experiment name that MLflow does not allow: the empty one and one of more than 500 scalars
/// (`_validate_experiment_name` in `validation.py`).
package func validateExperimentName(_ name: String) throws(TrackingError) {
    guard !name.isEmpty else { throw .invalidParameter("Invalid experiment name: ''") }
    _ = try name.checked("name", limit: TrackingLimits.experimentNameLength)
}

/// Refuses an `artifact_location` that MLflow does not allow (`_validate_storage_location_uri` in `handlers.py`).
///
/// Refused are fragments and parameters, `..` in the query however often it is encoded, `runs:` URIs, `file:` URIs of
/// another host, control characters, more than 2,048 scalars, and schemes whose repository connects to the host in the
/// URI, unless `trustedRoots` (the configured artifact roots) has the same scheme and host. `..` in the path is legal:
/// the location is text for the client.
package func validateArtifactLocation(_ text: String, trustedRoots: [String] = []) throws(TrackingError) {
    guard !text.isLonger(than: TrackingLimits.artifactLocationLength) else {
        throw .invalidParameter(
            "Invalid artifact path length. The length of the artifact path cannot be greater than "
                + "\(TrackingLimits.artifactLocationLength) characters."
        )
    }
    guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
        throw .invalidValue(text, path: "artifact_location", "It must not contain control characters.")
    }
    let parts = LocationParts(text)
    guard parts.fragment.isEmpty, parts.parameters.isEmpty else {
        throw .invalidParameter("'artifact_location' URL can't include fragments or params.")
    }
    guard !fullyDecoded(Array(parts.query.utf8)).containsParentReference else {
        throw .invalidParameter("Invalid query string")
    }
    guard parts.scheme != "runs" else {
        throw .invalidParameter("Artifact location cannot be a runs:/ URI. Given: '\(text)'")
    }
    try validateHost(parts, in: text, trustedRoots: trustedRoots)
}

private func validateHost(_ parts: LocationParts, in text: String, trustedRoots: [String]) throws(TrackingError) {
    if parts.scheme == "file" {
        let local: Set<String> = ["", ".", "localhost", "127.0.0.1"]
        guard local.contains(parts.authority.lowercased()) else {
            throw .invalidParameter("\(text) is not a valid remote uri. Use a file URI without a host.")
        }
    }
    // `mlflow-artifacts:/path` without a host means this server.
    let meansThisServer = parts.scheme == "mlflow-artifacts" && parts.authority.isEmpty
    guard connectingSchemes.contains(parts.scheme), !meansThisServer else { return }
    let isTrusted = trustedRoots.contains { root in
        let rootParts = LocationParts(root)
        return rootParts.scheme == parts.scheme && rootParts.authority.lowercased() == parts.authority.lowercased()
    }
    guard isTrusted else {
        throw .invalidParameter(
            "'artifact_location' cannot use the '\(parts.scheme)' scheme: the '\(parts.scheme)' scheme addresses a "
                + "host other than the tracking server's configured artifact storage"
        )
    }
}

/// Schemes whose artifact repositories connect to the host that the URI names.
private let connectingSchemes: Set<String> = [
    "ftp", "sftp", "hdfs", "viewfs", "http", "https", "mlflow-artifacts", "r2", "b2", "abfss",
]

/// Schemes (and plain paths) whose last path segment may carry parameters after a semicolon (RFC 1808 §2.1).
private let schemesWithParameters: Set<String> = ["", "ftp", "http", "https", "sftp"]

/// A location taken apart as RFC 3986 §3 and, for parameters, RFC 1808 §2.1 have it.
private struct LocationParts {
    let scheme: String
    let authority: Substring
    let parameters: Substring
    let query: Substring
    let fragment: Substring

    init(_ text: String) {
        scheme = ArtifactLocation(text).scheme ?? ""
        var rest = text[...]
        if !scheme.isEmpty { rest = rest.dropFirst(scheme.count + 1) }
        (rest, fragment) = Self.cut(rest, at: "#")
        (rest, query) = Self.cut(rest, at: "?")
        if rest.hasPrefix("//") {
            let behind = rest.dropFirst(2)
            let slash = behind.firstIndex(of: "/") ?? behind.endIndex
            authority = behind[..<slash]
            rest = behind[slash...]
        } else {
            authority = ""
        }
        let segment = rest.lastIndex(of: "/").map { rest[$0...] } ?? rest
        parameters = schemesWithParameters.contains(scheme) ? Self.cut(segment, at: ";").1 : ""
    }

    private static func cut(_ text: Substring, at divider: Character) -> (Substring, Substring) {
        guard let index = text.firstIndex(of: divider) else { return (text, "") }
        return (text[..<index], text[text.index(after: index)...])
    }
}

/// Percent-decodes until nothing changes, ten times at most, as the reference does.
private func fullyDecoded(_ bytes: [UInt8]) -> [UInt8] {
    var current = bytes
    for _ in 0..<10 {
        let decoded = percentDecoded(current)
        if decoded == current { break }
        current = decoded
    }
    return current
}

private func percentDecoded(_ bytes: [UInt8]) -> [UInt8] {
    var decoded: [UInt8] = []
    var index = 0
    while index < bytes.count {
        if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
            let high = Character(Unicode.Scalar(bytes[index + 1])).hexDigitValue,
            let low = Character(Unicode.Scalar(bytes[index + 2])).hexDigitValue
        {
            decoded.append(UInt8(high * 16 + low))
            index += 3
        } else {
            decoded.append(bytes[index])
            index += 1
        }
    }
    return decoded
}

extension [UInt8] {
    fileprivate var containsParentReference: Bool {
        let dot = UInt8(ascii: ".")
        return zip(self, dropFirst()).contains { $0 == dot && $1 == dot }
    }
}
