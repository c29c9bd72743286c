/// Leaves out of a style sheet what only its readers need: comments, blank lines, indentation, and spaces beside symbols.
///
/// Strings and escapes stay as they are, and so do the spaces that are part of a selector or of `calc()`.
struct CompactStyle {
    private let source: [Unicode.Scalar]
    private var index = 0
    private var compact = String.UnicodeScalarView()
    /// Whether a space or a comment lies between the last copied character and the next one, and whether a line ends there.
    private var gap = (isOpen: false, endsLine: false)

    /// Returns the compact text; nil if a string or a comment does not end.
    ///
    /// The time is proportional to the length.
    static func text(of source: String) -> String? {
        var style = CompactStyle(source)
        return style.copyAll() ? String(style.compact) : nil
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
                case ("/", "*"): skipComment()
                case ("\"", _), ("'", _): copyString()
                case ("\\", _): copy(to: min(index + 2, source.count))
                default: copy(to: index + 1)
                }
            guard isDone else { return false }
        }
        return true
    }

    private mutating func skipSpace() -> Bool {
        gap = (true, gap.endsLine || source[index] == "\n")
        index += 1
        return true
    }

    private mutating func skipComment() -> Bool {
        index += 2
        while index + 1 < source.count {
            if source[index] == "*", source[index + 1] == "/" {
                index += 2
                gap.isOpen = true
                return true
            }
            index += 1
        }
        return false
    }

    /// Copies the characters up to an index, after a line break or a space where they need one.
    private mutating func copy(to end: Int) -> Bool {
        let next = source[index]
        if next == "}", compact.last == ";" { compact.removeLast() }
        if gap.isOpen, let last = compact.last {
            // A colon may begin a pseudo-class, before which a space counts.
            let isBesideSymbol = "{};,:".unicodeScalars.contains(last) || "{};,".unicodeScalars.contains(next)
            if last == "}", gap.endsLine, next != "}" {
                compact.append("\n")
            } else if !isBesideSymbol {
                compact.append(" ")
            }
        }
        gap = (false, false)
        compact.append(contentsOf: source[index..<end])
        index = end
        return true
    }

    private mutating func copyString() -> Bool {
        let quote = source[index]
        var end = index + 1
        while character(at: end) != quote {
            if character(at: end) == "\\" { end += 1 }
            guard end < source.count else { return false }
            end += 1
        }
        return copy(to: end + 1)
    }
}
