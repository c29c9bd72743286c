/// The positions of a header field's name and value in the bytes of the head.
package struct FieldRange: Sendable {
    package let name: Range<Int32>
    package let value: Range<Int32>

    /// Parses a line of the form `name ":" OWS value OWS`.
    ///
    /// - Throws: 400 for any other line, such as the second line of a folded field, or a line with a space before its
    ///   colon (RFC 9112 §5.1, §5.2).
    init(_ bytes: UnsafeRawBufferPointer, line: Range<Int32>) throws(HTTPRefusal) {
        let start = Int(line.lowerBound)
        let end = Int(line.upperBound)
        if bytes[start] == 0x20 || bytes[start] == 0x09 {
            throw HTTPRefusal(400, "A header field is folded over several lines")
        }
        var colon = start
        while colon < end, ASCII.isToken(bytes[colon]) { colon += 1 }
        guard colon > start, colon < end, bytes[colon] == UInt8(ascii: ":") else {
            throw HTTPRefusal(400, "A header field is not of the form 'name: value'")
        }
        var valueStart = colon + 1
        var valueEnd = end
        while valueStart < valueEnd, bytes[valueStart] == 0x20 || bytes[valueStart] == 0x09 { valueStart += 1 }
        while valueEnd > valueStart, bytes[valueEnd - 1] == 0x20 || bytes[valueEnd - 1] == 0x09 { valueEnd -= 1 }
        guard !Self.hasControl(bytes, valueStart, valueEnd) else {
            throw HTTPRefusal(400, "A header field contains a control character")
        }
        name = line.lowerBound..<Int32(truncatingIfNeeded: colon)
        value = Int32(truncatingIfNeeded: valueStart)..<Int32(truncatingIfNeeded: valueEnd)
    }

    /// Whether a value contains a control character other than the tab.
    private static func hasControl(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> Bool {
        var index = start
        while index < end {
            if end - index >= 8, !ASCII.hasControl(bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) {
                index += 8
                continue
            }
            if bytes[index] < 0x20 || bytes[index] == 0x7F, bytes[index] != 0x09 { return true }
            index += 1
        }
        return false
    }
}
