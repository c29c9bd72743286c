/// Turns a name, such as the key in an imported file, into a key that MLflow allows.
///
/// Illegal characters become underscores, and so do the dots of the path components `.` and `..`; empty components are
/// left out, and a long key is truncated. Without a suffix, a legal key stays as it is.
/// - Parameter suffix: legal characters to append to the key, which is truncated so that both fit into the limit.
package func legalKey(_ name: String, suffix: String = "") -> String {
    if suffix.isEmpty, !name.isLonger(than: TrackingLimits.keyLength), (try? validateKey(name, path: "key")) != nil {
        return name
    }
    let characters = name.unicodeScalars.lazy.map { scalar -> Unicode.Scalar in
        isWordScalar(scalar) || "/.-: ".unicodeScalars.contains(scalar) ? scalar : "_"
    }
    let room = TrackingLimits.keyLength - suffix.unicodeScalars.count
    let text = String(String.UnicodeScalarView(characters.prefix(room)))
    let parts: [Substring] = text.split(separator: "/").map { part in
        switch part {
        case ".": "_"
        case "..": "__"
        default: part
        }
    }
    var key = parts.joined(separator: "/") + suffix
    // MLflow refuses every key that begins with two dots.
    if key.hasPrefix("..") { key = "__" + key.dropFirst(2) }
    return key.isEmpty ? "_" : key
}
