/// Resolves the escapes in a string of an `IN` list; returns nil if the string is ill-formed.
///
/// MLflow reads the strings of lists, and only these, as Python literals with backslash escapes. Only `\\`, `\'`, `\"`,
/// `\n`, `\r` and `\t` are resolved here; the other escapes of Python make a string ill-formed. A doubled quote makes it
/// ill-formed too, because in Python the quotes end one literal and begin another.
func unescapedListValue(_ text: String, quote: Unicode.Scalar) -> String? {
    var scalars = text.unicodeScalars.makeIterator()
    var result = String.UnicodeScalarView()
    while let scalar = scalars.next() {
        guard scalar == "\\" else {
            if scalar == "\n" || scalar == "\r" { return nil }
            if scalar == quote { return nil }
            result.append(scalar)
            continue
        }
        guard let escaped = scalars.next() else { return nil }
        switch escaped {
        case "\\", "'", "\"": result.append(escaped)
        case "n": result.append("\n")
        case "r": result.append("\r")
        case "t": result.append("\t")
        case "x", "u", "U", "N", "0"..."7", "a", "b", "f", "v", "\n", "\r": return nil
        default: result.append(contentsOf: ["\\", escaped])
        }
    }
    return String(result)
}
