package import Files
package import HTTPWire

/// Sends requests to one server over plain HTTP/1.1, each over a connection of its own, and waits for the answer.
package struct HTTPClient: Sendable {
    /// The longest body of a response that is read where nothing else is said, in bytes.
    package static let usualMaximumBytes = 8 * 1_048_576

    /// A name or numeric address, without brackets.
    package let host: String
    package let port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Sends a request and returns the response, whatever its status.
    ///
    /// A response with a longer body than `maximumBytes` is an error.
    ///
    /// - Parameters:
    ///   - target: path and query, percent-encoded.
    ///   - fields: header fields, including Host, but without Connection and the fields that frame the message.
    ///   - body: nil for a request without one.
    package func send(
        _ method: HTTPMethod,
        _ target: String,
        fields: [(name: String, value: String)],
        body: [UInt8]? = nil,
        maximumBytes: Int = Self.usualMaximumBytes,
        by deadline: Deadline
    ) throws(CallFailure) -> HTTPReply {
        let request = ByteBuffer()
        HeadWriter.appendRequestLine(method, target, to: request)
        HeadWriter.appendFields(fields, to: request)
        if let body { HeadWriter.appendFraming(.length(body.count), to: request) }
        request.append("Connection: close\r\n\r\n")
        if let body { request.append(body) }
        return try exchange(request, maximumBytes: maximumBytes, by: deadline)
    }

    /// Sends a request whose body is the content of a file, from its beginning; its size must not change meanwhile.
    ///
    /// The file is read piece by piece.
    /// - Throws: `.unreachable` when the file cannot be read to its end, or as `send`.
    package func send(
        _ method: HTTPMethod,
        _ target: String,
        fields: [(name: String, value: String)],
        file: Descriptor,
        bytes: Int64,
        by deadline: Deadline
    ) throws(CallFailure) -> HTTPReply {
        let request = ByteBuffer()
        HeadWriter.appendRequestLine(method, target, to: request)
        HeadWriter.appendFields(fields, to: request)
        HeadWriter.appendFraming(.length(Int(bytes)), to: request)
        request.append("Connection: close\r\n\r\n")
        let connection = try connect(by: deadline)
        try connection.send(request, by: deadline)
        try connection.send(file, bytes: bytes, by: deadline)
        return try answer(on: connection, by: deadline)
    }

    private func exchange(
        _ request: ByteBuffer,
        maximumBytes: Int,
        by deadline: Deadline
    ) throws(CallFailure) -> HTTPReply {
        let connection = try connect(by: deadline)
        try connection.send(request, by: deadline)
        return try answer(on: connection, maximumBytes: maximumBytes, by: deadline)
    }

    private func answer(
        on connection: borrowing ClientConnection,
        maximumBytes: Int = Self.usualMaximumBytes,
        by deadline: Deadline
    ) throws(CallFailure) -> HTTPReply {
        var reader = ReplyReader(maximumBytes: maximumBytes)
        let input = ByteBuffer()
        while try connection.receive(into: input, by: deadline) {
            if let reply = try reader.take(from: input) { return reply }
        }
        return try reader.finish(input)
    }

    /// Tries the host's addresses one after the other, so that an unreachable address does not hide a reachable one.
    ///
    /// When all fail, the last failure is thrown.
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
