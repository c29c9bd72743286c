/// Comparisons of protocol text, which is ASCII and mostly case-insensitive.
package enum ASCII {
    /// The lower-case form of an upper-case ASCII letter; any other byte is returned unchanged.
    package static func lowercased(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }

    /// Whether the bytes equal a word if case is ignored; `word` must be in lower case.
    package static func equalsLowercased(_ bytes: UnsafeRawBufferPointer, _ word: String) -> Bool {
        guard bytes.count == word.utf8.count else { return false }
        var word = word
        return word.withUTF8 { word in
            for index in 0..<bytes.count where lowercased(bytes[index]) != word[index] { return false }
            return true
        }
    }

    /// Calls `body` with each member of a comma-separated list, without the blanks around it; skips empty members
    /// (RFC 9110 §5.6.1).
    package static func forEachListMember(_ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        var start = 0
        for index in 0...bytes.count where index == bytes.count || bytes[index] == UInt8(ascii: ",") {
            let member = trimmed(UnsafeRawBufferPointer(rebasing: bytes[start..<index]))
            if !member.isEmpty { body(member) }
            start = index + 1
        }
    }

    /// The bytes without the spaces and tabs at both ends (RFC 9110 §5.6.3).
    package static func trimmed(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var start = 0
        var end = bytes.count
        while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
        while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    }

    /// Parses a decimal number; nil if the bytes are not all digits, or if the number exceeds `Int`.
    package static func decimal(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard !bytes.isEmpty else { return nil }
        var value = 0
        for byte in bytes {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowed) = product.addingReportingOverflow(Int(byte - 0x30))
            if overflow || overflowed { return nil }
            value = sum
        }
        return value
    }

    /// Whether a token may contain the byte (RFC 9110 §5.6.2).
    package static func isToken(_ byte: UInt8) -> Bool {
        // Bit n says whether a token may contain byte n, or n + 64: "!#$%&'*+-.", digits, letters and "^_`|~".
        let bits: UInt64 = byte < 64 ? 0x03FF_6CFA_0000_0000 : 0x57FF_FFFF_C7FF_FFFE
        return byte < 128 && bits &>> UInt64(byte) & 1 == 1
    }

    /// A word whose lowest set bit is the high bit of the first byte of `word` that equals `byte`; 0 if none does.
    ///
    /// Only the lowest set bit is reliable, because a subtraction may borrow from higher bytes.
    @inline(__always)
    static func occurrences(of byte: UInt8, in word: UInt64) -> UInt64 {
        let difference = word ^ (ones &* UInt64(byte))
        return (difference &- ones) & ~difference & highBits
    }

    /// Whether any of the eight bytes of a word is a control character, including the tab.
    @inline(__always)
    static func hasControl(_ word: UInt64) -> Bool {
        (word &- ones &* 0x20) & ~word & highBits | occurrences(of: 0x7F, in: word) != 0
    }

    private static var ones: UInt64 { 0x0101_0101_0101_0101 }
    private static var highBits: UInt64 { 0x8080_8080_8080_8080 }

    /// Whether two names are equal if case is ignored; `lowercasedName` must be in lower case.
    package static func matches(_ name: String, _ lowercasedName: String) -> Bool {
        guard name.utf8.count == lowercasedName.utf8.count else { return false }
        return zip(name.utf8, lowercasedName.utf8).allSatisfy { lowercased($0) == $1 }
    }
}
