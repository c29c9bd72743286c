internal import Coding

extension ArtifactPath {
    /// The beginnings of the names that Apus and MLflow give to unfinished uploads; no client may use them.
    private static let reservedPrefixes = [ArtifactUpload.namePrefix, ".artifact.uploading."]

    /// The rule that a segment breaks; nil for a valid name.
    static func rule(brokenBy segment: Substring.UTF8View) -> ArtifactError.PathRule? {
        guard !segment.isEmpty else { return .emptySegment }
        var hasEscape = false
        var hasBackslash = false
        for byte in segment {
            switch byte {
            case 0: return .nul
            case UInt8(ascii: "#"): return .fragment
            case UInt8(ascii: "%"): hasEscape = true
            case UInt8(ascii: "\\"): hasBackslash = true
            default: continue
            }
        }
        if isDots(segment) { return segment.count == 1 ? .currentSegment : .parentSegment }
        if hasBackslash, leadsElsewhereOnWindows(segment) { return .backslash }
        if isDrive(segment) || isFileScheme(segment) { return .driveOrScheme }
        if hasEscape, decodesToOtherPath(segment) { return .doubleEncoding }
        if segment.count > maximumComponentBytes { return .longComponent }
        if reservedPrefixes.contains(where: { segment.starts(with: $0.utf8) }) { return .reservedName }
        return nil
    }

    /// Whether the segment is one or two dots.
    private static func isDots(_ bytes: some Collection<UInt8>) -> Bool {
        (1...2).contains(bytes.count) && bytes.allSatisfy { $0 == UInt8(ascii: ".") }
    }

    /// Whether a client that treats the backslash as a separator would write outside of the folder to which it downloads.
    private static func leadsElsewhereOnWindows(_ segment: Substring.UTF8View) -> Bool {
        let parts = segment.split(separator: UInt8(ascii: "\\"), omittingEmptySubsequences: false)
        guard let first = parts.first, !first.isEmpty else { return true }
        return isDrive(first) || parts.contains { isDots($0) }
    }

    private static func isFileScheme(_ bytes: some Sequence<UInt8>) -> Bool {
        // Bit 0x20 makes ASCII letters lower case and is already set in the colon.
        bytes.prefix(5).map { $0 | 0x20 }.elementsEqual("file:".utf8)
    }

    /// Whether the segment would name a different path if it were percent-decoded again, up to ten times, as MLflow decodes.
    private static func decodesToOtherPath(_ segment: some Sequence<UInt8>) -> Bool {
        var bytes = Array(segment)
        for _ in 0..<10 {
            let decoded = PercentCoding.decodeLeniently(bytes)
            if decoded.count == bytes.count { return false }
            bytes = decoded.filter { !isRemovedFromPaths($0) }
            // NUL ends a name for a program that passes the name to C.
            let parts = bytes.split(omittingEmptySubsequences: false) { "/\\\0;?#".utf8.contains($0) }
            guard let first = parts.first, !first.isEmpty else { return true }
            if parts.contains(where: { isDots($0) }) || isFileScheme(first) || isDrive(first) { return true }
        }
        return true
    }

    /// Whether the part is a drive such as `C:`.
    private static func isDrive(_ part: some Collection<UInt8>) -> Bool {
        guard part.count == 2, let letter = part.first else { return false }
        let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(letter | 0x20)
        return isLetter && part.elementsEqual([letter, UInt8(ascii: ":")])
    }
}
