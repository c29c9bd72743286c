internal import HTTPWire
internal import JSON

extension HTTPResponse {
    static func json(
        status: Int = 200,
        capacity: Int = 256,
        _ write: (inout JSONWriter) throws -> Void
    ) rethrows
        -> HTTPResponse
    {
        var writer = JSONWriter(capacity: capacity)
        try write(&writer)
        return HTTPResponse(status: status, contentType: "application/json", bytes: writer.takeBytes())
    }

    /// Returns a JSON object, whose members the closure writes.
    static func jsonObject(
        status: Int = 200,
        capacity: Int = 256,
        _ writeMembers: (inout JSONWriter) throws -> Void
    ) rethrows -> HTTPResponse {
        try .json(status: status, capacity: capacity) { writer in
            writer.beginObject()
            try writeMembers(&writer)
            writer.endObject()
        }
    }

    /// Returns a JSON object with a single member, whose value the closure writes.
    static func json(_ key: StaticString, capacity: Int = 256, _ write: (inout JSONWriter) -> Void) -> HTTPResponse {
        .jsonObject(capacity: capacity) { writer in
            writer.key(key)
            write(&writer)
        }
    }

    /// An empty JSON object, the answer to a call without a result.
    static let empty = HTTPResponse(contentType: "application/json", bytes: Array("{}".utf8))
}
