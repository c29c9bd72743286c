internal import Coding
internal import Hashing

/// The signature in the URL of a part, which permits one part of one upload to be sent until a given time.
///
/// The signature is needed because clients send no credentials with parts.
struct PartSignature {
    private let code: HMAC

    /// - Parameter key: known to this server alone.
    init(key: [UInt8]) { code = HMAC(key: key) }

    /// - Parameter expires: Unix seconds.
    func text(uploadID: String, part: Int, expires: Int64) -> String {
        Hexadecimal.text(code.authenticationCode(for: Self.message(uploadID, part, expires)))
    }

    /// Whether this server made the signature for exactly this part; the caller checks whether it has expired.
    func isValid(_ signature: String, uploadID: String, part: Int, expires: Int64) -> Bool {
        guard let bytes = Hexadecimal.bytes(signature) else { return false }
        return code.isValid(bytes, for: Self.message(uploadID, part, expires))
    }

    /// The signed text; none of the three values contains a line feed, so the texts of different permissions differ.
    private static func message(_ uploadID: String, _ part: Int, _ expires: Int64) -> [UInt8] {
        Array("PUT part\n\(uploadID)\n\(part)\n\(expires)".utf8)
    }
}
