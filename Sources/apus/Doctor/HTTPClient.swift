/// Sends requests to one server, each over a connection of its own, and waits for the answer.
struct HTTPClient: Sendable {
    let uri: TrackingURI
    let credentials: ClientCredentials

    /// The answer to `GET path`, whatever its status.
    /// - Parameter path: behind the URI's prefix, with its query.
    func get(_ path: String, by deadline: Deadline) throws(CallFailure) -> ServerReply {
        try exchange(request("GET", path, body: nil), by: deadline)
    }

    /// The answer to `POST path` with a JSON body, whatever its status.
    func post(_ path: String, json body: [UInt8], by deadline: Deadline) throws(CallFailure) -> ServerReply {
        try exchange(request("POST", path, body: body), by: deadline)
    }

    private func request(_ method: String, _ path: String, body: [UInt8]?) -> [UInt8] {
        var lines = [
            "\(method) \(uri.prefix)\(path) HTTP/1.1",
            "Host: \(uri.hostField)",
            "User-Agent: apus-doctor/\(apusVersion)",
            "Accept: */*",
            "Accept-Encoding: identity",
            "Connection: close",
        ]
        if let authorization = credentials.authorization { lines.append("Authorization: \(authorization)") }
        if let body { lines += ["Content-Type: application/json", "Content-Length: \(body.count)"] }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (body ?? [])
    }

    private func exchange(_ request: [UInt8], by deadline: Deadline) throws(CallFailure) -> ServerReply {
        let socket = try connect(by: deadline)
        try socket.send(request, by: deadline)
        var reader = ReplyReader()
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = try socket.receive(into: &buffer, by: deadline)
            if count == 0 { return try reader.finish() }
            if let reply = try reader.append(buffer[..<count]) { return reply }
        }
    }

    /// Tries the host's addresses in turn, so that a dead one does not hide a live one; the last failure counts.
    private func connect(by deadline: Deadline) throws(CallFailure) -> ClientSocket {
        let addresses = try PeerAddress.lookUp(uri.host, port: uri.port, by: deadline)
        var failure = CallFailure.unresolved("the name has no address")
        for (index, address) in addresses.enumerated() {
            do throws(CallFailure) {
                return try ClientSocket.connected(to: address, by: deadline.dividing(by: addresses.count - index))
            } catch {
                failure = error
            }
        }
        throw failure
    }
}
