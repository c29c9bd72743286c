internal import Glibc
internal import JSON

/// One point of a metric.
public struct Metric: Sendable, Hashable {
    /// Its name, at most 250 characters.
    public var key: String
    /// The value, which may be NaN or infinite.
    public var value: Double
    /// The time of the point in milliseconds since 1970.
    public var timestamp: Int64
    /// The training step at which the value was measured.
    public var step: Int64

    /// - Parameter timestamp: the time of the point in milliseconds since 1970; nil for now.
    public init(_ key: String, _ value: Double, step: Int64 = 0, timestamp: Int64? = nil) {
        self.key = key
        self.value = value
        self.timestamp = timestamp ?? .unixMilliseconds
        self.step = step
    }

    init(_ value: JSONValue) throws(MLflowError) {
        key = value.text("key")
        self.value = try value.number("value")
        timestamp = value.integer("timestamp") ?? 0
        step = value.integer("step") ?? 0
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writeMembers(to: &writer)
        writer.endObject()
    }

    func writeMembers(to writer: inout JSONWriter) {
        writer.member("key", key)
        writer.member("value", value)
        writer.member("timestamp", timestamp)
        writer.member("step", step)
    }
}

/// A parameter of a run, which is set once and cannot be changed.
public struct Param: Sendable, Hashable {
    /// Its name, at most 250 characters.
    public var key: String
    /// Its value as text.
    public var value: String

    /// - Parameter value: written as Swift prints it.
    public init(_ key: String, _ value: some CustomStringConvertible) {
        self.key = key
        self.value = value.description
    }

    init(_ value: JSONValue) throws(MLflowError) {
        key = value.text("key")
        self.value = value.text("value")
    }
}

/// A tag of an experiment, run, model or input, which can be changed.
public struct Tag: Sendable, Hashable {
    /// Its name, at most 250 characters.
    public var key: String
    /// Its value as text.
    public var value: String

    /// - Parameter value: written as Swift prints it.
    public init(_ key: String, _ value: some CustomStringConvertible) {
        self.key = key
        self.value = value.description
    }

    init(_ value: JSONValue) throws(MLflowError) {
        key = value.text("key")
        self.value = value.text("value")
    }
}

extension JSONWriter {
    /// Writes an object with a key and a value.
    mutating func pair(_ key: String, _ value: String) {
        beginObject()
        member("key", key)
        member("value", value)
        endObject()
    }

    /// Writes a member with a list of tags; nothing if the list is empty.
    mutating func member(_ name: StaticString, tags: [Tag]) {
        guard !tags.isEmpty else { return }
        memberArray(name) { writer in
            for tag in tags { writer.pair(tag.key, tag.value) }
        }
    }

    /// Writes a member with a list of params; nothing if the list is empty.
    mutating func member(_ name: StaticString, params: [Param]) {
        guard !params.isEmpty else { return }
        memberArray(name) { writer in
            for param in params { writer.pair(param.key, param.value) }
        }
    }

    /// Writes a member with a list of texts; nothing if the list is empty.
    mutating func member(_ name: StaticString, texts: [String]) {
        guard !texts.isEmpty else { return }
        memberArray(name) { writer in
            for text in texts { writer.string(text) }
        }
    }
}

extension Int64 {
    /// The milliseconds since 1970 by the system's clock.
    static var unixMilliseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) &* 1_000 &+ Int64(time.tv_nsec) / 1_000_000
    }
}
