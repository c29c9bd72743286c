/// A parsed JSON document: its source bytes, and a flat array (the tape) with the positions of its keys and values.
package struct JSONDocument: Sendable {
    private let tape: JSONTape

    /// Parses a whole document.
    ///
    /// Accepts the JSON of RFC 8259, with two differences: NaN, Infinity and -Infinity are numbers, as in Python, and a lone
    /// surrogate escape is an error. The source must be UTF-8 without a byte order mark, at most 256 MiB. The document keeps the
    /// source, and needs 16 more bytes of memory for each key and value. Values are decoded when they are read.
    /// - Throws: the first error, with its offset.
    package init(parsing bytes: [UInt8], limits: JSONLimits = .init()) throws(JSONError) {
        guard bytes.count <= JSONNode.maximumSourceBytes else {
            throw JSONError(offset: 0, message: "document larger than \(JSONNode.maximumSourceBytes) bytes")
        }
        let outcome: Result<JSONTape, JSONError> = bytes.withUnsafeBufferPointer { source in
            guard let base = source.baseAddress, !source.isEmpty else {
                return .failure(JSONError(offset: 0, message: "unexpected end"))
            }
            var parser = JSONParser(base: base, count: source.count, limits: limits)
            do throws(JSONError) {
                try parser.parse()
                return .success(JSONTape(source: bytes, nodes: parser.nodes, count: parser.count))
            } catch {
                parser.nodes.deallocate()
                return .failure(error)
            }
        }
        tape = try outcome.get()
    }

    /// The document's value.
    package var root: JSONValue { JSONValue(tape: tape, index: 0) }
}
