// Stands in for the module FoundationEssentials when a release is built.
//
// Of Foundation, the binary needs only what swift-argument-parser uses: a protocol of errors, and JSON for
// --experimental-dump-help. The real module would bring five megabytes for that, and thousands of conformances that the
// Swift runtime searches at every start. Scripts/build-release compiles this file; its declarations are named as there.

public protocol LocalizedError: Error {
    var errorDescription: String? { get }
}

public struct Data: Sendable {
    fileprivate let text: String
}

extension String {
    public enum Encoding: Sendable {
        case utf8
    }

    public init?(data: Data, encoding: Encoding) {
        self = data.text
    }
}

/// Writes pretty JSON with sorted keys: its only caller asks for both.
public final class JSONEncoder {
    public struct OutputFormatting: OptionSet, Sendable {
        public static let prettyPrinted = OutputFormatting(rawValue: 1)
        public static let sortedKeys = OutputFormatting(rawValue: 2)

        public let rawValue: Int

        public init(rawValue: Int) {
            self.rawValue = rawValue
        }
    }

    public var outputFormatting: OutputFormatting = []

    public init() {}

    public func encode(_ value: some Encodable) throws -> Data {
        let node = Node()
        try node.set(value)
        return Data(text: node.json(indentation: "\n"))
    }
}

/// One JSON value that is being built.
private final class Node {
    private enum Content {
        case literal(String)
        case array([Node])
        case object([String: Node])
    }

    private var content = Content.literal("null")

    func set(_ value: some Encodable) throws {
        switch value {
        case let text as String: content = .literal(Self.quoted(text))
        case let number as any BinaryInteger: content = .literal("\(number)")
        case let truth as Bool: content = .literal("\(truth)")
        case let number as Double: content = .literal("\(number)")
        default: try value.encode(to: NodeEncoder(node: self))
        }
    }

    func beginArray() {
        if case .array = content { return }
        content = .array([])
    }

    func beginObject() {
        if case .object = content { return }
        content = .object([:])
    }

    var count: Int {
        guard case .array(let nodes) = content else { return 0 }
        return nodes.count
    }

    func append() -> Node {
        let node = Node()
        if case .array(let nodes) = content { content = .array(nodes + [node]) }
        return node
    }

    func member(_ name: String) -> Node {
        let node = Node()
        if case .object(var members) = content {
            members[name] = node
            content = .object(members)
        }
        return node
    }

    func json(indentation: String) -> String {
        let deeper = indentation + "  "
        switch content {
        case .literal(let text): return text
        case .array(let nodes):
            return Self.block("[", nodes.map { $0.json(indentation: deeper) }, "]", indentation)
        case .object(let members):
            let lines = members.sorted { $0.key < $1.key }.map { name, node in
                "\(Self.quoted(name)) : \(node.json(indentation: deeper))"
            }
            return Self.block("{", lines, "}", indentation)
        }
    }

    private static func block(_ start: String, _ lines: [String], _ end: String, _ indentation: String) -> String {
        guard !lines.isEmpty else { return start + end }
        let separator = indentation + "  "
        return start + separator + lines.joined(separator: "," + separator) + indentation + end
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

private struct NodeEncoder: Encoder, SingleValueEncodingContainer {
    let node: Node
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        node.beginObject()
        return KeyedEncodingContainer(ObjectEncoder(node: node))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        node.beginArray()
        return ArrayEncoder(node: node)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }
    func encodeNil() {}
    func encode(_ value: some Encodable) throws { try node.set(value) }
}

private struct ObjectEncoder<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: Node
    var codingPath: [any CodingKey] { [] }

    func encodeNil(forKey key: Key) { _ = node.member(key.stringValue) }
    func encode(_ value: some Encodable, forKey key: Key) throws { try node.member(key.stringValue).set(value) }

    func nestedContainer<Nested>(keyedBy: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
        NodeEncoder(node: node.member(key.stringValue)).container(keyedBy: keyedBy)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        NodeEncoder(node: node.member(key.stringValue)).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { NodeEncoder(node: node.member("super")) }
    func superEncoder(forKey key: Key) -> any Encoder { NodeEncoder(node: node.member(key.stringValue)) }
}

private struct ArrayEncoder: UnkeyedEncodingContainer {
    let node: Node
    var codingPath: [any CodingKey] { [] }
    var count: Int { node.count }

    func encodeNil() { _ = node.append() }
    func encode(_ value: some Encodable) throws { try node.append().set(value) }

    func nestedContainer<Nested>(keyedBy: Nested.Type) -> KeyedEncodingContainer<Nested> {
        NodeEncoder(node: node.append()).container(keyedBy: keyedBy)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        NodeEncoder(node: node.append()).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { NodeEncoder(node: node.append()) }
}
