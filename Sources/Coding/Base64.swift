/// Encodes bytes in base64 (RFC 4648 §4, §5), and decodes them.
package enum Base64 {
    /// The characters for the values 62 and 63, and whether the text is padded to a multiple of four characters.
    package enum Alphabet: Sendable {
        /// `+`, `/`, and padding with `=` (§4).
        case standard
        /// `-`, `_`, and no padding: a URL can contain the text without escapes (§5).
        case urlSafe
    }

    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
    private static let standardDigits = digits + Array("+/".utf8)
    private static let urlSafeDigits = digits + Array("-_".utf8)

    package static func encode(_ bytes: [UInt8], _ alphabet: Alphabet = .urlSafe) -> String {
        let digits = alphabet == .standard ? standardDigits : urlSafeDigits
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = bytes[start...].prefix(3)
            let group = part.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - part.count))
            for digit in 0...part.count { text.append(digits[Int(group >> UInt32(18 - 6 * digit)) & 63]) }
            if alphabet == .standard { text += repeatElement(UInt8(ascii: "="), count: 3 - part.count) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Decodes text in either alphabet, with or without padding; returns nil for any other text.
    package static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var bitCount = 0
        var unpadded = Substring(text)
        while unpadded.last == "=", text.utf8.count - unpadded.utf8.count < 2 { unpadded.removeLast() }
        guard unpadded.utf8.count % 4 != 1 else { return nil }
        for byte in unpadded.utf8 {
            guard let digit = value(of: byte) else { return nil }
            bits = (bits << 6 | digit) & 0xFFFF
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
        return bytes
    }

    private static func value(of byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
