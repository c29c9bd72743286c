/// Writes JSON into a buffer and inserts the commas.
///
/// The caller must write a key before each value of an object, and call an `end…` for each `begin…`.
/// Text is written as UTF-8; only quotes, backslashes and control characters are escaped.
package struct JSONWriter: Sendable {
    /// The initial content of the buffer, and the bytes written after it; without the bytes that `takeBytes` has returned.
    package private(set) var bytes: [UInt8]

    private var needsComma = false

    /// Continues the content of a buffer.
    package init(continuing bytes: consuming [UInt8] = []) { self.bytes = bytes }

    /// Starts with an empty buffer that has room for `capacity` bytes.
    package init(capacity: Int) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    package mutating func beginObject() { begin(UInt8(ascii: "{")) }
    package mutating func endObject() { end(UInt8(ascii: "}")) }
    package mutating func beginArray() { begin(UInt8(ascii: "[")) }
    package mutating func endArray() { end(UInt8(ascii: "]")) }

    /// Writes a member's key, which must be ASCII without characters to escape.
    package mutating func key(_ name: StaticString) {
        assert(name.hasPointerRepresentation, "a literal of one character has no pointer, so the key must be a String")
        appendSeparator()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    // Disfavoured, so that for a literal the compiler chooses the overload that does not search for characters to escape.
    @_disfavoredOverload
    package mutating func key(_ name: String) {
        appendSeparator()
        appendQuoted(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func string(_ text: String) {
        appendSeparator()
        appendQuoted(text)
    }

    package mutating func int(_ value: Int64) {
        appendSeparator()
        appendDecimal(value)
    }

    package mutating func int(_ value: Int) { int(Int64(value)) }

    /// Writes a number with the fewest digits that are parsed as the same value; writes NaN and the infinities as strings,
    /// as protobuf does.
    package mutating func double(_ value: Double) {
        appendSeparator()
        if !value.isFinite { bytes.append(UInt8(ascii: "\"")) }
        appendBare(value)
        if !value.isFinite { bytes.append(UInt8(ascii: "\"")) }
    }

    /// Writes a number with the fewest digits that are parsed as the same value; writes NaN, Infinity and -Infinity without
    /// quotes, as Python does, although this is not valid JSON.
    package mutating func bareDouble(_ value: Double) {
        appendSeparator()
        appendBare(value)
    }

    package mutating func bool(_ value: Bool) {
        appendSeparator()
        bytes.append(contentsOf: value ? "true".utf8 : "false".utf8)
    }

    package mutating func null() {
        appendSeparator()
        bytes.append(contentsOf: "null".utf8)
    }

    /// Writes bytes that must be a complete JSON value; does not check them.
    package mutating func raw(_ value: some Sequence<UInt8>) {
        appendSeparator()
        bytes.append(contentsOf: value)
    }

    /// Returns the content of the buffer and empties it; the bytes written next continue the same document.
    package mutating func takeBytes() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    private mutating func begin(_ byte: UInt8) {
        appendSeparator()
        bytes.append(byte)
        needsComma = false
    }

    private mutating func end(_ byte: UInt8) {
        bytes.append(byte)
        needsComma = true
    }

    @inline(__always)
    private mutating func appendSeparator() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func appendQuoted(_ text: String) {
        var text = text
        text.withUTF8 { appendQuoted(UnsafeRawBufferPointer($0)) }
    }

    private mutating func appendQuoted(_ text: UnsafeRawBufferPointer) {
        bytes.append(UInt8(ascii: "\""))
        var start = 0
        while start < text.count {
            let stop = Self.indexOfSpecial(in: text, from: start)
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[start..<stop]))
            if stop < text.count { appendEscape(text[stop]) }
            start = stop + 1
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func indexOfSpecial(in text: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start
        while text.count - index >= 8 {
            let word = UInt64(littleEndian: text.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let stops = JSONBytes.specials(in: word)
            if stops != 0 { return index + stops.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < text.count {
            let byte = text[index]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return index }
            index += 1
        }
        return index
    }

    private mutating func appendEscape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        default:
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(JSONBytes.hexadecimalDigit(byte >> 4))
            bytes.append(JSONBytes.hexadecimalDigit(byte & 15))
        }
    }

    private mutating func appendDecimal(_ value: Int64) {
        // A number of 64 bits has at most 19 digits and a sign.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var index = 20
            var rest = value.magnitude
            repeat {
                let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 10)
                index -= 1
                digits[index] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: remainder)
                rest = quotient
            } while rest > 0
            if value < 0 {
                index -= 1
                digits[index] = UInt8(ascii: "-")
            }
            bytes.append(contentsOf: digits[index...])
        }
    }

    private mutating func appendBare(_ value: Double) {
        if value.isFinite {
            var text = value.description
            text.withUTF8 { bytes.append(contentsOf: $0) }
        } else if value.isNaN {
            bytes.append(contentsOf: "NaN".utf8)
        } else {
            bytes.append(contentsOf: value < 0 ? "-Infinity".utf8 : "Infinity".utf8)
        }
    }
}
