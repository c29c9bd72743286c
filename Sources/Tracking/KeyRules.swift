/// Throws if MLflow does not allow the key of a metric, param or tag (`_validate_param_name` in `validation.py`).
///
/// A key contains only characters that Python's `\w` matches, `/`, `.`, `-`, `:` and spaces. It must also be a path in normal
/// form: no component is empty, `.` or `..`. The length is not checked. The cost is linear.
/// - Parameter path: the name of the parameter in the message, such as `metrics[0].name`.
/// - Throws: `.invalidParameterValue`.
package func validateKey(_ key: String, path: @autoclosure () -> String) throws(TrackingError) {
    guard hasOnlyKeyCharacters(key) else {
        throw .invalidValue(
            key,
            path: path(),
            "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:)"
                + " and slashes (/)."
        )
    }
    try validateIsNormalisedPath(key, path: path())
}

/// Throws `.invalidParameterValue` if a text, read as a path, is not in normal form, such as `a//b` or `..`.
func validateIsNormalisedPath(_ text: String, path: @autoclosure () -> String) throws(TrackingError) {
    guard isNormalisedPath(text) else {
        throw .invalidValue(
            text,
            path: path(),
            "Names may be treated as files in certain cases, and must not resolve to other names when treated as"
                + " such. This name would resolve to '\(shortened(normalisedPath(text)))'"
        )
    }
}

extension TrackingError {
    /// The error for a refused value, in MLflow's wording, which shows the value as JSON.
    static func invalidValue(_ value: String, path: String, _ reason: String? = nil) -> TrackingError {
        let end = reason.map { ": \($0)" } ?? "."
        return .invalidParameter("Invalid value \(jsonText(value)) for parameter '\(path)' supplied\(end)")
    }
}

/// Whether Python's `\w` matches the scalar: a letter, a number of any kind, or an underscore.
///
/// Swift's Unicode version is newer than that of Python 3.11 (14.0), so some letters are accepted that MLflow refuses.
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

/// Whether the text, read as a path, is in normal form: no component is empty, `.` or `..`.
///
/// Like MLflow's check, this also refuses every text that begins with two dots (`..a`).
private func isNormalisedPath(_ key: String) -> Bool {
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

/// Normalises a path as Python's `posixpath.normpath` does: `a//b/./c/..` becomes `a/b`, and an empty path becomes `.`.
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

/// Returns at most the first 500 Unicode scalars, followed by `...` if there are more.
///
/// Messages show values in this form, because a value can have many megabytes.
package func shortened(_ text: String) -> String {
    let limit = 500
    guard text.isLonger(than: limit) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit))) + "..."
}

/// Returns the text, shortened, as an ASCII JSON string; messages show values in this form.
func jsonText(_ text: String) -> String { asciiJSON(shortened(text)) }

/// Returns the text as an ASCII JSON string (RFC 8259 §7), with the escapes of Python's `json.dumps`.
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
