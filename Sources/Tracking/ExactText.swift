/// A text that equals another only if both have the same UTF-8 bytes, for use as a dictionary key.
///
/// Swift's `String` treats canonically equivalent texts as equal. MLflow compares code points: "é" as one code point
/// and "é" as two code points are different keys.
package struct ExactText: Hashable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package static func == (left: ExactText, right: ExactText) -> Bool { left.text.isExactly(right.text) }

    package func hash(into hasher: inout Hasher) {
        // Combines eight bytes at a time, because the hasher needs as long for eight bytes as for one.
        var word: UInt64 = 0
        var filled = 0
        for byte in text.utf8 {
            word = word << 8 | UInt64(byte)
            filled += 1
            if filled == 8 {
                hasher.combine(word)
                word = 0
                filled = 0
            }
        }
        hasher.combine(word)
        hasher.combine(filled)
    }
}

extension String {
    /// Whether both texts have the same UTF-8 bytes.
    package func isExactly(_ other: String) -> Bool { utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8) }
}
