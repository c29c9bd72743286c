package import HTTPWire

/// Sends requests to one server over plain HTTP/1.1, each over a connection of its own, and waits for the answer.
package struct HTTPClient: Sendable {
    /// A name or numeric address, without brackets.
    package let host: String
    package let port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// The answer to a request, whatever its status; at most 8 MiB of it.
    ///
    /// - Parameters:
    ///   - target: path and query, percent-encoded.
    ///   - fields: Host among them, but neither those that frame the message nor Connection.
    ///   - body: nil for a request without one.
    package func send(
        _ method: HTTPMethod,
        _ target: String,
        fields: [(name: String, value: String)],
        body: [UInt8]? = nil,
        by deadline: Deadline
    ) throws(CallFailure) -> HTTPReply {
        let request = ByteBuffer()
        HeadWriter.appendRequestLine(method, target, to: request)
        HeadWriter.appendFields(fields, to: request)
        if let body { HeadWriter.appendFraming(.length(body.count), to: request) }
        request.append("Connection: close\r\n\r\n")
        if let body { request.append(body) }
        return try exchange(request, by: deadline)
    }

    private func exchange(_ request: ByteBuffer, by deadline: Deadline) throws(CallFailure) -> HTTPReply {
        let connection = try connect(by: deadline)
        try connection.send(request, by: deadline)
        var reader = ReplyReader()
        let input = ByteBuffer()
        while try connection.receive(into: input, by: deadline) {
            if let reply = try reader.take(from: input) { return reply }
        }
        return try reader.finish(input)
    }

    /// Tries the host's addresses in turn, so that a dead one does not hide a live one; the last failure counts.
    private func connect(by deadline: Deadline) throws(CallFailure) -> ClientConnection {
        let addresses = try SocketAddress.lookUp(host, port: port, by: deadline)
        var failure = CallFailure.unresolved("the name has no address")
        for (index, address) in addresses.enumerated() {
            do throws(CallFailure) {
                return try ClientConnection.connected(to: address, by: deadline.dividing(by: addresses.count - index))
            } catch {
                failure = error
            }
        }
        throw failure
    }
}
