/// Writes the head of a message (RFC 9112 §3 to §5).
package enum HeadWriter {
    /// Appends a request line; the target is a path with an optional query (RFC 9112 §3.2.1).
    package static func appendRequestLine(_ method: HTTPMethod, _ target: String, to output: ByteBuffer) {
        output.append("\(method.rawValue) \(target) HTTP/1.1\r\n")
    }

    /// Appends the status line of a response.
    package static func appendStatus(_ status: Int, to output: ByteBuffer) {
        if status == 200 { return output.append("HTTP/1.1 200 OK\r\n") }
        output.append("HTTP/1.1 ")
        // A status always has three digits (RFC 9110 §15).
        output.append(decimal: min(max(status, 100), 999))
        output.append(" ")
        output.append(StatusPhrase.text(status))
        output.append("\r\n")
    }

    /// Appends the fields in order; leaves out `Date` and the fields for framing and the connection.
    package static func appendFields(_ headers: [(name: String, value: String)], to output: ByteBuffer) {
        for field in headers where !isReserved(field.name) { appendField(field.name, field.value, to: output) }
    }

    /// Appends one field; CR, LF and NUL are replaced by spaces.
    package static func appendField(_ name: String, _ value: String, to output: ByteBuffer) {
        appendSafely(name, to: output)
        output.append(": ")
        appendSafely(value, to: output)
        output.append("\r\n")
    }

    private static func appendSafely(_ text: String, to output: ByteBuffer) {
        let isSafe = !text.utf8.contains { $0 == 0x0D || $0 == 0x0A || $0 == 0 }
        output.append(isSafe ? text : String(decoding: text.utf8.map(spaceForControl), as: UTF8.self))
    }

    private static func spaceForControl(_ byte: UInt8) -> UInt8 {
        byte == 0x0D || byte == 0x0A || byte == 0 ? 0x20 : byte
    }

    /// Whether only the server itself may write the field, because it decides about framing and the connection.
    private static func isReserved(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: ASCII.matches(name, "date")
        case 10: ASCII.matches(name, "connection")
        case 14: ASCII.matches(name, "content-length")
        case 17: ASCII.matches(name, "transfer-encoding")
        default: false
        }
    }

    /// Appends `Content-Length` or `Transfer-Encoding`; appends nothing for a framing that has no field.
    package static func appendFraming(_ framing: BodyFraming, to output: ByteBuffer) {
        switch framing {
        case .none, .untilClose: break
        case .length(let count):
            output.append("Content-Length: ")
            output.append(decimal: count)
            output.append("\r\n")
        case .chunked: output.append("Transfer-Encoding: chunked\r\n")
        }
    }
}
