internal import Glibc

/// Hides passwords in the arguments of this process from other users of the machine, who see them with `ps`.
enum HiddenPasswords {
    /// Overwrites the passwords in each argument that has a URI with some.
    ///
    /// Must be called when the arguments have been copied, and before threads begin that read them.
    static func overwrite() {
        for index in 1..<max(Int(CommandLine.argc), 1) {
            guard let argument = CommandLine.unsafeArgv[index] else { continue }
            let bytes = UnsafeMutableBufferPointer(start: argument, count: strlen(argument))
            for range in passwords(in: bytes.map { UInt8(bitPattern: $0) }) {
                for position in range { bytes[position] = CChar(UInt8(ascii: "x")) }
            }
        }
    }

    /// The bytes between `USER:` and `@` of the first URI in a text, and those of its options for passwords.
    static func passwords(in text: [UInt8]) -> [Range<Int>] {
        guard let begin = text.firstRange(of: Array("://".utf8))?.upperBound else { return [] }
        let end = text[begin...].firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? text.count
        var found: [Range<Int>] = []
        if let at = text[begin..<end].lastIndex(of: UInt8(ascii: "@")),
            let colon = text[begin..<at].firstIndex(of: UInt8(ascii: ":"))
        {
            found.append(colon + 1..<at)
        }
        guard let mark = text[end...].firstIndex(of: UInt8(ascii: "?")) else { return found }
        for option in text[(mark + 1)...].split(separator: UInt8(ascii: "&")) {
            guard let name = names.first(where: { option.starts(with: $0) }) else { continue }
            found.append(option.startIndex + name.count..<option.endIndex)
        }
        return found
    }

    /// The options of libpq whose values are passwords.
    private static let names = ["password=", "sslpassword="].map { Array($0.utf8) }
}
