internal import Coding

/// The value of `Content-Disposition` that makes a browser save the artifact instead of showing it (RFC 6266).
///
/// A name with other characters than printable ASCII is sent as `filename*` (RFC 8187), beside a similar name in ASCII
/// for old clients, as MLflow's server does. The value never contains a control character.
package func contentDisposition(forName name: String) -> String {
    if name.utf8.allSatisfy(isPrintable) { return "attachment; filename=\(headerValue(name))" }
    let approximation = asciiApproximation(of: name)
    let fallback = approximation.isEmpty ? "download" : approximation
    // RFC 8187 §3.2.1: everything but `attr-char` is percent-encoded.
    let extended = PercentCoding.encode(name, unescaped: "!#$&+-.^_`|~")
    return "attachment; filename=\(headerValue(fallback)); filename*=UTF-8''\(extended)"
}

/// The text as it is if it is a token (RFC 9110 §5.6.2), otherwise as a quoted string.
private func headerValue(_ text: String) -> String {
    if !text.isEmpty, text.utf8.allSatisfy({ isAlphanumeric($0) || "!#$%&'*+-.^_`|~".utf8.contains($0) }) {
        return text
    }
    var quoted = "\""
    for scalar in text.unicodeScalars {
        if scalar == "\"" || scalar == "\\" { quoted.append("\\") }
        quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
}

private func isPrintable(_ byte: UInt8) -> Bool { (0x20..<0x7F).contains(byte) }

private func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"):
        true
    default: false
    }
}

/// The text with accented Latin letters replaced by their base letters, and without other characters than printable ASCII.
private func asciiApproximation(of text: String) -> String {
    var approximation = ""
    for scalar in text.unicodeScalars {
        if scalar.isASCII {
            guard isPrintable(UInt8(truncatingIfNeeded: scalar.value)) else { continue }
            approximation.unicodeScalars.append(scalar)
        } else if let base = latinBase[scalar] {
            approximation.unicodeScalars.append(base)
        }
    }
    return approximation
}

/// The base letters of the letters of Latin-1 and Latin Extended-A that Unicode decomposes (NFKD).
private let latinBase: [Unicode.Scalar: Unicode.Scalar] = {
    let groups: [(base: Unicode.Scalar, accented: String)] = [
        ("A", "ÀÁÂÃÄÅĀĂĄ"), ("C", "ÇĆĈĊČ"), ("D", "Ď"), ("E", "ÈÉÊËĒĔĖĘĚ"), ("G", "ĜĞĠĢ"), ("H", "Ĥ"),
        ("I", "ÌÍÎÏĨĪĬĮİ"), ("J", "Ĵ"), ("K", "Ķ"), ("L", "ĹĻĽ"), ("N", "ÑŃŅŇ"), ("O", "ÒÓÔÕÖŌŎŐ"),
        ("R", "ŔŖŘ"), ("S", "ŚŜŞŠ"), ("T", "ŢŤ"), ("U", "ÙÚÛÜŨŪŬŮŰŲ"), ("W", "Ŵ"), ("Y", "ÝŶŸ"), ("Z", "ŹŻŽ"),
        ("a", "àáâãäåāăąª"), ("c", "çćĉċč"), ("d", "ď"), ("e", "èéêëēĕėęě"), ("g", "ĝğġģ"), ("h", "ĥ"),
        ("i", "ìíîïĩīĭį"), ("j", "ĵ"), ("k", "ķ"), ("l", "ĺļľ"), ("n", "ñńņň"), ("o", "òóôõöōŏőº"),
        ("r", "ŕŗř"), ("s", "śŝşšſ"), ("t", "ţť"), ("u", "ùúûüũūŭůűų"), ("w", "ŵ"), ("y", "ýÿŷ"), ("z", "źżž"),
        ("1", "¹"), ("2", "²"), ("3", "³"),
    ]
    var table: [Unicode.Scalar: Unicode.Scalar] = [:]
    for group in groups {
        for accented in group.accented.unicodeScalars { table[accented] = group.base }
    }
    return table
}()
