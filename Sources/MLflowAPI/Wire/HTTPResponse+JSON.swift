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

    /// A JSON object with one member, which is an object.
    static func json(_ key: StaticString, capacity: Int = 256, _ write: (inout JSONWriter) -> Void) -> HTTPResponse {
        .json(capacity: capacity) { writer in
            writer.beginObject()
            writer.key(key)
            write(&writer)
            writer.endObject()
        }
    }

    /// An empty JSON object: the answer of a call without a result.
    static let empty = HTTPResponse(contentType: "application/json", bytes: Array("{}".utf8))
}
