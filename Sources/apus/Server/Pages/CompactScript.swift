/// Leaves out of a JavaScript module what only its readers need: comments, blank lines, indentation, and spaces beside symbols.
///
/// A line break stays where a statement may end at it. Strings, templates and regular expressions stay as they are. Whether a
/// slash begins a regular expression depends on what precedes it. In `static/`, a regular expression never follows a closing
/// bracket, so there a slash divides.
struct CompactScript {
    private let source: [Unicode.Scalar]
    private var index = 0
    private var compact = String.UnicodeScalarView()
    /// What lies between the last copied token and the next one.
    private var gap = Gap.none
    /// Whether the last copied token can end a value, so that a slash after it divides.
    private var followsValue = false
    /// For each open brace, whether it is that of a `${` in a template.
    private var braces: [Bool] = []

    private enum Gap {
        case none
        case space
        case line
    }

    /// Returns the compact text; nil if a string, a template, a regular expression or a comment does not end.
    ///
    /// The time is proportional to the length.
    static func text(of source: String) -> String? {
        var script = CompactScript(source)
        return script.copyAll() ? String(script.compact) : nil
    }

    private init(_ source: String) {
        self.source = Array(source.unicodeScalars)
        compact.reserveCapacity(self.source.count)
    }

    /// Returns a character; a null character behind the end.
    private func character(at index: Int) -> Unicode.Scalar { index < source.count ? source[index] : "\0" }

    private mutating func copyAll() -> Bool {
        while index < source.count {
            let isDone =
                switch (source[index], character(at: index + 1)) {
                case (" ", _), ("\t", _), ("\r", _), ("\n", _): skipSpace()
                case ("/", "/"): skipLineComment()
                case ("/", "*"): skipBlockComment()
                case ("/", _) where !followsValue: copyRegularExpression()
                case ("\"", _), ("'", _): copyString()
                case ("`", _): copyTemplatePart()
                case ("}", _) where braces.last == true: closeSubstitution()
                case (let first, _) where Self.isWord(first): copyWord()
                default: copySymbol()
                }
            guard isDone else { return false }
        }
        return braces.isEmpty
    }

    // MARK: What is left out

    private mutating func skipSpace() -> Bool {
        if source[index] == "\n" { gap = .line } else if gap == .none { gap = .space }
        index += 1
        return true
    }

    private mutating func skipLineComment() -> Bool {
        while index < source.count, source[index] != "\n" { index += 1 }
        return true
    }

    private mutating func skipBlockComment() -> Bool {
        index += 2
        if gap == .none { gap = .space }
        while index + 1 < source.count {
            if source[index] == "*", source[index + 1] == "/" {
                index += 2
                return true
            }
            if source[index] == "\n" { gap = .line }
            index += 1
        }
        return false
    }

    // MARK: What is copied

    /// Copies the characters up to an index, after a line break or a space where the two tokens need one.
    private mutating func copy(to end: Int, endsValue: Bool) -> Bool {
        if let last = compact.last {
            if gap == .line, mayEndStatement(last, before: source[index]) {
                compact.append("\n")
            } else if gap != .none, needsSpace(between: last, and: source[index]) {
                compact.append(" ")
            }
        }
        gap = .none
        compact.append(contentsOf: source[index..<end])
        index = end
        followsValue = endsValue
        return true
    }

    /// Whether a statement may end between the last character of a token and the first one of the next.
    private func mayEndStatement(_ last: Unicode.Scalar, before next: Unicode.Scalar) -> Bool {
        (followsValue || Self.isWord(last)) && !"})],;.?:&|".unicodeScalars.contains(next)
    }

    private func needsSpace(between last: Unicode.Scalar, and next: Unicode.Scalar) -> Bool {
        if Self.isWord(last), Self.isWord(next) { return true }
        // `1 .toString()`; and no two symbols may become another one, such as `++` or the beginning of a comment.
        if next == ".", ("0"..."9").contains(last) { return true }
        return switch last {
        case "+", "-": next == last
        // Flags would follow a regular expression.
        case "/": next == "/" || (followsValue ? Self.isWord(next) : next == "*")
        default: false
        }
    }

    private static func isWord(_ character: Unicode.Scalar) -> Bool {
        switch character {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "$", "#", "\\", "\u{80}"...: true
        default: false
        }
    }

    /// The words after which a value begins.
    private static let operators: Set<String> = [
        "await", "case", "default", "delete", "do", "else", "extends", "in", "instanceof", "new", "of", "return",
        "throw", "typeof", "void", "yield",
    ]

    private mutating func copyWord() -> Bool {
        var end = index
        while end < source.count, Self.isWord(source[end]) { end += 1 }
        let isProperty = compact.last == "."
        let word = String(String.UnicodeScalarView(source[index..<end]))
        return copy(to: end, endsValue: isProperty || !Self.operators.contains(word))
    }

    private mutating func copySymbol() -> Bool {
        let symbol = source[index]
        switch symbol {
        case "{": braces.append(false)
        case "}": guard braces.popLast() != nil else { return false }
        case "+", "-":
            // Nothing but a value precedes or follows `++` and `--`; a slash after one of them divides.
            if character(at: index + 1) == symbol { return copy(to: index + 2, endsValue: true) }
        default: break
        }
        return copy(to: index + 1, endsValue: symbol == ")" || symbol == "]" || symbol == "}")
    }

    private mutating func copyString() -> Bool {
        let quote = source[index]
        var end = index + 1
        while character(at: end) != quote {
            if character(at: end) == "\\" { end += 1 }
            guard end < source.count, source[end] != "\n" else { return false }
            end += 1
        }
        return copy(to: end + 1, endsValue: true)
    }

    private mutating func copyRegularExpression() -> Bool {
        var end = index + 1
        var isInClass = false
        while character(at: end) != "/" || isInClass {
            switch character(at: end) {
            case "\\": end += 1
            case "[": isInClass = true
            case "]": isInClass = false
            default: break
            }
            guard end < source.count, source[end] != "\n" else { return false }
            end += 1
        }
        return copy(to: end + 1, endsValue: true)
    }

    /// Goes on with the template around a `${…}` that ends here.
    private mutating func closeSubstitution() -> Bool {
        braces.removeLast()
        return copyTemplatePart()
    }

    /// Copies a part of a template: from its beginning, or from the `}` of a substitution, to its end or to the next `${`.
    private mutating func copyTemplatePart() -> Bool {
        var end = index + 1
        while character(at: end) != "`" {
            guard end < source.count else { return false }
            if source[end] == "$", character(at: end + 1) == "{" {
                braces.append(true)
                return copy(to: end + 2, endsValue: false)
            }
            end += source[end] == "\\" ? 2 : 1
        }
        return copy(to: end + 1, endsValue: true)
    }
}
