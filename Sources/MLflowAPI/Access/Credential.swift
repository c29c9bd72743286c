internal import Coding
package import HTTPServer

/// The credential of a request.
package enum Credential {
    case none
    /// A token, sent as Bearer (MLFLOW_TRACKING_TOKEN).
    case token([UInt8])
    /// The name and the password of HTTP Basic; the password may be a token, with any name.
    case basic(name: String, password: [UInt8])
    /// An Authorization field of another form, or several such fields; it identifies nobody.
    case other

    package init(_ request: HTTPRequest) {
        guard let field = request.header("authorization") else {
            self = .none
            return
        }
        // If there are several fields, none is read, because a proxy may have checked another one than this server would read.
        guard request.count(ofHeaders: "authorization") == 1 else {
            self = .other
            return
        }
        if let token = Self.rest(of: field, after: "bearer ") {
            self = .token(Array(token))
        } else if let encoded = Self.rest(of: field, after: "basic "), let (name, password) = Self.pair(encoded) {
            self = .basic(name: name, password: password)
        } else {
            self = .other
        }
    }

    /// The bytes after a scheme, whose letters may be of any case; nil if the field has another scheme.
    private static func rest(of field: String, after scheme: StaticString) -> Substring.UTF8View? {
        let length = scheme.utf8CodeUnitCount
        guard field.utf8.count > length else { return nil }
        for (index, byte) in field.utf8.prefix(length).enumerated() where byte | 0x20 != scheme.utf8Start[index] {
            return nil
        }
        return Substring(field).utf8.dropFirst(length)
    }

    /// The texts before and after the first colon (RFC 7617 §2).
    private static func pair(_ encoded: Substring.UTF8View) -> (name: String, password: [UInt8])? {
        guard let bytes = Base64.decode(String(Substring(encoded))),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
        else { return nil }
        return (String(decoding: bytes[..<colon], as: UTF8.self), Array(bytes[(colon + 1)...]))
    }
}
