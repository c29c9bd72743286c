extension StringProtocol {
    /// The text in one line for a terminal: control and format characters become spaces, and `...` replaces what
    /// exceeds `limit` Unicode scalars.
    package func printable(limit: Int) -> String {
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
