import Foundation
import JSON

/// Parses the fuzzer's input, uses all parts of the result, and compares with Foundation.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzJSONReader(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let document = try? JSONDocument(parsing: bytes) else {
        precondition(!mustAccept(bytes), "refused what Foundation accepts")
        return 0
    }
    visit(document.root)
    let printed = Array(document.root.text.utf8)
    guard let again = try? JSONDocument(parsing: printed) else { preconditionFailure("cannot read its own text") }
    precondition(Array(again.root.text.utf8) == printed, "the text of the text differs")
    precondition(isBeyondFoundation(bytes) || foundationAccepts(bytes), "accepted what Foundation refuses")
    return 0
}

/// Reads all values; the reader's depth limit limits the recursion.
private func visit(_ value: JSONValue) {
    var writer = JSONWriter()
    switch value.kind {
    case .null, .true, .false:
        precondition(value.isNull == (value.bool == nil), "a word is null or a truth value")
    case .number:
        guard let number = value.double, let text = value.numberText else {
            preconditionFailure("number without value")
        }
        let expected = text.hasSuffix("NaN") ? Double.nan : Double(text) ?? .nan
        precondition(number.isNaN && expected.isNaN || number == expected, "rounded otherwise: \(text)")
        precondition(value.int64 == (value.numberIsInteger ? Int64(text) : nil), "integer read otherwise: \(text)")
    case .string:
        guard let string = value.string else { preconditionFailure("string without value") }
        precondition(value.isString(string), "a string differs from itself")
        writer.string(string)
        let written = try? JSONDocument(parsing: writer.bytes)
        precondition(written?.root.string?.utf8.elementsEqual(string.utf8) == true, "written and read back otherwise")
    case .array:
        precondition(value.elements.map(visit).count == value.count, "wrong number of elements")
    case .object:
        var steps = 0
        for member in value.members {
            steps += 1
            precondition(value[member.key] != nil, "a key is not found")
            visit(member.value)
        }
        precondition(steps == value.count, "wrong number of members")
    }
    precondition(!value.rawBytes.isEmpty, "a value without bytes")
}

private func foundationAccepts(_ bytes: [UInt8]) -> Bool {
    (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
}

/// Whether Foundation accepts the bytes and Apus must too.
///
/// Excludes byte order marks, other encodings, deep nesting, escapes and trailing commas, which Apus may refuse.
private func mustAccept(_ bytes: [UInt8]) -> Bool {
    let opening = bytes.count { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }
    guard opening <= 100, !bytes.contains(UInt8(ascii: "\\")), !bytes.contains(0), bytes.first != 0xEF,
        bytes.first != 0xFE, bytes.first != 0xFF, String(validating: bytes, as: UTF8.self) != nil,
        !hasTrailingComma(bytes)
    else { return false }
    return foundationAccepts(bytes)
}

/// Whether a bracket closes after a comma and blanks; also true for some strings, which does no harm.
private func hasTrailingComma(_ bytes: [UInt8]) -> Bool {
    let dense = bytes.filter { $0 > 0x20 }
    return zip(dense, dense.dropFirst()).contains { first, second in
        first == UInt8(ascii: ",") && (second == UInt8(ascii: "]") || second == UInt8(ascii: "}"))
    }
}

/// What Apus accepts and Foundation does not: NaN, the infinities, numbers beyond its range, and escaped NUL.
private func isBeyondFoundation(_ bytes: [UInt8]) -> Bool {
    let text = String(decoding: bytes, as: UTF8.self)
    return text.contains("NaN") || text.contains("Infinity") || bytes.contains(UInt8(ascii: "\\"))
        || bytes.contains(0) || bytes.contains { $0 | 0x20 == UInt8(ascii: "e") } || bytes.count > 100
}
