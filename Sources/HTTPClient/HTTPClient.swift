package import Files
package import HTTPWire
internal import Synchronization
package import TLS

/// Sends requests to one server over HTTP/1.1, plain or encrypted, and uses its connections again; may be used by several threads.
package final class HTTPClient: Sendable {
    /// The longest body of a response that is read where nothing else is said, in bytes.
    package static let usualMaximumBytes = 8 * 1_048_576

    package let origin: HTTPOrigin
    private let proxy: HTTPProxy?
    private let trust: TLSTrust
    let pool = ConnectionPool()
    /// Made for the first encrypted connection.
    private let context = Mutex<TLSContext?>(nil)

    /// - Parameters:
    ///   - proxy: nil for direct connections.
    ///   - trust: whom to trust where the origin is one of https.
    package init(_ origin: HTTPOrigin, proxy: HTTPProxy? = nil, trust: TLSTrust = TLSTrust()) {
        self.origin = origin
        self.proxy = proxy
        self.trust = trust
    }

    /// A client for a server over plain HTTP, without a proxy.
    package convenience init(host: String, port: Int) {
        self.init(HTTPOrigin(host: host, port: port))
    }

    /// Sends a request and returns the response, whatever its status.
    ///
    /// Redirects within the origin are followed; a response that sends elsewhere is returned. A response with a longer
    /// body than `maximumBytes` is an error.
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
        maximumBytes: Int = HTTPClient.usualMaximumBytes,
        by deadline: Deadline
    ) throws(CallFailure) -> HTTPReply {
        let body = body.map { RequestBody.bytes($0) } ?? .none
        let request = ClientRequest(method, target, fields: fields, body: body)
        return try send(request, maximumBytes: maximumBytes, CallLimits(whole: deadline))
    }

    /// Sends a request whose body is the content of a file, from its beginning; its size must not change meanwhile.
    ///
    /// The file is read piece by piece.
    /// - Throws: `.brokenBody` when the file cannot be read to its end, or as `send`.
    package func send(
        _ method: HTTPMethod,
        _ target: String,
        fields: [(name: String, value: String)],
        file: Descriptor,
        bytes: Int64,
        by deadline: Deadline
    ) throws(CallFailure) -> HTTPReply {
        let request = ClientRequest(method, target, fields: fields, body: .file(file, bytes: bytes))
        return try send(request, CallLimits(whole: deadline))
    }

    /// Sends a request without a body, and passes the body of a response of status 200 on as it arrives.
    ///
    /// - Parameters:
    ///   - patience: how long nothing may arrive.
    ///   - deadline: when all of it must be there.
    ///   - take: called with the bytes, piece by piece.
    /// - Returns: the response, whose body is empty if it was passed on.
    /// - Throws: `CallFailure`, also for a response that is cut off, or what `take` throws.
    package func download(
        _ target: String,
        fields: [(name: String, value: String)],
        patience: Duration,
        by deadline: Deadline = .never,
        _ take: ([UInt8]) throws -> Void
    ) throws -> HTTPReply {
        let limits = CallLimits(whole: deadline, connecting: patience, silence: patience)
        let stream = try open(ClientRequest(.get, target, fields: fields), limits)
        guard stream.head.status == 200 else {
            return HTTPReply(head: stream.head, body: try stream.body(atMost: Self.usualMaximumBytes))
        }
        while let piece = try stream.next() { try take(piece) }
        return HTTPReply(head: stream.head, body: [])
    }

    /// Sends a request and returns the whole response, whatever its status.
    package func send(
        _ request: ClientRequest,
        maximumBytes: Int = HTTPClient.usualMaximumBytes,
        _ limits: CallLimits
    ) throws(CallFailure) -> HTTPReply {
        let stream = try open(request, limits)
        return HTTPReply(head: stream.head, body: try stream.body(atMost: maximumBytes))
    }

    /// Sends a request and returns the response when its head has arrived; its body is read from the stream.
    package func open(_ request: ClientRequest, _ limits: CallLimits) throws(CallFailure) -> ReplyStream {
        var request = request
        for _ in 0...Redirection.maximumCount {
            let stream = try exchange(request, limits)
            guard let next = Redirection.request(after: stream.head, of: request, at: origin) else { return stream }
            // A long body is not worth the connection.
            _ = try? stream.body(atMost: 65_536)
            request = next
        }
        throw .notHTTP("it redirects more than \(Redirection.maximumCount) times")
    }
}

extension HTTPClient {
    /// Sends a request once, or a second time if a connection that was used before turns out to be closed and the request
    /// may be repeated.
    private func exchange(_ request: ClientRequest, _ limits: CallLimits) throws(CallFailure) -> ReplyStream {
        if let connection = pool.take(forRepeatable: request.isRepeatable) {
            do throws(CallFailure) {
                return try exchange(request, on: connection, limits)
            } catch {
                guard case .disconnected = error, request.isRepeatable else { throw error }
            }
        }
        return try exchange(request, on: connect(limits), limits)
    }

    private func exchange(
        _ request: ClientRequest,
        on connection: ClientConnection,
        _ limits: CallLimits
    ) throws(CallFailure) -> ReplyStream {
        let isWhole = try connection.send(request, by: self, limits)
        return try ReplyStream(on: connection, isForHead: request.method == .head, limits) { [pool] in
            if isWhole { pool.giveBack(connection) }
        }
    }

