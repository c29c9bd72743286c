import HTTPWire

/// The header fields that all responses share, formatted once when the server starts.
struct CommonFields: Sendable {
    private let server: [UInt8]
    private let common: [(lowercasedName: String, line: [UInt8])]

    init(_ configuration: HTTPServer.Configuration) {
        server = configuration.serverName.isEmpty ? [] : [UInt8]("Server: \(configuration.serverName)\r\n".utf8)
        common = configuration.commonHeaders.map { field in
            let name = String(decoding: field.name.utf8.map(ASCII.lowercased), as: UTF8.self)
            let line = ByteBuffer()
            HeadWriter.appendField(field.name, field.value, to: line)
            return (name, [UInt8](line.bytes))
        }
    }

    func append(to output: ByteBuffer, except headers: [(name: String, value: String)]) {
        output.append(server)
        for field in common {
            let isSet = headers.contains { ASCII.matches($0.name, field.lowercasedName) }
            if !isSet { output.append(field.line) }
        }
    }
}
