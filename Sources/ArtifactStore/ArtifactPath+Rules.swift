extension ArtifactPath {
    /// The beginnings of names that no client may use: unfinished uploads of ours and of the reference.
    private static let reservedPrefixes = [ArtifactUpload.namePrefix, ".artifact.uploading."]

    /// What keeps a segment from being a name; nil for a name.
    static func rule(brokenBy segment: Substring.UTF8View) -> ArtifactError.PathRule? {
        guard let first = segment.first, let last = segment.last else { return .emptySegment }
        let space = UInt8(ascii: " ")
        var hasEscape = false
        var hasParameter = false
        for byte in segment {
            switch byte {
            case 0..<0x20, 0x7F: return .controlCharacter
            case UInt8(ascii: "\\"): return .backslash
            case UInt8(ascii: "#"): return .fragment
            case UInt8(ascii: "%"): hasEscape = true
            case UInt8(ascii: ";"), UInt8(ascii: "?"): hasParameter = true
            default: continue
            }
        }
        if isDots(segment) { return dots(segment.count) }
        if hasParameter, segment.split(whereSeparator: isParameterMark).contains(where: { isDots($0) }) {
            return .dots
        }
        if first == space || last == space || last == dot { return .outerSpaceOrDot }
        if last == UInt8(ascii: ":") || isFileScheme(segment) { return .driveOrScheme }
        if hasEscape, isDisguise(segment) { return .disguise }
        if segment.count > maximumComponentBytes { return .longComponent }
        if reservedPrefixes.contains(where: { segment.starts(with: $0.utf8) }) { return .reservedName }
        return nil
    }

    private static var dot: UInt8 { UInt8(ascii: ".") }

    private static func dots(_ count: Int) -> ArtifactError.PathRule {
        switch count {
        case 1: .currentSegment
        case 2: .parentSegment
        default: .dots
        }
    }

    private static func isDots(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { $0 == dot }
    }

    /// Where servers that know path parameters or queries end a name.
    private static func isParameterMark(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ";") || byte == UInt8(ascii: "?")
    }

    private static func isFileScheme(_ bytes: some Sequence<UInt8>) -> Bool {
        // Setting bit 0x20 folds ASCII letters and leaves the colon alone.
        bytes.prefix(5).map { $0 | 0x20 }.elementsEqual("file:".utf8)
    }

    /// Whether the segment would be another path if it were decoded again, as often as the reference decodes.
    private static func isDisguise(_ segment: some Sequence<UInt8>) -> Bool {
        var bytes = Array(segment)
        for _ in 0..<10 {
            let decoded = percentDecoded(bytes)
            if decoded.count == bytes.count { return false }
            bytes = decoded
            // NUL ends a name for whoever hands it to C.
            let parts = bytes.split(omittingEmptySubsequences: false) { "/\\\0;?#".utf8.contains($0) }
            guard let first = parts.first, !first.isEmpty else { return true }
            if parts.contains(where: { isDots($0) }) || isFileScheme(first) || isDrive(first) { return true }
        }
        return true
    }

    private static func isDrive(_ part: ArraySlice<UInt8>) -> Bool {
        part.count == 2 && part.last == UInt8(ascii: ":")
    }

    /// Decodes what are escapes and leaves every other `%` as it is.
    private static func percentDecoded(_ bytes: [UInt8]) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2, digits.allSatisfy(isHexadecimal),
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                decoded.append(value)
                rest = rest.dropFirst(2)
            } else {
                decoded.append(byte)
            }
        }
        return decoded
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }
}
