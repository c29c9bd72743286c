/// Functions that write a key and its value; the key must be ASCII without characters to escape, as for `key(_:)`.
extension JSONWriter {
    package mutating func member(_ name: StaticString, _ value: String) {
        key(name)
        string(value)
    }

    package mutating func member(_ name: StaticString, _ value: Int64) {
        key(name)
        int(value)
    }

    package mutating func member(_ name: StaticString, _ value: Int) {
        key(name)
        int(value)
    }

    /// Writes a member with a number; NaN and the infinities become strings.
    package mutating func member(_ name: StaticString, _ value: Double) {
        key(name)
        double(value)
    }

    package mutating func member(_ name: StaticString, _ value: Bool) {
        key(name)
        bool(value)
    }

    /// Writes a member with a string, or nothing for nil.
    package mutating func member(_ name: StaticString, ifPresent value: String?) {
        if let value { member(name, value) }
    }

    /// Writes a member with an integer, or nothing for nil.
    package mutating func member(_ name: StaticString, ifPresent value: Int64?) {
        if let value { member(name, value) }
    }

    /// Writes a member with an array, whose elements `body` writes.
    package mutating func memberArray(_ name: StaticString, _ body: (inout JSONWriter) throws -> Void) rethrows {
        key(name)
        beginArray()
        try body(&self)
        endArray()
    }

    /// Writes a member with an object, whose members `body` writes.
    package mutating func memberObject(_ name: StaticString, _ body: (inout JSONWriter) throws -> Void) rethrows {
        key(name)
        beginObject()
        try body(&self)
        endObject()
    }

    /// Writes a member that is a list of objects with `key` and `value`; writes nothing if the list is empty.
    package mutating func pairs(_ name: StaticString, _ pairs: [(key: String, value: String)]) {
        guard !pairs.isEmpty else { return }
        memberArray(name) { writer in
            for pair in pairs {
                writer.beginObject()
                writer.member("key", pair.key)
                writer.member("value", pair.value)
                writer.endObject()
            }
        }
    }
}
