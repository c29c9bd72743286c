internal import Files
package import HTTPWire
internal import Synchronization
package import TLS

/// Sends requests to one server over HTTP/1.1, plain or encrypted, and reuses connections; usable from any thread.
package final class HTTPClient: Sendable {
    /// The default limit for the body of a response, in bytes.
    package static let defaultMaximumBytes = 8 * 1_048_576

    package let origin: HTTPOrigin
    private let proxy: HTTPProxy?
    private let trust: TLSTrust
    let pool = ConnectionPool()
    /// The settings of encrypted connections; nil before the first one.
    private let context = Mutex<TLSContext?>(nil)

    /// - Parameters:
    ///   - proxy: nil for direct connections.
    ///   - trust: the trusted certificates; used only with https.
    package init(_ origin: HTTPOrigin, proxy: HTTPProxy? = nil, trust: TLSTrust = TLSTrust()) {
        self.origin = origin
        self.proxy = proxy
        self.trust = trust
    }

    /// A client for a server over plain HTTP, without a proxy.
    package convenience init(host: String, port: Int) { self.init(HTTPOrigin(host: host, port: port)) }

    /// Sends a request and returns the response, whatever its status.
    ///
    /// Follows redirects within the origin; returns a response that redirects to another origin.
    ///
    /// - Parameters:
    ///   - target: the path and the query, percent-encoded.
    ///   - fields: the header fields, including Host, but without Connection and the fields that frame the message.
    ///   - body: nil for a request without a body.
    ///   - maximumBytes: the longest body of a response; a longer one is an error.
    package func send(
        _ method: HTTPMethod,
        _ target: String,
        fields: [(name: String, value: String)],
        body: [UInt8]? = nil,
        maximumBytes: Int = HTTPClient.defaultMaximumBytes,
        by deadline: Deadline
    ) throws(CallFailure) -> HTTPReply {
        let body = body.map { RequestBody.bytes($0) } ?? .none
        let request = ClientRequest(method, target, fields: fields, body: body)
        return try send(request, maximumBytes: maximumBytes, CallLimits(whole: deadline))
    }

    /// Sends a GET request, and passes the body of a response with status 200 to `receive` as it arrives.
    ///
    /// - Parameters:
    ///   - idleTimeout: the longest time in which nothing arrives.
    ///   - deadline: the deadline for the whole body.
    ///   - receive: called with each piece of the body.
    /// - Returns: the response; its body is empty if it was passed to `receive`.
    /// - Throws: `CallFailure`, for instance for an incomplete response; the errors of `receive`.
    package func download(
        _ target: String,
        fields: [(name: String, value: String)],
        idleTimeout: Duration,
        by deadline: Deadline = .never,
        _ receive: ([UInt8]) throws -> Void
    ) throws -> HTTPReply {
        let limits = CallLimits(whole: deadline, connecting: idleTimeout, silence: idleTimeout)
        let stream = try open(ClientRequest(.get, target, fields: fields), limits)
        guard stream.head.status == 200 else {
            return HTTPReply(head: stream.head, body: try stream.body(atMost: Self.defaultMaximumBytes))
        }
        while let piece = try stream.next() { try receive(piece) }
        return HTTPReply(head: stream.head, body: [])
    }

    /// Sends a request and returns the whole response, whatever its status.
    package func send(
        _ request: ClientRequest,
        maximumBytes: Int = HTTPClient.defaultMaximumBytes,
        _ limits: CallLimits
    ) throws(CallFailure) -> HTTPReply {
        let stream = try open(request, limits)
        return HTTPReply(head: stream.head, body: try stream.body(atMost: maximumBytes))
    }

    /// Sends a request and returns the response as soon as its head has arrived; the caller reads its body.
    package func open(_ request: ClientRequest, _ limits: CallLimits) throws(CallFailure) -> ReplyStream {
        var request = request
        for _ in 0...Redirection.maximumCount {
            let stream = try exchange(request, limits)
            guard request.followsRedirects else { return stream }
            guard let next = Redirection.request(after: stream.head, of: request, at: origin) else { return stream }
            // Reads a short body of the redirect to its end, so that the connection can be used again.
            _ = try? stream.body(atMost: 65_536)
            request = next
        }
        throw .tooManyRedirects
    }
}

