internal import HTTPClient
internal import JSON

/// What an answer of a tracking server says.
extension HTTPReply {
    /// Far more than is shown, so that secrets are blotted out whole before the text is cut.
    private static let maximumMessageBytes = 64 * 1024

    /// The body as JSON; nil when it is none.
    var json: JSONValue? {
        // A body that is no JSON is an ordinary finding here, whatever its fault.
        (try? JSONDocument(parsing: body))?.root
    }

    /// The reference's error code, such as RESOURCE_DOES_NOT_EXIST.
    var errorCode: String? { json?["error_code"]?.string }

    /// What the server says in words: the message of its JSON, or a text that is not HTML.
    var message: String? {
        if let message = json?["message"]?.string { return message }
        return isHTML || body.isEmpty ? nil : String(decoding: body.prefix(Self.maximumMessageBytes), as: UTF8.self)
    }

    var isHTML: Bool {
        if field("content-type")?.lowercased().hasPrefix("text/html") == true { return true }
        return body.first { $0 > 0x20 } == UInt8(ascii: "<")
    }
}
