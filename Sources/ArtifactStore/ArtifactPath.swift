/// The name of an artifact beneath a root, proven harmless: the only way to name a file in this module.
///
/// Holds zero or more components; none is empty, `.` or `..`. Characters are literal: `%`, `#`, `;` and `?` mean
/// themselves, nothing is decoded here. Paths compare by their bytes.
package struct ArtifactPath: Sendable, CustomStringConvertible {
    /// The longest component in UTF-8 bytes: NAME_MAX of the file systems of Linux.
    package static let maximumComponentBytes = 255
    /// The longest path in UTF-8 bytes, separators included.
    package static let maximumBytes = 4_096
    /// The largest number of components; bounds the walk and the descriptors held by a deletion.
    package static let maximumDepth = 128

    /// The root itself: may be listed, but neither opened, written nor deleted.
    package static let root = ArtifactPath(components: [])

    /// The segments from the root down.
    package let components: [String]
    /// What keeps the path from naming a file to be written: reading is lenient where the reference is.
    let obstacleToWriting: ArtifactError.PathRule?

    private init(components: [String], obstacleToWriting: ArtifactError.PathRule? = nil) {
        self.components = components
        self.obstacleToWriting = obstacleToWriting
    }

    /// Checks a path that has been percent-decoded exactly once.
    ///
    /// Empty segments and `.` are dropped, as the reference does where it reads; the empty text is the root. A `%` is a
    /// character like any other, but a path that would become absolute or hold `..` if it were decoded again, up to
    /// ten times, is refused as the reference refuses it.
    /// - Throws: `.invalidPath` with the rule that the text breaks.
    package init(_ text: String) throws(ArtifactError) {
        try Self.check(text)
        try Self.checkDisguises(of: text)
        var components: [String] = []
        var obstacle: ArtifactError.PathRule?
        for segment in text.utf8.split(separator: UInt8(ascii: "/")) {
            let component = String(Substring(segment))
            if component == "." {
                obstacle = .currentSegment
                continue
            }
            try Self.check(component: component)
            components.append(component)
        }
        guard components.count <= Self.maximumDepth else { throw .invalidPath(.longPath) }
        if text.utf8.last == UInt8(ascii: "/") { obstacle = obstacle ?? .trailingSlash }
        self.components = components
        self.obstacleToWriting = obstacle
    }

    /// The last component; nil for the root.
    package var name: String? { components.last }

    /// The components joined by `/`; empty for the root.
    package var description: String { components.joined(separator: "/") }

    /// This path followed by another one, say a run's folder followed by what the client asked for.
    ///
    /// - Throws: `.invalidPath(.longPath)` when the whole exceeds a limit.
    package func appending(_ suffix: ArtifactPath) throws(ArtifactError) -> ArtifactPath {
        let whole = components + suffix.components
        let bytes = whole.reduce(0) { $0 + $1.utf8.count + 1 }
        guard whole.count <= Self.maximumDepth, bytes <= Self.maximumBytes + 1 else {
            throw .invalidPath(.longPath)
        }
        return ArtifactPath(components: whole, obstacleToWriting: suffix.obstacleToWriting)
    }
}

extension ArtifactPath: Equatable {
    // String's own == takes canonically equivalent names for equal; the file system does not.
    package static func == (left: ArtifactPath, right: ArtifactPath) -> Bool {
        left.components.elementsEqual(right.components) { $0.utf8.elementsEqual($1.utf8) }
    }
}

extension ArtifactPath {
    /// The beginnings of names that no client may use: unfinished uploads of ours and of the reference.
    private static let reservedPrefixes = [ArtifactUpload.namePrefix, ".artifact.uploading."]

    private static func check(_ text: String) throws(ArtifactError) {
        guard text.utf8.count <= maximumBytes else { throw .invalidPath(.longPath) }
        if text.utf8.first == UInt8(ascii: "/") { throw .invalidPath(.absolute) }
        let front = Array(text.utf8.prefix(5))
        if front.count >= 2, front[1] == UInt8(ascii: ":"), isLetter(front[0]) { throw .invalidPath(.driveOrScheme) }
        // Setting bit 0x20 folds ASCII letters and leaves the colon alone.
        if front.map({ $0 | 0x20 }).elementsEqual("file:".utf8) { throw .invalidPath(.driveOrScheme) }
        for byte in text.utf8 {
            if byte < 0x20 || byte == 0x7F { throw .invalidPath(.controlCharacter) }
            if byte == UInt8(ascii: "\\") { throw .invalidPath(.backslash) }
        }
    }

    /// Nothing here decodes again; the refusal keeps such names from those who might.
    private static func checkDisguises(of text: String) throws(ArtifactError) {
        var bytes = Array(text.utf8)
        // As often as the reference decodes.
        for _ in 0..<10 where bytes.contains(UInt8(ascii: "%")) {
            let decoded = percentDecoded(bytes)
            if decoded.count == bytes.count { return }
            bytes = decoded
            if bytes.first == UInt8(ascii: "/") { throw .invalidPath(.absolute) }
            let segments = bytes.split { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
            if segments.contains(where: { $0.elementsEqual("..".utf8) }) { throw .invalidPath(.parentSegment) }
        }
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

    private static func check(component: String) throws(ArtifactError) {
        if component == ".." { throw .invalidPath(.parentSegment) }
        guard component.utf8.count <= maximumComponentBytes else { throw .invalidPath(.longComponent) }
        if isReserved(component) { throw .invalidPath(.reservedName) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isReserved(_ name: String) -> Bool {
        reservedPrefixes.contains { name.utf8.starts(with: $0.utf8) }
    }

    /// Whether a client could name this entry of a folder; what it cannot name is left out of listings.
    static func isNameable(_ name: String) -> Bool {
        guard !isReserved(name) else { return false }
        return !name.utf8.contains { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\\") }
    }
}
