internal import Files
internal import HTTPClient
internal import HTTPWire

/// Sends requests to the server of a tracking URI, with the credentials that the MLflow client would send.
struct TrackingClient: Sendable {
    let uri: TrackingURI
    let credentials: ClientCredentials
    /// The name of the command in the User-Agent field.
    var agent = "apus-doctor"

    /// Sends `GET path` and returns the response, whatever its status.
    /// - Parameter path: the path after the URI's prefix, with its query.
    func get(_ path: String, by deadline: Deadline) throws(CallFailure) -> HTTPReply {
        try send(.get, path, fields: [], body: nil, by: deadline)
    }

    /// Sends `POST path` with a JSON body and returns the response, whatever its status.
    func post(
        _ path: String,
        json body: [UInt8],
        maximumBytes: Int = HTTPClient.usualMaximumBytes,
        by deadline: Deadline
    ) throws(CallFailure) -> HTTPReply {
        let fields = [(name: "Content-Type", value: "application/json")]
        return try send(.post, path, fields: fields, body: body, maximumBytes: maximumBytes, by: deadline)
    }

    /// Sends `POST path` with a body of any type and returns the response, whatever its status.
    func post(_ path: String, body: [UInt8], type: String, by deadline: Deadline) throws(CallFailure) -> HTTPReply {
        try send(.post, path, fields: [("Content-Type", type)], body: body, by: deadline)
    }

    /// Sends `PUT path` with the content of a file and returns the response, whatever its status.
    func put(_ path: String, file: Descriptor, bytes: Int64, by deadline: Deadline) throws(CallFailure) -> HTTPReply {
        let client = HTTPClient(host: uri.host, port: uri.port)
        let fields = commonFields + [("Content-Type", "application/octet-stream")]
        return try client.send(.put, uri.prefix + path, fields: fields, file: file, bytes: bytes, by: deadline)
    }

    private var commonFields: [(name: String, value: String)] {
        var common = [
            ("Host", uri.hostField),
            ("User-Agent", "\(agent)/\(apusVersion)"),
            ("Accept", "*/*"),
            ("Accept-Encoding", "identity"),
        ]
        if let authorization = credentials.authorization { common.append(("Authorization", authorization)) }
        return common
    }

    private func send(
        _ method: HTTPMethod,
        _ path: String,
        fields: [(name: String, value: String)],
        body: [UInt8]?,
        maximumBytes: Int = HTTPClient.usualMaximumBytes,
        by deadline: Deadline
    ) throws(CallFailure) -> HTTPReply {
        let client = HTTPClient(host: uri.host, port: uri.port)
        return try client.send(
            method,
            uri.prefix + path,
            fields: commonFields + fields,
            body: body,
            maximumBytes: maximumBytes,
            by: deadline
        )
    }
}
