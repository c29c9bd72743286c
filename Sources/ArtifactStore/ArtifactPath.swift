/// The checked path of an artifact, relative to a root; this module has no other way to name a file.
///
/// These rules apply to every route and field with an artifact path. The text has been percent-decoded exactly once and
/// is used as it is, except that tabs and line breaks are removed: MLflow's server and clients remove them from every
/// path, and would not find a file whose name kept them. A path is refused if
/// - it is longer than `maximumBytes` or deeper than `maximumDepth`, or begins with `/`;
/// - a segment is empty (except after one slash at the end), longer than `maximumComponentBytes`, or contains NUL or `#`;
/// - a segment is `.` or `..`;
/// - a segment is a drive (`C:`) or begins with `file:`;
/// - a segment, split at its backslashes, would begin with an empty part or a drive, or contain a part `.` or `..`: a client
///   on Windows would write such a file outside of the folder to which it downloads;
/// - a segment would, if it were percent-decoded again, once or up to ten times, begin with a separator (`/`, `\`, `;`, `?`,
///   `#` or NUL), contain a part `.` or `..` between separators (as `%2e%2e` does), or name a drive or `file:`; or the tenth
///   decoding would still change it: this server does not decode a segment again, but other programs may;
/// - a segment begins with `.apus-upload-` or `.artifact.uploading.`, as the names of unfinished uploads do.
///
/// All other characters have no special meaning, as in the file system: `v1.0.`, ` lead`, `a\b`, `...`, `s3:`, `100%.txt`, `%41`,
/// `a..b`, `.hidden`, `a;b`, `a?b`, `a:b.txt`, `~`, `-rf`. Percent escapes of control characters are accepted, because MLflow
/// 2.22 puts `%` between the parts of an image's name (`loss%step%0%timestamp%17…`). Paths are compared by their bytes.
package struct ArtifactPath: Sendable, CustomStringConvertible {
    /// The longest component in UTF-8 bytes: NAME_MAX of the file systems of Linux.
    package static let maximumComponentBytes = 255
    /// The longest path in UTF-8 bytes, separators included.
    package static let maximumBytes = 4_096
    /// The largest number of components; it bounds the depth of a walk and the number of descriptors that a deletion keeps open.
    package static let maximumDepth = 128

    /// The root itself, which may be listed, but not opened, written or deleted.
    package static let root = ArtifactPath(components: [])

    /// The components from the root downwards.
    package let components: [String]
    /// The rule that forbids writing or deleting a file at this path; nil if none does.
    ///
    /// Such a path can still be read.
    package let obstacleToWriting: ArtifactError.PathRule?

    private init(components: [String], obstacleToWriting: ArtifactError.PathRule? = nil) {
        self.components = components
        self.obstacleToWriting = obstacleToWriting
    }

    /// Checks a path that has been percent-decoded exactly once; the empty text is the root.
    ///
    /// - Throws: `.invalidPath` with a rule that the text breaks; if segments break several rules, a rule that MLflow's server
    ///   has too is thrown first.
    package init(_ text: String) throws(ArtifactError) {
        let text = Self.withoutLineBreaksAndTabs(text)
        guard text.utf8.count <= Self.maximumBytes else { throw .invalidPath(.longPath) }
        let slash = UInt8(ascii: "/")
        if text.utf8.first == slash { throw .invalidPath(.absolute) }
        var segments = text.utf8.split(separator: slash, omittingEmptySubsequences: false)
        let isFolder = segments.count > 1 && segments.last?.isEmpty == true
        if isFolder || text.isEmpty { segments.removeLast() }
        var brokenRule: ArtifactError.PathRule?
        for segment in segments {
            guard let rule = Self.rule(brokenBy: segment) else { continue }
            if rule.isRuleOfMLflow { throw .invalidPath(rule) }
            brokenRule = brokenRule ?? rule
        }
        if let brokenRule { throw .invalidPath(brokenRule) }
        guard segments.count <= Self.maximumDepth else { throw .invalidPath(.longPath) }
        components = segments.map { String(Substring($0)) }
        obstacleToWriting = isFolder ? .trailingSlash : nil
    }

    /// The last component; nil for the root.
    package var name: String? { components.last }

    /// The folder above; nil for the root.
    package var parent: ArtifactPath? {
        components.isEmpty ? nil : ArtifactPath(components: Array(components.dropLast()))
    }

    /// The components joined by `/`; empty for the root.
    package var description: String { components.joined(separator: "/") }

    /// The beginning of the paths beneath this folder: `description` and a slash; empty for the root.
    package var prefix: String { components.isEmpty ? "" : description + "/" }

    /// This path followed by another one, such as a run's folder followed by the path that the client asked for.
    ///
    /// - Throws: `.invalidPath(.longPath)` if the joined path exceeds a limit.
    package func appending(_ suffix: ArtifactPath) throws(ArtifactError) -> ArtifactPath {
        let joined = components + suffix.components
        let bytes = joined.reduce(0) { $0 + $1.utf8.count + 1 }
        guard joined.count <= Self.maximumDepth, bytes <= Self.maximumBytes + 1 else {
            throw .invalidPath(.longPath)
        }
        return ArtifactPath(components: joined, obstacleToWriting: suffix.obstacleToWriting)
    }
}

extension ArtifactPath: Equatable {
    // String's own == treats canonically equivalent names as equal; the file system does not.
    package static func == (left: ArtifactPath, right: ArtifactPath) -> Bool {
        left.components.elementsEqual(right.components) { $0.utf8.elementsEqual($1.utf8) }
    }
}

extension ArtifactPath {
    /// Whether an `ArtifactPath` can name this entry of a folder; listings skip all other entries.
    package static func isNameable(_ name: String) -> Bool {
        !name.utf8.contains(where: isRemovedFromPaths) && rule(brokenBy: name.utf8[...]) == nil
    }

    private static func withoutLineBreaksAndTabs(_ text: String) -> String {
        guard text.utf8.contains(where: isRemovedFromPaths) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.filter { !"\t\n\r".unicodeScalars.contains($0) }))
    }

    static func isRemovedFromPaths(_ byte: UInt8) -> Bool { "\t\n\r".utf8.contains(byte) }
}
