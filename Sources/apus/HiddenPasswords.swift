internal import Glibc

/// Hides passwords in the arguments of this process from other users of the machine, who see them with `ps`.
enum HiddenPasswords {
    /// Overwrites the password in each argument that has a URI with one.
    ///
    /// Must be called when the arguments have been copied, and before threads begin that read them.
    static func overwrite() {
        for index in 1..<max(Int(CommandLine.argc), 1) {
            guard let argument = CommandLine.unsafeArgv[index] else { continue }
            let bytes = UnsafeMutableBufferPointer(start: argument, count: strlen(argument))
            guard let range = passwords(in: bytes.map { UInt8(bitPattern: $0) }) else { continue }
            for position in range { bytes[position] = CChar(UInt8(ascii: "x")) }
        }
    }

    /// The bytes between `USER:` and `@` of the first URI in a text; nil if there are none.
    static func passwords(in text: [UInt8]) -> Range<Int>? {
        guard let begin = text.firstRange(of: Array("://".utf8))?.upperBound else { return nil }
        let end = text[begin...].firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? text.count
        guard let at = text[begin..<end].lastIndex(of: UInt8(ascii: "@")),
            let colon = text[begin..<at].firstIndex(of: UInt8(ascii: ":"))
        else { return nil }
        return colon + 1..<at
    }
}
