/// The fields of every answer, written once when the server starts.
struct CommonFields: Sendable {
    private let server: [UInt8]
    private let common: [(lowercasedName: String, line: [UInt8])]

    init(_ configuration: HTTPServer.Configuration) {
        server = configuration.serverName.isEmpty ? [] : [UInt8]("Server: \(configuration.serverName)\r\n".utf8)
        common = configuration.commonHeaders.map { field in
            let name = String(decoding: field.name.utf8.map(ASCII.lowercased), as: UTF8.self)
            let line = ByteBuffer()
            ResponseHead.appendField(field.name, field.value, to: line)
            return (name, [UInt8](line.bytes))
        }
    }

    func append(to output: ByteBuffer, except headers: [(name: String, value: String)]) {
        output.append(server)
        for field in common {
            let isSet = headers.contains { HTTPResponse.matches($0.name, field.lowercasedName) }
            if !isSet { output.append(field.line) }
        }
    }
}

/// Writes the head of an answer (RFC 9112 §4).
enum ResponseHead {
    /// How the end of the answer's body is marked.
    enum Framing {
        /// 204, 304 and interim answers have no body and no length (RFC 9110 §8.6).
        case none
        case length(Int)
        case chunked
        case untilClose
    }

    static func appendStatus(_ status: Int, to output: ByteBuffer) {
        if status == 200 {
            output.append("HTTP/1.1 200 OK\r\n")
            return
        }
        output.append("HTTP/1.1 ")
        // Three digits whatever the caller said (RFC 9110 §15).
        output.append(decimal: min(max(status, 100), 999))
        output.append(" ")
        output.append(StatusPhrase.text(status))
        output.append("\r\n")
    }

    static func appendFields(_ headers: [(name: String, value: String)], to output: ByteBuffer) {
        for field in headers where !isReserved(field.name) {
            appendField(field.name, field.value, to: output)
        }
    }

    /// One field; what could end the line early becomes a space.
    static func appendField(_ name: String, _ value: String, to output: ByteBuffer) {
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

    /// Fields that only the server may write, because it decides about framing and the connection.
    private static func isReserved(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: HTTPResponse.matches(name, "date")
        case 10: HTTPResponse.matches(name, "connection")
        case 14: HTTPResponse.matches(name, "content-length")
        case 17: HTTPResponse.matches(name, "transfer-encoding")
        default: false
        }
    }

    static func appendFraming(_ framing: Framing, to output: ByteBuffer) {
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
