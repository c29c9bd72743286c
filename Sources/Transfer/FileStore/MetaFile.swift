/// A parsed `meta.yaml` of MLflow: a mapping whose values are texts or mappings of texts.
///
/// Reads all forms in which PyYAML's safe dumper writes such values: plain, single-quoted and double-quoted texts, which may have
/// several lines. Lists are skipped; block texts, anchors and tags are errors.
struct MetaFile {
    private var texts: [String: String] = [:]
    private var mappings: [String: [(key: String, value: String)]] = [:]

    /// - Throws: `SourceFailure` with the number of the line that cannot be read.
    init(_ text: String) throws(SourceFailure) {
        var reader = MetaReader(text)
        while let (indent, key) = try reader.nextKey() {
            guard indent == 0 else { throw reader.failure("is indented") }
            if let value = try reader.value(deeperThan: 0) {
                texts[key] = value.text
                continue
            }
            var pairs: [(key: String, value: String)] = []
            while let depth = reader.indentOfNextKey, depth > 0 {
                guard let (inner, name) = try reader.nextKey() else { break }
                pairs.append((name, try reader.value(deeperThan: inner)?.text ?? ""))
            }
            mappings[key] = pairs
        }
    }

    /// The text of a key; nil if the key is missing, or its value is null or not a text.
    subscript(key: String) -> String? { texts[key] }

    /// The pairs of a mapping; empty if the key is missing or its value is not a mapping.
    func pairs(_ key: String) -> [(key: String, value: String)] { mappings[key] ?? [] }
}

/// Reads the keys and values of a YAML text line by line.
private struct MetaReader {
    private let lines: [Substring]
    private var index = 0
    /// The text after the current key and its colon.
    private var rest: Substring = ""