    /// Connects to the server, or to the proxy in front of it, and encrypts the connection to an origin of https.
    private func connect(_ limits: CallLimits) throws(CallFailure) -> ClientConnection {
        let deadline = limits.connectionDeadline
        // A library or a file that is missing is told before anybody is asked for a connection.
        let context = origin.isSecure ? try sharedContext() : nil
        let connection: ClientConnection
        if let proxy {
            connection = try connect(through: proxy, by: deadline, limits.interruption)
        } else {
            connection = try ClientConnection.connected(
                host: origin.host,
                port: origin.port,
                by: deadline,
                limits.interruption
            )
        }
        if let context {
            let name = origin.hostWithoutZone
            try connection.encrypt(context, expecting: name, by: deadline, limits.interruption)
        }
        return connection
    }

    private func connect(
        through proxy: HTTPProxy,
        by deadline: Deadline,
        _ interruption: CallInterruption?
    ) throws(CallFailure) -> ClientConnection {
        let connection: ClientConnection
        do throws(CallFailure) {
            connection = try ClientConnection.connected(
                host: proxy.host,
                port: proxy.port,
                by: deadline,
                interruption
            )
        } catch .interrupted {
            throw .interrupted
        } catch {
            throw .proxy("\(proxy.shown) cannot be reached: \(error.phrase)")
        }
        guard origin.isSecure else { return connection }
        // RFC 9110 §9.3.6: after the answer, the bytes go to the server as they are.
        let request = ByteBuffer()
        request.append("CONNECT \(origin.authority) HTTP/1.1\r\n")
        HeadWriter.appendField("Host", origin.authority, to: request)
        if let authorization = proxy.authorization {
            HeadWriter.appendField("Proxy-Authorization", authorization, to: request)
        }
        request.append("\r\n")
        let head: ResponseHead
        do throws(CallFailure) {
            let limits = CallLimits(whole: deadline, interruption: interruption)
            _ = try connection.send(request, limits)
            head = try ReplyStream.receiveHead(on: connection, limits)
        } catch .interrupted {
            throw .interrupted
        } catch {
            throw .proxy("\(proxy.shown) does not connect to the server: \(error.phrase)")
        }
        guard (200..<300).contains(head.status) else {
            let reason = head.status == 407 ? ": it wants a name and a password, or others" : ""
            throw .proxy("\(proxy.shown) does not connect to the server: it answers \(head.status)\(reason)")
        }
        guard connection.input.isEmpty else {
            throw .proxy("\(proxy.shown) sends something of its own before the server does")
        }
        return connection
    }

    private func sharedContext() throws(CallFailure) -> TLSContext {
        let result = context.withLock { context in
            Result { () throws(TLSFailure) in
                if let context { return context }
                let made = try TLSContext.client(trust)
                context = made
                return made
            }
        }
        return try result.mapError { CallFailure.tls($0) }.get()
    }

    /// The head of a request, as this client's server or its proxy takes it.
    fileprivate func head(of request: ClientRequest) -> ByteBuffer {
        let head = ByteBuffer()
        // RFC 9112 §3.2.2: a proxy that reads the request gets the whole address.
        let reader = origin.isSecure ? nil : proxy
        let target = reader == nil ? request.target : "http://\(origin.authority)\(request.target)"
        HeadWriter.appendRequestLine(request.method, target, to: head)
        HeadWriter.appendFields(request.fields, to: head)
        if let authorization = reader?.authorization {
            HeadWriter.appendField("Proxy-Authorization", authorization, to: head)
        }
        if let framing = request.body.framing { HeadWriter.appendFraming(framing, to: head) }
        head.append("\r\n")
        return head
    }
}

extension ClientConnection {
    /// Sends head and body; false when the peer has answered or closed before it took all of it.
    fileprivate func send(
        _ request: ClientRequest,
        by client: HTTPClient,
        _ limits: CallLimits
    ) throws(CallFailure) -> Bool {
        let output = client.head(of: request)
        switch request.body {
        case .none: return try send(output, limits)
        case .bytes(let bytes):
            output.append(bytes)
            return try send(output, limits)
        case .file(let file, let bytes):
            let reader = FileReader(file, bytes: bytes)
            return try send(output, reader, length: Int(bytes), limits)
        case .stream(let producer, let length): return try send(output, producer, length: length, limits)
        }
    }

    /// Sends what is in `output` and then all pieces of a body, framed by its length or, without one, in chunks.
    private func send(
        _ output: ByteBuffer,
        _ producer: any HTTPBodyProducer,
        length: Int?,
        _ limits: CallLimits
    ) throws(CallFailure) -> Bool {
        var sent = 0
        var hasMore = length != 0
        while hasMore {
            var piece: [UInt8] = []
            do {
                hasMore = try producer.next(into: &piece)
            } catch {
                throw .brokenBody("\(error)")
            }
            sent += piece.count
            if let length, sent > length { throw .brokenBody("it is longer than announced") }
            output.append(length == nil ? ChunkedEncoder.encode(piece, isLast: !hasMore) : piece)
            guard try send(output, limits) else { return false }
        }
        if let length, sent < length { throw .brokenBody("it is shorter than announced") }
        return try send(output, limits)
    }
}
