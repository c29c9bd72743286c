/// Percent-encoding, decoded exactly once (RFC 3986 §2.1).
enum PercentCoding {
    /// Decodes a piece of a target into text.
    ///
    /// - Returns: nil when an escape is broken, a NUL appears, or the result is not UTF-8.
    static func decode(_ bytes: some Collection<UInt8>, plusIsSpace: Bool = false) -> String? {
        var isPlain = true
        for byte in bytes {
            if byte == 0 { return nil }
            if byte == UInt8(ascii: "%") || byte >= 0x80 || (plusIsSpace && byte == UInt8(ascii: "+")) {
                isPlain = false
                break
            }
        }
        if isPlain { return String(decoding: bytes, as: UTF8.self) }
        guard let decoded = decodeBytes(bytes, plusIsSpace: plusIsSpace) else { return nil }
        return String(validating: decoded, as: UTF8.self)
    }

    private static func decodeBytes(_ bytes: some Collection<UInt8>, plusIsSpace: Bool) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            if byte == UInt8(ascii: "%") {
                guard let first = iterator.next().flatMap(hexadecimal),
                    let second = iterator.next().flatMap(hexadecimal)
                else { return nil }
                let decoded = first << 4 | second
                if decoded == 0 { return nil }
                result.append(decoded)
            } else if plusIsSpace && byte == UInt8(ascii: "+") {
                result.append(UInt8(ascii: " "))
            } else {
                if byte == 0 { return nil }
                result.append(byte)
            }
        }
        return result
    }

    static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
