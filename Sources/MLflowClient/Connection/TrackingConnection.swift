package import Files
package import HTTPClient
package import HTTPWire
package import TLS

/// Sends single requests to the server of a tracking URI, with the credentials that the MLflow client would send.
///
/// A failed request is not repeated, and every answer is returned, whatever its status. `TrackingCaller` repeats calls
/// and turns answers into errors.
package struct TrackingConnection: Sendable {
    package let uri: TrackingURI
    package let credentials: ClientCredentials
    private let userAgent: String
    private let client: HTTPClient

    /// - Parameters:
    ///   - userAgent: the value of the field User-Agent.
    ///   - credentials: nil for the credentials in the URI or the environment.
    ///   - trust: nil for the settings in the environment.
    ///   - variable: returns the value of an environment variable, or nil for an empty one. Variables name proxies, and the
    ///     credentials and certificates that are not given as parameters.
    package init(
        _ uri: TrackingURI,
        userAgent: String,
        credentials: ClientCredentials? = nil,
        trust: TLSTrust? = nil,
        _ variable: (String) -> String?
    ) throws(TrackingURIFault) {
        self.uri = uri
        self.userAgent = userAgent
        if let credentials {
            self.credentials = credentials
        } else {
            self.credentials = try ClientCredentials(uri: uri, variable)
        }
        let origin = HTTPOrigin(isSecure: uri.isSecure, host: uri.host, port: uri.port)
        client = HTTPClient(
            origin,
            proxy: try Self.proxy(for: origin, variable),
            trust: try Self.trust(uri, trust, variable)
        )
    }

    private static func trust(
        _ uri: TrackingURI,
        _ given: TLSTrust?,
        _ variable: (String) -> String?
    ) throws(TrackingURIFault) -> TLSTrust {
        guard uri.isSecure else { return TLSTrust() }
        if let given { return given }
        return try trust(variable)
    }

    /// A connection to the server that has a data folder of this machine open, at the address that the server wrote there.
    ///
    /// The connection uses no proxy. It does not verify the certificate, which may be valid only for another address. The server
    /// is trusted, because only a program that may write to the data folder can have written the address there.
    ///
    /// - Parameter key: the key that the server wrote into the data folder for commands on the same machine.
    package init(ownerAt uri: TrackingURI, key: String?, userAgent: String) {
        self.uri = uri
        self.userAgent = userAgent
        credentials = key.map { ClientCredentials(token: $0) } ?? ClientCredentials.none
        var trust = TLSTrust()
        trust.verifies = false
        client = HTTPClient(HTTPOrigin(isSecure: uri.isSecure, host: uri.host, port: uri.port), trust: trust)
    }

    /// The proxy that the environment names for an origin; nil for a direct connection.
    static func proxy(for origin: HTTPOrigin, _ variable: (String) -> String?) throws(TrackingURIFault) -> HTTPProxy? {
        do throws(ClientSettingFault) {
            return try HTTPProxy.proxy(for: origin, variable)
        } catch {
            throw TrackingURIFault(detail: error.detail, advice: error.advice)
        }
    }

    static func trust(_ variable: (String) -> String?) throws(TrackingURIFault) -> TLSTrust {
        do throws(TLSFailure) {
            return try TLSTrust(variable)
        } catch {
            throw TrackingURIFault(detail: "\(error)", advice: "Unset the variable, or correct it.")
        }
    }

    /// Sends a request and returns the whole response.
    ///
    /// - Parameters:
    ///   - path: the path after the URI's prefix, with its query.
    ///   - authorization: the value of the Authorization field; nil for the connection's credentials.
    package func send(
        _ method: HTTPMethod,
        _ path: String,
        fields: [(name: String, value: String)] = [],
        body: RequestBody = .none,
        authorization: String? = nil,
        maximumBytes: Int = HTTPClient.defaultMaximumBytes,
        _ limits: CallLimits
    ) throws(CallFailure) -> HTTPReply {
        let fields = commonFields(authorization) + fields
        let request = ClientRequest(method, uri.prefix + path, fields: fields, body: body)
        return try client.send(request, maximumBytes: maximumBytes, limits)
    }

    /// Sends `GET path` and returns as soon as the head of the response has arrived.
    package func open(
        _ path: String,
        authorization: String? = nil,
        _ limits: CallLimits
    ) throws(CallFailure) -> ReplyStream {
        try client.open(ClientRequest(.get, uri.prefix + path, fields: commonFields(authorization)), limits)
    }

    private func commonFields(_ authorization: String?) -> [(name: String, value: String)] {
        var common = [
            ("Host", uri.hostField), ("User-Agent", userAgent), ("Accept", "*/*"), ("Accept-Encoding", "identity"),
        ]
        if let value = authorization ?? credentials.authorization { common.append(("Authorization", value)) }
        return common
    }
}

extension TrackingConnection {
    /// Sends `GET path`.
    package func get(
        _ path: String,
        maximumBytes: Int = HTTPClient.defaultMaximumBytes,
        by deadline: Deadline
    ) throws(CallFailure) -> HTTPReply {
        try send(.get, path, maximumBytes: maximumBytes, CallLimits(whole: deadline))
    }

    /// Sends `GET path` and passes on the body of an answer with status 200 as it arrives.
    ///
    /// - Parameters:
    ///   - idleTimeout: the longest time without a byte.
    ///   - deadline: the time by which the whole body must have arrived.
    ///   - receive: called with the bytes, piece by piece.
    /// - Returns: the response, with an empty body if the body was passed to `receive`.
    /// - Throws: `CallFailure`, for instance for an incomplete response; the errors of `receive`.
    package func download(
        _ path: String,
        idleTimeout: Duration,
        by deadline: Deadline = .never,
        _ receive: ([UInt8]) throws -> Void
    ) throws -> HTTPReply {
        try client.download(
            uri.prefix + path,
            fields: commonFields(nil),
            idleTimeout: idleTimeout,
            by: deadline,
            receive
        )
    }

    /// Sends `POST path` with a JSON body.
    package func post(
        _ path: String,
        json body: [UInt8],
        maximumBytes: Int = HTTPClient.defaultMaximumBytes,
        by deadline: Deadline
    ) throws(CallFailure) -> HTTPReply {
        let fields = [(name: "Content-Type", value: "application/json")]
        let limits = CallLimits(whole: deadline)
        return try send(.post, path, fields: fields, body: .bytes(body), maximumBytes: maximumBytes, limits)
    }

    /// Sends `POST path` with a body of any type.
    package func post(
        _ path: String,
        body: [UInt8],
        type: String,
        by deadline: Deadline
    ) throws(CallFailure) -> HTTPReply {
        let fields = [(name: "Content-Type", value: type)]
        return try send(.post, path, fields: fields, body: .bytes(body), CallLimits(whole: deadline))
    }

    /// Sends `PUT path` with the content of a file.
    package func put(
        _ path: String,
        file: Descriptor,
        bytes: Int64,
        by deadline: Deadline
    ) throws(CallFailure) -> HTTPReply {
        let fields = [(name: "Content-Type", value: "application/octet-stream")]
        return try send(.put, path, fields: fields, body: .file(file, bytes: bytes), CallLimits(whole: deadline))
    }
}
