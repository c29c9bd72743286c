extension UInt8 {
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    var isDigitOrDot: Bool { isDigit || self == UInt8(ascii: ".") }

    /// A character that needs no encoding anywhere in a URI (RFC 3986 §2.3).
    var isUnreserved: Bool {
        isHostByte || self == UInt8(ascii: "~")
    }

    /// A character of a host name; the underscore is common in compose networks.
    var isHostByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: isDigitOrDot
        }
    }

    var hexadecimalValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension StringProtocol {
    /// The text with `%XX` resolved; nil if an escape is broken or the outcome is not UTF-8.
    var percentDecoded: String? {
        var bytes: [UInt8] = []
        var rest = Array(utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst()?.hexadecimalValue, let low = rest.popFirst()?.hexadecimalValue else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The text as one value of a query.
    var percentEncoded: String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in utf8 {
            if byte.isUnreserved {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    var trimmingSlashes: String {
        var text = self[...]
        while text.hasSuffix("/") { text = text.dropLast() }
        return String(text)
    }

    /// One line that a terminal can show: control and format characters become blanks, the end is cut.
    func printable(limit: Int) -> String {
        var shown = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            guard shown.count < limit else { return String(shown) + "..." }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: shown.append(" ")
            default: shown.append(scalar)
            }
        }
        return String(shown)
    }
}

extension Sequence<UInt8> {
    /// Base64 with padding (RFC 4648 §4).
    var base64: String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        var pending: UInt32 = 0
        var count = 0
        for byte in self {
            pending = pending << 8 | UInt32(byte)
            count += 1
            guard count == 3 else { continue }
            text += [18, 12, 6, 0].map { alphabet[Int(pending >> $0 & 63)] }
            pending = 0
            count = 0
        }
        if count > 0 {
            let filled = pending << UInt32(8 * (3 - count))
            text += [18, 12, 6, 0].prefix(count + 1).map { alphabet[Int(filled >> $0 & 63)] }
            text += Array(repeating: UInt8(ascii: "="), count: 3 - count)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
