internal import JSON

extension JSONWriter {
    /// The bytes of a JSON object, whose members `body` writes.
    static func object(_ body: (inout JSONWriter) throws -> Void) rethrows -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        try body(&writer)
        writer.endObject()
        return writer.takeBytes()
    }

    /// The text of a JSON object, whose members `body` writes.
    static func objectText(_ body: (inout JSONWriter) throws -> Void) rethrows -> String {
        String(decoding: try object(body), as: UTF8.self)
    }

    /// Writes a member with an array of strings, or nothing for nil.
    mutating func member(_ name: StaticString, strings: [String]?) {
        guard let strings else { return }
        memberArray(name) { writer in for text in strings { writer.string(text) } }
    }
}
