/// Refuses a key that MLflow does not allow for metrics, params and tags (`_validate_param_name` in `validation.py`).
///
/// Legal are the characters of Python's `\w`, `/`, `.`, `-`, `:` and the space, in a text that equals its own
/// normalised path. `path` names the parameter in the message (`metrics[0].name`). The length is another rule.
/// Linear in the key; one pass over the bytes when it is ASCII.
package func validateKey(_ key: String, path: @autoclosure () -> String) throws(TrackingError) {
    guard hasOnlyKeyCharacters(key) else {
        throw .invalidValue(
            key,
            path: path(),
            "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:)"
                + " and slashes (/)."
        )
    }
    try validateOwnNormalisedPath(key, path: path())
}

/// Refuses a text that names another file than it says, such as `a//b` or `..`.
func validateOwnNormalisedPath(_ text: String, path: @autoclosure () -> String) throws(TrackingError) {
    guard isOwnNormalisedPath(text) else {
        throw .invalidValue(
            text,
            path: path(),
            "Names may be treated as files in certain cases, and must not resolve to other names when treated as"
                + " such. This name would resolve to '\(shortened(normalisedPath(text)))'"
        )
    }
}

extension TrackingError {
    /// The reference's form for a value that is refused, which shows it as JSON.
    static func invalidValue(_ value: String, path: String, _ reason: String? = nil) -> TrackingError {
        let end = reason.map { ": \($0)" } ?? "."
        return .invalidParameter("Invalid value \(jsonText(value)) for parameter '\(path)' supplied\(end)")
    }
}

/// Whether Python 3's `re` takes the scalar for `\w`: letters, numbers of every kind, and the underscore.
///
/// The letters are those of the standard library's Unicode version, which is newer than Python 3.11's (14.0).
func isWordScalar(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return isWordByte(UInt8(truncatingIfNeeded: scalar.value)) }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
    case .decimalNumber, .letterNumber, .otherNumber: return true
    default: return false
    }
}

private func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        true
    default: false
    }
}

private func isKeyPunctuation(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: " "): true
    default: false
    }
}

private func hasOnlyKeyCharacters(_ key: String) -> Bool {
    for byte in key.utf8 where byte >= 0x80 || !(isWordByte(byte) || isKeyPunctuation(byte)) {
        guard byte >= 0x80 else { return false }
        return key.unicodeScalars.allSatisfy { scalar in
            isWordScalar(scalar) || (scalar.isASCII && isKeyPunctuation(UInt8(truncatingIfNeeded: scalar.value)))
        }
    }
    return true
}

/// Whether no component is empty, `.` or `..`, and the whole does not begin with two dots (`..a` is refused as well).
private func isOwnNormalisedPath(_ key: String) -> Bool {
    if key.utf8.starts(with: "..".utf8) { return false }
    var length = 0
    var dots = 0
    for byte in key.utf8 {
        if byte == UInt8(ascii: "/") {
            if length == dots, length <= 2 { return false }
            length = 0
            dots = 0
        } else {
            length += 1
            if byte == UInt8(ascii: ".") { dots += 1 }
        }
    }
    return !(length == dots && length <= 2)
}

/// The path as POSIX `normpath` of Python has it: `a//b/./c/..` is `a/b`, the empty path is `.`.
func normalisedPath(_ path: String) -> String {
    let slashes = path.utf8.prefix { $0 == UInt8(ascii: "/") }.count
    let root = slashes == 2 ? "//" : slashes > 0 ? "/" : ""
    var components: [Substring] = []
    for component in path.split(separator: "/") where component != "." {
        if component != ".." || components.last == ".." || (components.isEmpty && root.isEmpty) {
            components.append(component)
        } else {
            _ = components.popLast()
        }
    }
    let normalised = root + components.joined(separator: "/")
    return normalised.isEmpty ? "." : normalised
}

/// At most the first 500 scalars, for messages: a request may be many megabytes.
package func shortened(_ text: String) -> String {
    let limit = 500
    guard text.isLonger(than: limit) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit))) + "..."
}

/// The text as a JSON string in ASCII, shortened, as messages show values.
func jsonText(_ text: String) -> String {
    asciiJSON(shortened(text))
}

/// The text as a JSON string in ASCII, as Python writes it (RFC 8259 §7).
func asciiJSON(_ text: String) -> String {
    var json = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": json += "\\\""
        case "\\": json += "\\\\"
        case "\n": json += "\\n"
        case "\r": json += "\\r"
        case "\t": json += "\\t"
        case "\u{8}": json += "\\b"
        case "\u{C}": json += "\\f"
        case " "..."~": json.unicodeScalars.append(scalar)
        default:
            for unit in UTF16.encode(scalar) ?? .init() {
                let digits = String(unit, radix: 16)
                json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
    }
    return json + "\""
}
