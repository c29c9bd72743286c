extension JSONValue {
    /// The elements of an array in order; empty for other kinds.
    package var elements: Elements { Elements(of: self) }

    /// The members of an object in order, including duplicates; empty for other kinds.
    package var members: Members { Members(of: self) }

    /// The elements of an array; iteration allocates nothing.
    package struct Elements: Sequence, IteratorProtocol, Sendable {
        private let tape: JSONTape
        private var index: Int
        private let end: Int

        init(of value: JSONValue) {
            let node = value.node
            tape = value.tape
            index = value.index + 1
            end = node.kind == .array ? Int(node.next) : index
        }

        /// The next element; nil after the last.
        package mutating func next() -> JSONValue? {
            guard index < end else { return nil }
            let value = JSONValue(tape: tape, index: index)
            index = Int(value.node.next)
            return value
        }
    }

    /// The members of an object; iteration creates a String for each key.
    package struct Members: Sequence, IteratorProtocol, Sendable {
        private let tape: JSONTape
        private var index: Int
        private let end: Int

        init(of value: JSONValue) {
            let node = value.node
            tape = value.tape
            index = value.index + 1
            end = node.kind == .object ? Int(node.next) : index
        }

        /// The next key and its value; nil after the last member.
        package mutating func next() -> (key: String, value: JSONValue)? {
            guard index < end else { return nil }
            let key = tape.string(of: tape.node(index))
            let value = JSONValue(tape: tape, index: index + 1)
            index = Int(value.node.next)
            return (key, value)
        }
    }
}
