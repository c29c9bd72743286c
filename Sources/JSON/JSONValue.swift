/// One value of a document; it retains the document, and is cheap to copy.
package struct JSONValue: Sendable {
    let tape: JSONTape
    let index: Int

    var node: JSONNode { tape.node(index) }

    package var kind: JSONKind { node.kind }

    package var isNull: Bool { kind == .null }

    /// The value of `true` or `false`; nil for other kinds.
    package var bool: Bool? {
        switch kind {
        case .true: true
        case .false: false
        case .null, .number, .string, .array, .object: nil
        }
    }

    /// The string with its escapes resolved; nil for other kinds.
    package var string: String? {
        let node = node
        guard node.kind == .string else { return nil }
        return tape.string(of: node)
    }

    /// Calls `body` with the UTF-8 of a string, with its escapes resolved; returns nil for other kinds.
    ///
    /// Copies only if there are escapes. The buffer is valid only until `body` returns.
    package func withUTF8<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result? {
        let node = node
        guard node.kind == .string else { return nil }
        guard node.hasEscapesOrIsInteger else {
            return try tape.withBytes(of: node) { try body(UnsafeRawBufferPointer($0)) }
        }
        return try tape.unescapedBytes(of: node).withUnsafeBytes(body)
    }

    /// Whether the value is a string with the same UTF-8 bytes as `text`; creates no String.
    package func isString(_ text: String) -> Bool {
        let node = node
        return node.kind == .string && tape.matches(node, text)
    }

    /// The number of elements or members, including duplicates; 0 for other kinds.
    package var count: Int { node.count }

    /// The value's bytes in the source, including the quotes of a string.
    package var rawBytes: ArraySlice<UInt8> {
        let node = node
        let quote = node.kind == .string ? 1 : 0
        return tape.source[Int(node.start) - quote..<Int(node.end) + quote]
    }

    /// The value of the member with a key; nil if there is no such member.
    ///
    /// If the key occurs several times, the last value counts, as in Python. Compares the bytes of keys. The cost is proportional
    /// to the number of members.
    package subscript(_ key: String) -> JSONValue? {
        tape.member(of: index, key).map { JSONValue(tape: tape, index: $0) }
    }

    /// The value of the member whose key is the camelCase form of a name with underscores: `runId` for `run_id`.
    ///
    /// Nil if there is no such member, or if the name has no underscore. If the key occurs several times, the last value counts.
    /// Compares the bytes of keys and creates no String.
    package func member(inCamelCase name: String) -> JSONValue? {
        tape.camelCaseMember(of: index, name).map { JSONValue(tape: tape, index: $0) }
    }
}

extension JSONTape {
    func string(of node: JSONNode) -> String {
        guard node.hasEscapesOrIsInteger else { return withBytes(of: node) { String(decoding: $0, as: UTF8.self) } }
        return String(decoding: unescapedBytes(of: node), as: UTF8.self)
    }

    func unescapedBytes(of node: JSONNode) -> [UInt8] {
        withBytes(of: node) { content in
            var bytes: [UInt8] = []
            bytes.reserveCapacity(content.count)
            JSONBytes.unescape(content) { bytes.append($0) }
            return bytes
        }
    }

    func matches(_ node: JSONNode, _ text: String) -> Bool {
        var text = text
        return text.withUTF8 { wanted in withBytes(of: node) { Self.matches($0, node.hasEscapesOrIsInteger, wanted) } }
    }

    /// The index of the value of a key in the object at `index`; nil if the value at `index` is not an object with this key.
    func member(of index: Int, _ key: String) -> Int? {
        var key = key
        return key.withUTF8 { wanted in
            member(of: index, length: wanted.count) { Self.matches($0, $1, wanted) }
        }
    }

    /// The index of the value of the member whose key is the camelCase form of a name; nil if there is none, or if the name has
    /// no underscore.
    func camelCaseMember(of index: Int, _ name: String) -> Int? {
        var name = name
        return name.withUTF8 { name in
            let underscores = name.count { $0 == Self.underscore }
            guard underscores > 0 else { return nil }
            return member(of: index, length: name.count - underscores) { content, hasEscapes in
                guard hasEscapes else { return Self.isCamelCase(content, of: name) }
                var bytes: [UInt8] = []
                JSONBytes.unescape(content) { bytes.append($0) }
                return bytes.withUnsafeBufferPointer { Self.isCamelCase($0, of: name) }
            }
        }
    }

    /// The index of the value of the last member whose key matches; nil if there is none, or if `index` is not that of an object.
    ///
    /// - Parameters:
    ///   - length: the length of the wanted key; keys without escapes that have another length are skipped.
    ///   - matches: called with the content of a key, and whether it contains escapes.
    @inline(__always)
    private func member(
        of index: Int,
        length: Int,
        where matches: (UnsafeBufferPointer<UInt8>, _ hasEscapes: Bool) -> Bool
    ) -> Int? {
        let object = node(index)
        guard object.kind == .object else { return nil }
        return source.withUnsafeBufferPointer { source in
            var found: Int?
            var current = index + 1
            let end = Int(object.next)
            while current < end {
                let name = nodes[current]
                if name.hasEscapesOrIsInteger || Int(name.end &- name.start) == length {
                    let content = UnsafeBufferPointer(rebasing: source[Int(name.start)..<Int(name.end)])
                    if matches(content, name.hasEscapesOrIsInteger) { found = current + 1 }
                }
                current = Int(nodes[current + 1].next)
            }
            return found
        }
    }

    private static let underscore = UInt8(ascii: "_")

    /// Whether a key is the camelCase form of a name: without underscores, and with capitals after them.
    private static func isCamelCase(_ key: UnsafeBufferPointer<UInt8>, of name: UnsafeBufferPointer<UInt8>) -> Bool {
        var position = 0
        var isAfterUnderscore = false
        for byte in name {
            guard byte != underscore else {
                isAfterUnderscore = true
                continue
            }
            let isCapital = isAfterUnderscore && byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
            guard position < key.count, key[position] == (isCapital ? byte ^ 0x20 : byte) else { return false }
            isAfterUnderscore = false
            position += 1
        }
        return position == key.count
    }

    @inline(__always)
    private static func matches(
        _ content: UnsafeBufferPointer<UInt8>,
        _ hasEscapes: Bool,
        _ wanted: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        guard hasEscapes else { return content.count == wanted.count && content.elementsEqual(wanted) }
        var index = 0
        var isEqual = true
        JSONBytes.unescape(content) { byte in
            if index >= wanted.count || wanted[index] != byte { isEqual = false }
            index += 1
        }
        return isEqual && index == wanted.count
    }
}
