internal import Glibc

/// Finds the passwords in addresses, also in addresses with mistakes.
///
/// It overwrites those in the arguments of this process, because other users of the machine can see the arguments with `ps`.
enum HiddenPasswords {
    struct Match {
        /// The password with the bytes around it by which it is recognized, such as `:PASSWORD@` or `password=PASSWORD`.
        let context: Range<Int>
        let password: Range<Int>
    }

    /// Overwrites the passwords in the arguments of this process with the letter x.
    ///
    /// Must be called after the arguments were copied, and before the start of threads that read them. Arguments after the `--`
    /// of `apus run` are not changed, because they are passed to the command that it starts.
    static func overwrite() {
        let isRun = CommandLine.argc > 1 && CommandLine.unsafeArgv[1].map { strcmp($0, "run") == 0 } ?? false
        for index in 1..<max(Int(CommandLine.argc), 1) {
            guard let argument = CommandLine.unsafeArgv[index] else { continue }
            if isRun, strcmp(argument, "--") == 0 { break }
            let bytes = UnsafeMutableBufferPointer(start: argument, count: strlen(argument))
            for range in passwords(in: bytes.map { UInt8(bitPattern: $0) }) {
                for position in range { bytes[position] = CChar(UInt8(ascii: "x")) }
            }
        }
    }

    /// Returns the ranges of the passwords in a text: what is between `USER:` and `@` in the first address, and the values of
    /// libpq's options for passwords, in a URI or in the form `host=db password=…`.
    static func passwords(in text: [UInt8]) -> [Range<Int>] { matches(in: text).map(\.password) }

    /// Returns the passwords in a text with an address.
    ///
    /// The address may contain mistakes: `postgresql//USER:PASSWORD@HOST`, a missing scheme, or a password with `/`, `?` or `@`.
    /// If it is not clear where the password ends, the longest possible password is returned.
    static func matches(in text: [UInt8]) -> [Match] {
        guard let address = AddressBeginning(text) else { return optionValues(text, from: 0) }
        guard let range = userInfo(text, address) else {
            let end = text[address.index...].firstIndex { slash == $0 || questionMark == $0 } ?? text.count
            return optionValues(text, from: address.isOfDatabase ? end : 0)
        }
        let context = range.lowerBound - 1..<min(range.upperBound + 1, text.count)
        return [Match(context: context, password: range)] + optionValues(text, from: range.upperBound)
    }

