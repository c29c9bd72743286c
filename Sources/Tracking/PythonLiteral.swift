/// Formats a text as a Python string literal with quotes; MLflow's messages quote texts this way.
package func pythonLiteral(_ text: String) -> String {
    let quote: Unicode.Scalar =
        text.utf8.contains(UInt8(ascii: "'")) && !text.utf8.contains(UInt8(ascii: "\"")) ? "\"" : "'"
    var literal = String(quote)
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\n": literal += "\\n"
        case "\r": literal += "\\r"
        case "\t": literal += "\\t"
        case "\\": literal += "\\\\"
        case quote: literal += "\\" + String(quote)
        default: literal.unicodeScalars.append(scalar)
        }
    }
    return literal + String(quote)
}
