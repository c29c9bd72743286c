/// Percent-encoding of bytes in URIs and header fields (RFC 3986 §2.1).
package enum PercentCoding {
    /// Decodes a part of a URI once.
    ///
    /// Not generic over the sequence of bytes, because other modules could not use a specialised copy.
    /// - Parameter plusIsSpace: whether a `+` means a space, as in the query of a form.
    /// - Returns: nil if an escape is broken, or if the result contains NUL or is not UTF-8.
    package static func decode(_ bytes: UnsafeRawBufferPointer, plusIsSpace: Bool = false) -> String? {
        let isPlain = bytes.allSatisfy {
            $0 != 0 && $0 != UInt8(ascii: "%") && $0 < 0x80 && !(plusIsSpace && $0 == UInt8(ascii: "+"))
        }
        if isPlain { return String(decoding: bytes, as: UTF8.self) }
        return decodeEscapes(bytes, plusIsSpace: plusIsSpace)
    }

    /// Decodes a part of a URI once, as the function for bytes does.
    package static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
        Array(text.utf8).withUnsafeBytes { decode($0, plusIsSpace: plusIsSpace) }
    }

    private static func decodeEscapes(_ bytes: UnsafeRawBufferPointer, plusIsSpace: Bool) -> String? {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var iterator = bytes.makeIterator()
        while var byte = iterator.next() {
            if byte == UInt8(ascii: "%") {
                guard let high = iterator.next().flatMap(Hexadecimal.value),
                    let low = iterator.next().flatMap(Hexadecimal.value)
                else { return nil }
                byte = high << 4 | low
            } else if plusIsSpace, byte == UInt8(ascii: "+") {
                byte = UInt8(ascii: " ")
            }
            guard byte != 0 else { return nil }
            result.append(byte)
        }
        return String(validating: result, as: UTF8.self)
    }

    /// Decodes the well-formed escapes and leaves every other `%` unchanged, as Python's `unquote` does.
    package static func decodeLeniently(_ bytes: [UInt8]) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let high = Hexadecimal.value(of: rest[rest.startIndex]),
                let low = Hexadecimal.value(of: rest[rest.startIndex + 1])
            {
                decoded.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                decoded.append(byte)
            }
        }
        return decoded
    }

    /// Encodes a text so that it can be one value in a query, or one segment of a path.
    ///
    /// - Parameter unescaped: the ASCII characters that are not encoded, in addition to letters and digits; by default
    ///   those that need no encoding in any part of a URI (RFC 3986 §2.3).
    package static func encode(_ text: some StringProtocol, unescaped: String = "-._~") -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"):
                bytes.append(byte)
            case _ where unescaped.utf8.contains(byte): bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
