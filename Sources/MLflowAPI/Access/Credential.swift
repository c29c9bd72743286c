internal import Coding
package import HTTPServer

/// What a request sends to show who it is.
package enum Credential {
    case none
    /// A token, sent as Bearer (MLFLOW_TRACKING_TOKEN) or as the password of HTTP Basic, with any name.
    case token([UInt8])
    /// Something else, which shows nothing.
    case other

    package init(_ request: HTTPRequest) {
        guard let field = request.header("authorization") else {
            self = .none
            return
        }
        // A proxy may have read the other one.
        guard request.count(ofHeaders: "authorization") == 1 else {
            self = .other
            return
        }
        if let token = Self.rest(of: field, after: "bearer ") {
            self = .token(Array(token))
        } else if let encoded = Self.rest(of: field, after: "basic "), let password = Self.password(encoded) {
            self = .token(password)
        } else {
            self = .other
        }
    }

    /// What follows a scheme, whose letters may be of any case.
    private static func rest(of field: String, after scheme: StaticString) -> Substring.UTF8View? {
        let length = scheme.utf8CodeUnitCount
        guard field.utf8.count > length else { return nil }
        for (index, byte) in field.utf8.prefix(length).enumerated() where byte | 0x20 != scheme.utf8Start[index] {
            return nil
        }
        return Substring(field).utf8.dropFirst(length)
    }

    /// The text after the first colon (RFC 7617 §2).
    private static func password(_ encoded: Substring.UTF8View) -> [UInt8]? {
        guard let bytes = Base64.decode(String(Substring(encoded))),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
        else {
            return nil
        }
        return Array(bytes[(colon + 1)...])
    }
}