    fileprivate static let (slash, questionMark, colon, at) = (
        UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: ":"), UInt8(ascii: "@")
    )
    private static let blanks = Set(" \t\r\n".utf8)

    /// Returns the text with stars in place of its passwords.
    static func masked(_ text: [UInt8]) -> [UInt8] {
        var bytes = text
        for range in passwords(in: text).reversed() { bytes.replaceSubrange(range, with: Array("***".utf8)) }
        return bytes
    }

    // MARK: Users

    /// The password of the user: the bytes between the first colon and an `@` after the beginning of an address.
    private static func userInfo(_ text: [UInt8], _ address: AddressBeginning) -> Range<Int>? {
        let begin = address.index
        let authorityEnd = text[begin...].firstIndex { slash == $0 || questionMark == $0 } ?? text.count
        let inAuthority = between(text, begin..<authorityEnd)
        switch address.kind {
        case .database:
            let options = text[begin...].indices.first { startsOptions(text, $0) } ?? text.count
            return between(text, begin..<options) ?? inAuthority
        case .other:
            if let inAuthority { return inAuthority }
            guard let range = between(text, begin..<text.count) else { return nil }
            // If only digits follow the colon, they are a port, and the `@` is in the path.
            let first = text[range].prefix { $0 != slash && $0 != questionMark }
            let isPort = first.allSatisfy { (0x30...0x39).contains($0) }
            return isPort || text[begin..<range.lowerBound].contains(slash) ? nil : range
        case .unnamed:
            guard let range = between(text, begin..<text.count),
                !text[begin..<range.lowerBound].contains(slash),
                !text[begin..<range.upperBound].contains(where: blanks.contains)
            else { return nil }
            return range
        }
    }

    /// The bytes between the first colon and the last `@` in a part of a text.
    private static func between(_ text: [UInt8], _ part: Range<Int>) -> Range<Int>? {
        guard let at = text[part].lastIndex(of: at), let colon = text[part.lowerBound..<at].firstIndex(of: colon)
        else { return nil }
        return colon + 1..<at
    }

    /// Whether a question mark is followed by the name of an option of libpq, and is therefore not a part of a password.
    private static func startsOptions(_ text: [UInt8], _ index: Int) -> Bool {
        guard text[index] == questionMark else { return false }
        let name = text[(index + 1)...].prefix { $0 != UInt8(ascii: "=") }
        return name.endIndex < text.count && PostgresURI.options.contains(String(decoding: name, as: UTF8.self))
    }

    // MARK: Options

    /// The values of options for passwords after an index of a text.
    private static func optionValues(_ text: [UInt8], from begin: Int) -> [Match] {
        var matches: [Match] = []
        var index = begin
        while let equals = text[index...].firstIndex(of: UInt8(ascii: "=")) {
            index = equals + 1
            let nameEnd = text[begin..<equals].lastIndex { !blanks.contains($0) }.map { $0 + 1 } ?? begin
            let nameBegin = text[begin..<nameEnd].lastIndex { !isLetter($0) }.map { $0 + 1 } ?? begin
            let name = String(decoding: text[nameBegin..<nameEnd], as: UTF8.self).lowercased()
            guard endings.contains(where: name.hasSuffix) else { continue }
            let valueBegin = text[index...].firstIndex { !blanks.contains($0) } ?? text.count
            let end = endOfValue(text, from: valueBegin)
            matches.append(Match(context: nameBegin..<end, password: valueBegin..<end))
            index = end
        }
        return matches
    }

    private static func endOfValue(_ text: [UInt8], from begin: Int) -> Int {
        let quote = text[begin...].first.flatMap { [UInt8(ascii: "'"), UInt8(ascii: "\"")].contains($0) ? $0 : nil }
        var index = quote == nil ? begin : begin + 1
        while index < text.count {
            if text[index] == UInt8(ascii: "\\") {
                index += 1
            } else if let quote {
                if text[index] == quote { return index }
            } else if blanks.contains(text[index]) || isBetweenOptions(text, index) {
                return index
            }
            index += 1
        }
        return text.count
    }

    /// Whether an ampersand is followed by a name and `=`, and is therefore between two options and not a part of a password.
    private static func isBetweenOptions(_ text: [UInt8], _ index: Int) -> Bool {
        guard text[index] == UInt8(ascii: "&") else { return false }
        let name = text[(index + 1)...].prefix(while: isLetter)
        return !name.isEmpty && name.endIndex < text.count && text[name.endIndex] == UInt8(ascii: "=")
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        let lower = byte | 0x20
        return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lower) || byte == UInt8(ascii: "_")
    }

    /// The ends of the names of options whose values are passwords.
    private static let endings = ["password", "passwd", "pwd"]
}

/// The position in a text at which the user or the host of an address begins.
private struct AddressBeginning {
    enum Kind {
        /// An address of PostgreSQL, also with a misspelled scheme.
        case database
        /// An address with `://`.
        case other
        /// A text without `://`, which may be an address without its scheme.
        case unnamed
    }

    let index: Int
    let kind: Kind
    var isOfDatabase: Bool { kind == .database }

    /// Returns nil for a text that cannot contain an address.
    init?(_ text: [UInt8]) {
        let (slash, colon) = (HiddenPasswords.slash, HiddenPasswords.colon)
        let schemeSeparator = text.firstRange(of: Array("://".utf8))
        let lower = text.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 + 32 : $0 }
        let name = Self.names.lazy.compactMap { lower.firstRange(of: $0) }.first
        if let schemeSeparator {
            index = schemeSeparator.upperBound
            kind = name.map { $0.upperBound <= schemeSeparator.lowerBound } == true ? .database : .other
        } else if let name {
            let afterScheme = text[name.upperBound...].drop { $0 != slash && $0 != colon }
            guard let begin = afterScheme.firstIndex(where: { $0 != slash && $0 != colon }) else { return nil }
            (index, kind) = (begin, .database)
        } else {
            // In an argument such as `--to=ADDRESS`, the address begins after the equals sign.
            let dash = UInt8(ascii: "-")
            let value = text.first == dash ? text.firstIndex(of: UInt8(ascii: "=")).map { $0 + 1 } ?? 0 : 0
            let rest = text[value...]
            guard let first = rest.firstIndex(of: colon) else { return nil }
            let isScheme = first + 1 < text.count && text[first + 1] == slash
            let begin = isScheme ? first : rest.starts(with: [slash, slash]) ? value : nil
            let afterSlashes = begin.flatMap { start in
                text[start...].firstIndex { $0 != slash && $0 != colon }
            }
            (index, kind) = (afterSlashes ?? value, .unnamed)
        }
    }

    /// The beginnings of PostgreSQL's scheme, and of usual misspellings of it.
    private static let names = ["postgres", "postg", "psql"].map { Array($0.utf8) }
}
