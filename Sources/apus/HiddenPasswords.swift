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

    /// Returns the text with stars in place of its passwords.
    static func masked(_ text: String) -> String {
        var bytes = Array(text.utf8)
        for range in passwords(in: bytes).sorted(by: { $0.lowerBound > $1.lowerBound }) {
            bytes.replaceSubrange(range, with: Array("***".utf8))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The bytes between `USER:` and `@` of the first URI in a text, and those of libpq's options for passwords, in a URI as in
    /// the form `host=db password=…`.
    ///
    /// In what begins as an address of PostgreSQL, mistakes are allowed for, as in `postgresql//USER:PASSWORD@HOST` and a password
    /// with `/` or `?`.
    static func passwords(in text: [UInt8]) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var optionsBegin = 0
        if let begin = beginOfAuthority(text) {
            let end = text[begin...].firstIndex { slash == $0 || mark == $0 } ?? text.count
            var range = userInfo(text, begin..<end)
            if range == nil, isOfPostgres(text[..<begin]) {
                range = userInfo(text, begin..<(text[end...].firstIndex(of: mark) ?? text.count))
                if range == nil, !text[end...].contains(UInt8(ascii: "=")) {
                    range = userInfo(text, begin..<text.count)
                }
            }
            if let range { found.append(range) }
            optionsBegin = text[(range?.upperBound ?? end)...].firstIndex(of: mark) ?? text.count
        }
        return found + optionValues(text, from: optionsBegin)
    }

    private static let (slash, mark) = (UInt8(ascii: "/"), UInt8(ascii: "?"))
    private static let separators = Set("?& \t\n".utf8)

    /// The place after `://`, or after the name of PostgreSQL and the characters that belong to that mark; nil if there is neither.
    private static func beginOfAuthority(_ text: [UInt8]) -> Int? {
        if let mark = text.firstRange(of: Array("://".utf8)) { return mark.upperBound }
        guard let name = lowercased(text[...]).firstRange(of: postgres) else { return nil }
        let afterScheme = text[name.upperBound...].drop { $0 != slash && $0 != UInt8(ascii: ":") }
        return afterScheme.firstIndex { $0 != slash && $0 != UInt8(ascii: ":") }
    }

    private static let postgres = Array("postgres".utf8)

    private static func isOfPostgres(_ text: ArraySlice<UInt8>) -> Bool {
        lowercased(text).firstRange(of: postgres) != nil
    }

    private static func lowercased(_ text: ArraySlice<UInt8>) -> [UInt8] {
        text.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 + 32 : $0 }
    }

    /// The bytes between the first colon and the last `@`.
    private static func userInfo(_ text: [UInt8], _ part: Range<Int>) -> Range<Int>? {
        guard let at = text[part].lastIndex(of: UInt8(ascii: "@")),
            let colon = text[part.lowerBound..<at].firstIndex(of: UInt8(ascii: ":"))
        else { return nil }
        return colon + 1..<at
    }

    /// The values of libpq's options for passwords, each of which begins the text or follows a separator.
    private static func optionValues(_ text: [UInt8], from begin: Int) -> [Range<Int>] {
        var found: [Range<Int>] = []
        for start in text.indices[begin...] where start == 0 || separators.contains(text[start - 1]) {
            guard let name = names.first(where: { text[start...].starts(with: $0) }) else { continue }
            let value = text[(start + name.count)...]
            let isQuoted = value.first == UInt8(ascii: "'")
            let end = value.dropFirst().firstIndex { isQuoted ? $0 == UInt8(ascii: "'") : separators.contains($0) }
            let isEmpty = value.first.map(separators.contains) ?? true
            found.append(value.startIndex..<(isEmpty ? value.startIndex : end ?? value.endIndex))
        }
        return found
    }

    /// The options of libpq whose values are passwords.
    private static let names = ["password=", "sslpassword="].map { Array($0.utf8) }
}
