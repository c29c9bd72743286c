internal import Coding
internal import Hashing

/// The permission to send one part of one upload until some time, which its URL carries: clients send no credentials
/// there.
struct PartSignature {
    private let code: HMAC

    /// - Parameter key: known to this server alone.
    init(key: [UInt8]) {
        code = HMAC(key: key)
    }

    /// - Parameter expires: Unix seconds.
    func text(uploadID: String, part: Int, expires: Int64) -> String {
        Hexadecimal.text(code.authenticationCode(for: Self.message(uploadID, part, expires)))
    }

    /// Whether a signature is ours and belongs to just this part; when it expires is for the caller to judge.
    func isValid(_ signature: String, uploadID: String, part: Int, expires: Int64) -> Bool {
        guard let bytes = Hexadecimal.bytes(signature) else { return false }
        return code.isValid(bytes, for: Self.message(uploadID, part, expires))
    }

    /// A line feed is in none of the three, so no two permissions have one message.
    private static func message(_ uploadID: String, _ part: Int, _ expires: Int64) -> [UInt8] {
        Array("PUT part\n\(uploadID)\n\(part)\n\(expires)".utf8)
    }
}