extension HTTPClient {
    /// Sends a request; sends it a second time if the server has closed a reused connection, and the request may be repeated.
    private func exchange(_ request: ClientRequest, _ limits: CallLimits) throws(CallFailure) -> ReplyStream {
        if let connection = pool.takeConnection(forRepeatable: request.isRepeatable) {
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
        let sentWholeRequest = try connection.send(request, by: self, limits)
        return try ReplyStream(on: connection, isForHead: request.method == .head, limits) { [pool] in
            if sentWholeRequest { pool.giveBack(connection) }
        }
    }

    /// Connects to the server, or to the proxy in front of it, and encrypts the connection if the scheme is https.
    private func connect(_ limits: CallLimits) throws(CallFailure) -> ClientConnection {
        let deadline = limits.connectionDeadline
        // A missing library or certificate file is reported before any connection is made.
        let context = origin.isSecure ? try sharedContext() : nil
        let connection: ClientConnection
        if let proxy {
            connection = try connect(through: proxy, by: deadline, limits.interruption)
        } else {
            let (host, port) = (origin.host, origin.port)
            connection = try .connected(host: host, port: port, by: deadline, limits.interruption)
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
            connection = try ClientConnection.connected(host: proxy.host, port: proxy.port, by: deadline, interruption)
        } catch .interrupted {
            throw .interrupted
        } catch {
            throw .proxy("\(proxy.nameForMessages) cannot be reached: \(error.phrase)")
        }
        guard origin.isSecure else { return connection }
        // After the answer to CONNECT, the proxy passes all bytes on unchanged (RFC 9110 §9.3.6).
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
            throw .proxy("\(proxy.nameForMessages) does not connect to the server: \(error.phrase)")
        }
        guard (200..<300).contains(head.status) else {
            let reason = head.status == 407 ? ": it requires a valid user name and password" : ""
            throw .proxy("\(proxy.nameForMessages) does not connect to the server: it answers \(head.status)\(reason)")
        }
        guard connection.input.isEmpty else {
            throw .proxy("\(proxy.nameForMessages) sends data after its answer to CONNECT, before any request")
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

    /// The head of a request, as the server reads it or, over plain HTTP through a proxy, as the proxy reads it.
    fileprivate func head(of request: ClientRequest) -> ByteBuffer {
        let head = ByteBuffer()
        // A proxy that reads the request needs the absolute form of the target (RFC 9112 §3.2.2).
        let readingProxy = origin.isSecure ? nil : proxy
        let target = readingProxy == nil ? request.target : "http://\(origin.authority)\(request.target)"
        HeadWriter.appendRequestLine(request.method, target, to: head)
        HeadWriter.appendFields(request.fields, to: head)
        if let authorization = readingProxy?.authorization {
            HeadWriter.appendField("Proxy-Authorization", authorization, to: head)
        }
        if let framing = request.body.framing { HeadWriter.appendFraming(framing, to: head) }
        head.append("\r\n")
        return head
    }
}

extension ClientConnection {
    /// - Returns: false if the peer has answered or closed the connection before all bytes were sent.
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
            return try send(output, FileReader(file, bytes: bytes), length: Int(bytes), limits)
        case .stream(let producer, let length): return try send(output, producer, length: length, limits)
        }
    }

    /// Sends the content of `output` and then all pieces of a body, chunked if `length` is nil.
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
            do { hasMore = try producer.next(into: &piece) } catch { throw .brokenBody("\(error)") }
            sent += piece.count
            if let length, sent > length { throw .brokenBody("it is longer than announced") }
            output.append(length == nil ? ChunkedEncoder.encode(piece, isLast: !hasMore) : piece)
            guard try send(output, limits) else { return false }
        }
        if let length, sent < length { throw .brokenBody("it is shorter than announced") }
        return try send(output, limits)
    }
}
