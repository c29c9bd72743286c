package import HTTPClient
package import JSON

/// The parts of a tracking server's response.
extension HTTPReply {
    /// This is much longer than the displayed text, so that a secret is replaced as a whole before the text is cut.
    private static let maximumMessageBytes = 64 * 1024

    /// The body as JSON; nil when it is not JSON.
    package var json: JSONValue? {
        // A body that is not JSON is an ordinary result here, so that the parser's error is dropped.
        (try? JSONDocument(parsing: body))?.root
    }

    /// The reference's error code, such as RESOURCE_DOES_NOT_EXIST.
    package var errorCode: String? { json?["error_code"]?.string }

    /// The server's message: the message of its JSON, or a text that is not HTML.
    package var message: String? {
        if let message = json?["message"]?.string { return message }
        return isHTML || body.isEmpty ? nil : String(decoding: body.prefix(Self.maximumMessageBytes), as: UTF8.self)
    }

    package var isHTML: Bool {
        if field("content-type")?.lowercased().hasPrefix("text/html") == true { return true }
        return beginsWithTag
    }

    /// Whether the body is a page; stock servers send plain words as text/html.
    var beginsWithTag: Bool { body.first { $0 > 0x20 } == UInt8(ascii: "<") }
}