    init(_ text: String) {
        // The text is split by scalars, because "\r\n" is a single character of a String.
        lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            Substring(line.last == "\r" ? line.dropLast() : line)
        }
    }

    func failure(_ what: String) -> SourceFailure { SourceFailure("line \(index) \(what), which is not understood") }

    private static func indent(of line: Substring) -> Int { line.unicodeScalars.prefix { $0 == " " }.count }

    private static func isBlank(_ line: Substring) -> Bool { line.allSatisfy { $0 == " " || $0 == "\t" } }

    private func isSkipped(_ line: Substring) -> Bool {
        let content = line.drop { $0 == " " }
        return Self.isBlank(line) || content.hasPrefix("#") || content.hasPrefix("---") || content == "-"
            || content.hasPrefix("- ")
    }

    /// The indent of the next line with a key; nil at the end.
    var indentOfNextKey: Int? { lines[index...].first { !isSkipped($0) }.map(Self.indent) }

    /// Moves to the next line with a key, and returns the indent and the key; nil at the end.
    mutating func nextKey() throws(SourceFailure) -> (Int, String)? {
        while index < lines.endIndex, isSkipped(lines[index]) { index += 1 }
        guard index < lines.endIndex else { return nil }
        let line = lines[index]
        index += 1
        let indent = Self.indent(of: line)
        let content = line.drop { $0 == " " }
        if let quote = content.first, quote == "'" || quote == "\"" {
            let (key, end) = try quotedText(content, quote)
            guard end.hasPrefix(":") else { throw failure("has no colon") }
            rest = end.dropFirst().drop { $0 == " " }
            return (indent, key)
        }
        guard let colon = content.indices.first(where: { content[$0] == ":" && Self.endsKey(content, $0) }) else {
            throw failure("has no colon")
        }
        guard colon > content.startIndex else { throw failure("has no key") }
        rest = content[content.index(after: colon)...].drop { $0 == " " }
        return (indent, String(content[..<colon]))
    }

    private static func endsKey(_ content: Substring, _ colon: Substring.Index) -> Bool {
        let next = content.index(after: colon)
        return next == content.endIndex || content[next] == " "
    }

    /// Reads the value of the current key; nil if the value is a mapping or a list; the text of a null value is nil.
    mutating func value(deeperThan indent: Int) throws(SourceFailure) -> (text: String?, Void)? {
        guard let first = rest.first else {
            // PyYAML does not indent lists, so deeper lines are a mapping.
            return indentOfNextKey.map { $0 > indent } == true || index < lines.endIndex && isList(lines[index])
                ? nil : (nil, ())
        }
        switch first {
        case "'", "\"": return (try quotedText(rest, first).text, ())
        case "|", ">", "&", "*", "!", "%", "@", "`": throw failure("begins a value with '\(first)'")
        case "[", "{":
            guard rest == "[]" || rest == "{}" else { throw failure("has a list or mapping in brackets") }
            return (nil, ())
        default: return (plainText(deeperThan: indent), ())
        }
    }

    private func isList(_ line: Substring) -> Bool { line.drop { $0 == " " }.hasPrefix("-") }

    /// Reads a text without quotes, which may continue on the next lines.
    private mutating func plainText(deeperThan indent: Int) -> String? {
        var text = FoldedText(Self.withoutComment(rest))
        while index < lines.endIndex {
            let line = lines[index]
            if Self.isBlank(line) {
                let next = lines[index...].firstIndex { !Self.isBlank($0) } ?? lines.endIndex
                guard next < lines.endIndex, Self.indent(of: lines[next]) > indent else { break }
                // All blank lines are read at once. Looking ahead from each of them would take quadratic time.
                while index < next {
                    text.add(lines[index])
                    index += 1
                }
                continue
            } else if Self.indent(of: line) <= indent {
                break
            }
            text.add(line)
            index += 1
        }
        return ["null", "~", "Null", "NULL"].contains(text.text) ? nil : text.text
    }

    private static func withoutComment(_ text: Substring) -> Substring {
        guard let comment = text.firstRange(of: " #") else { return text }
        return text[..<comment.lowerBound]
    }

    /// Reads a text in quotes, which may continue on the next lines, and returns also the rest of its last line.
    private mutating func quotedText(
        _ start: Substring,
        _ quote: Character
    ) throws(SourceFailure) -> (text: String, Substring) {
        var scalars = String.UnicodeScalarView()
        var rest = start.dropFirst().unicodeScalars
        let closingQuote: Unicode.Scalar = quote == "'" ? "'" : "\""
        while true {
            while let scalar = rest.popFirst() {
                if scalar == closingQuote {
                    guard closingQuote == "'", rest.first == "'" else { return (String(scalars), Substring(rest)) }
                    rest.removeFirst()
                    scalars.append("'")
                } else if scalar == "\\", closingQuote == "\"" {
                    guard let kind = rest.popFirst() else {
                        // An escaped line break and the blanks at the start of the next line are not part of the text.
                        try readNextLine(&rest)
                        continue
                    }
                    scalars.append(try escape(kind, &rest))
                } else {
                    scalars.append(scalar)
                }
            }
            while let last = scalars.last, last == " " || last == "\t" { scalars.removeLast() }
            var breaks = 0
            repeat {
                try readNextLine(&rest)
                breaks += 1
            } while rest.isEmpty
            if breaks == 1 {
                scalars.append(" ")
            } else {
                scalars.append(contentsOf: repeatElement("\n", count: breaks - 1))
            }
        }
    }

    private mutating func readNextLine(_ rest: inout Substring.UnicodeScalarView) throws(SourceFailure) {
        guard index < lines.endIndex else { throw failure("ends within quotes") }
        rest = lines[index].unicodeScalars.drop { $0 == " " || $0 == "\t" }
        index += 1
    }

    private func escape(
        _ kind: Unicode.Scalar,
        _ rest: inout Substring.UnicodeScalarView
    ) throws(SourceFailure) -> Unicode.Scalar {
        let simple: [Unicode.Scalar: Unicode.Scalar] = [
            "0": "\0", "a": "\u{7}", "b": "\u{8}", "t": "\t", "n": "\n", "v": "\u{B}", "f": "\u{C}", "r": "\r",
            "e": "\u{1B}", " ": " ", "\"": "\"", "/": "/", "\\": "\\", "N": "\u{85}", "_": "\u{A0}", "L": "\u{2028}",
            "P": "\u{2029}",
        ]
        if let scalar = simple[kind] { return scalar }
        let lengths: [Unicode.Scalar: Int] = ["x": 2, "u": 4, "U": 8]
        guard let length = lengths[kind] else { throw failure("has an unknown escape") }
        let digits = String(rest.prefix(length))
        guard digits.unicodeScalars.count == length, let number = UInt32(digits, radix: 16),
            let scalar = Unicode.Scalar(number)
        else { throw failure("has a broken escape") }
        rest = rest.dropFirst(length)
        return scalar
    }
}

/// A text without quotes: YAML joins its lines with spaces, and reads blank lines as newlines.
private struct FoldedText {
    private(set) var text: String
    private var breaks = 0

    init(_ line: Substring) { text = Self.trimmed(line) }

    mutating func add(_ line: Substring) {
        let content = Self.trimmed(line)
        breaks += 1
        if content.isEmpty { return }
        text += breaks == 1 ? " " : String(repeating: "\n", count: breaks - 1)
        text += content
        breaks = 0
    }

    private static func trimmed(_ line: Substring) -> String {
        var content = line.unicodeScalars.drop { $0 == " " || $0 == "\t" }
        while let last = content.last, last == " " || last == "\t" { content.removeLast() }
        return String(content)
    }
}
