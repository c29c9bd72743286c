package import HTTPClient
package import JSON

/// The parts of a tracking server's response.
extension HTTPReply {
    /// The longest message that is read.
    ///
    /// The shown text is much shorter. It is cut only after secrets are replaced, because half a secret would not be recognized.
    private static let maximumMessageBytes = 64 * 1024

    /// The body as JSON; nil if it is not JSON.
    package var json: JSONValue? {
        // The parser's error is dropped, because servers often answer with other bodies than JSON.
        (try? JSONDocument(parsing: body))?.root
    }

    /// MLflow's error code, such as RESOURCE_DOES_NOT_EXIST; nil if the body has none.
    package var errorCode: String? { json?["error_code"]?.string }

    /// The server's message: the member `message` of its JSON, or a body that is not HTML; nil if neither exists.
    package var message: String? {
        if let message = json?["message"]?.string { return message }
        return isHTML || body.isEmpty ? nil : String(decoding: body.prefix(Self.maximumMessageBytes), as: UTF8.self)
    }

    package var isHTML: Bool {
        if field("content-type")?.lowercased().hasPrefix("text/html") == true { return true }
        return beginsWithTag
    }

    /// Whether the body begins with `<` like an HTML page.
    ///
    /// The content type does not tell whether the body is a page, because MLflow's server sends plain text as text/html.
    var beginsWithTag: Bool { body.first { $0 > 0x20 } == UInt8(ascii: "<") }
}
