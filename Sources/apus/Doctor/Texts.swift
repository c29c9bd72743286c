extension UInt8 {
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    var isDigitOrDot: Bool { isDigit || self == UInt8(ascii: ".") }

    /// Whether a character may stand in a host name; the underscore is common in compose networks.
    var isHostByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: isDigitOrDot
        }
    }
}

extension StringProtocol {
    var trimmingSlashes: String {
        var text = self[...]
        while text.hasSuffix("/") { text = text.dropLast() }
        return String(text)
    }

    /// One line for a terminal: control and format characters become blanks, and long text is cut.
    func printable(limit: Int) -> String {
        var shown = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            guard shown.count < limit else { return String(shown) + "..." }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: shown.append(" ")
            default: shown.append(scalar)
            }
        }
        return String(shown)
    }
}
