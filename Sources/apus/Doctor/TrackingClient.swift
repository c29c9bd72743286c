internal import HTTPClient
internal import HTTPWire

/// Sends requests to the server of a tracking URI, with the credentials that the MLflow client would send.
struct TrackingClient: Sendable {
    let uri: TrackingURI
    let credentials: ClientCredentials

    /// Sends `GET path` and returns the response, whatever its status.
    /// - Parameter path: the path after the URI's prefix, with its query.
    func get(_ path: String, by deadline: Deadline) throws(CallFailure) -> HTTPReply {
        try send(.get, path, fields: [], body: nil, by: deadline)
    }

    /// Sends `POST path` with a JSON body and returns the response, whatever its status.
    func post(
        _ path: String,
        json body: [UInt8],
        maximumBytes: Int = 8 * 1_048_576,
        by deadline: Deadline
    ) throws(CallFailure) -> HTTPReply {
        let fields = [(name: "Content-Type", value: "application/json")]
        return try send(.post, path, fields: fields, body: body, maximumBytes: maximumBytes, by: deadline)
    }

    private func send(
        _ method: HTTPMethod,
        _ path: String,
        fields: [(name: String, value: String)],
        body: [UInt8]?,
        maximumBytes: Int = 8 * 1_048_576,
        by deadline: Deadline
    ) throws(CallFailure) -> HTTPReply {
        var common = [
            ("Host", uri.hostField),
            ("User-Agent", "apus-doctor/\(apusVersion)"),
            ("Accept", "*/*"),
            ("Accept-Encoding", "identity"),
        ]
        if let authorization = credentials.authorization { common.append(("Authorization", authorization)) }
        let client = HTTPClient(host: uri.host, port: uri.port)
        return try client.send(
            method,
            uri.prefix + path,
            fields: common + fields,
            body: body,
            maximumBytes: maximumBytes,
            by: deadline
        )
    }
}
