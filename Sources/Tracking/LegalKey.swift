/// Returns the nearest key that MLflow allows, for names that come from elsewhere.
///
/// Characters that keys cannot have become underscores, as do the dots of `.` and `..`; empty parts between slashes are
/// left out, and the key ends where the limit is. A legal key is returned as it is, and every answer is a legal key.
/// - Parameter suffix: legal characters, which the key ends in.
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
