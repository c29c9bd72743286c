internal import Coding
internal import Glibc
internal import HTTPClient
package import HTTPWire
internal import Hashing
internal import Synchronization

/// A client of one bucket in an object store with the API of S3; several threads may use it at the same time.
///
/// Each call blocks until the storage has answered. While the storage is overloaded or unreachable, a call repeats its
/// request a few times.
package final class S3Client: Sendable {
    package let bucket: String
    let settings: S3Settings
    let credentials: CredentialSource
    private let agent: String
    private let variable: @Sendable (String) -> String?
    private let now: @Sendable () -> Int64
    /// Replaced when the storage has answered that the bucket is in another region, and has accepted a request there.
    private let connection: Mutex<Connection>

    struct Connection: Sendable {
        var region: String
        /// Whether the storage has accepted the region, or the operator has set the endpoint.
        var isConfirmed: Bool
        var client: HTTPClient
        /// The path before the key, percent-encoded, with a slash at its end.
        var basePath: String
    }

    /// - Parameters:
    ///   - agent: the value of the header field User-Agent.
    ///   - now: returns the time in Unix seconds.
    ///   - variable: returns the value of an environment variable; nil if it is unset or empty.
    package init(
        bucket: String,
        _ settings: S3Settings,
        _ credentials: CredentialSource,
        agent: String,
        now: @escaping @Sendable () -> Int64 = { Int64(time(nil)) },
        _ variable: @escaping @Sendable (String) -> String?
    ) throws(S3Failure) {
        self.bucket = bucket
        self.settings = settings
        self.credentials = credentials
        self.agent = agent
        self.now = now
        self.variable = variable
        connection = Mutex(try Self.connect(bucket, settings, settings.region, variable))
    }

    private static func connect(
        _ bucket: String,
        _ settings: S3Settings,
        _ region: String,
        _ variable: (String) -> String?
    ) throws(S3Failure) -> Connection {
        let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        let standard = HTTPOrigin(isSecure: true, host: "s3.\(region).\(domain)", port: 443)
        var origin = settings.endpoint?.origin ?? standard
        var path = settings.endpoint.map { $0.target.hasSuffix("/") ? $0.target : $0.target + "/" } ?? "/"
        switch settings.addressing {
        case .path: path += PercentCoding.encode(bucket) + "/"
        case .virtualHost:
            origin = HTTPOrigin(isSecure: origin.isSecure, host: "\(bucket).\(origin.host)", port: origin.port)
        }
        do throws(ClientSettingFault) {
            let proxy = try HTTPProxy.proxy(for: origin, variable)
            let client = HTTPClient(origin, proxy: proxy, trust: settings.trust)
            let isConfirmed = settings.endpoint != nil
            return Connection(region: region, isConfirmed: isConfirmed, client: client, basePath: path)
        } catch {
            throw S3Failure(.refused, "\(error.detail). \(error.advice)")
        }
    }

    /// Returns a client of the same bucket that sends each request only once, and waits at most two seconds for the answer.
    package func withoutRetries() throws(S3Failure) -> S3Client {
        var settings = settings
        settings.attempts = 1
        settings.longestAttempt = .seconds(2)
        return try S3Client(bucket: bucket, settings, credentials, agent: agent, now: now, variable)
    }

    /// The scheme, the host and the port of the storage, for messages.
    package var address: String {
        let origin = connection.withLock { $0.client.origin }
        return "\(origin.scheme)://\(origin.hostField)"
    }
}

// MARK: Requests

extension S3Client {
    /// The body of a request; it is kept until the answer arrives, because the request may be sent again.
    enum Body {
        case none
        case array([UInt8])
        /// Bytes that the caller neither changes nor frees before the call returns.
        case memory(UnsafeRawBufferPointer)

        var isEmpty: Bool { if case .none = self { true } else { false } }

        /// The SHA-256 in hexadecimal, which is signed.
        var hash: String {
            var sum = SHA256()
            switch self {
            case .none: return S3Client.emptyHash
            case .array(let bytes): sum.update(bytes)
            case .memory(let bytes): sum.update(bytes)
            }
            return Hexadecimal.text(sum.finalize())
        }
    }

    struct Request {
        var method: HTTPMethod
        /// nil for a request about the bucket itself.
        var key: String?
        var query: [(name: String, value: String)] = []
        var fields: [(name: String, value: String)] = []
        var body = Body.none
        /// The statuses that indicate success.
        var expected: Set<Int> = [200]
        /// Whether the answer is the content of an object, which is passed on as it arrives, and not a document.
        var isContent = false
    }

    /// The pause before a request is sent for the second time; each further pause is twice as long.
    private static let firstPause = Duration.milliseconds(100)
    /// The longest time for a request without a body and its answer.
    ///
    /// The limit of silence is not enough: an object store that sends one byte every few seconds never exceeds that limit, and
    /// would occupy a thread for days.
    private static let longestDocument = Duration.seconds(60)
    private static let emptyHash = Hexadecimal.text(SHA256.digest(of: []))

    /// Sends a request, repeatedly if a failure may be temporary, and returns the answer as soon as its head has arrived.
    func open(_ request: Request) throws(S3Failure) -> ReplyStream {
        let hash = request.body.hash
        let start = ContinuousClock.now
        var attempt = 1
        var mayRenewCredentials = true
        var otherRegion: Connection?
        while true {
            let failure: S3Failure
            let signingCredentials = try credentials.current()
            let used = otherRegion ?? connection.withLock { $0 }
            do throws(CallFailure) {
                let stream = try send(request, hash, over: used, signedWith: signingCredentials)
                if request.expected.contains(stream.head.status) {
                    if !used.isConfirmed { confirm(used) }
                    return stream
                }
                let fault = S3Fault(of: stream, on: request.method)
                if fault.meansExpiredCredentials, mayRenewCredentials {
                    mayRenewCredentials = false
                    credentials.forget(signingCredentials)
                    continue
                }
                if otherRegion == nil, let other = fault.region.flatMap({ otherConnection(to: $0, insteadOf: used) }) {
                    otherRegion = other
                    continue
                }
                if fault.confirmsRegion, !used.isConfirmed { confirm(used) }
                failure = fault.failure(bucket: bucket, address: address)
            } catch {
                failure = try Self.failure(error, address: address)
            }
            guard failure.kind == .unavailable, attempt < settings.attempts, .now - start < settings.retryTime else {
                throw failure
            }
            Self.pause(after: attempt)
            attempt += 1
        }
    }

    /// Sends a request as `open` does, and returns its answer with its whole body, which is at most 32 MiB long.
    func send(_ request: Request) throws(S3Failure) -> HTTPReply {
        let start = ContinuousClock.now
        var attempt = 1
        while true {
            let stream = try open(request)
            do throws(CallFailure) {
                return HTTPReply(head: stream.head, body: try stream.body(atMost: 32 * 1_048_576))
            } catch {
                let failure = try Self.failure(error, address: address)
                guard attempt < settings.attempts, .now - start < settings.retryTime else { throw failure }
                attempt += 1
            }
        }
    }

    private func send(
        _ request: Request,
        _ hash: String,
        over connection: Connection,
        signedWith signingCredentials: S3Credentials
    ) throws(CallFailure) -> ReplyStream {
        let origin = connection.client.origin
        let path = Self.path(connection, request.key)
        var fields = [(name: "Host", value: origin.hostField)] + request.fields
        if let owner = settings.bucketOwner { fields.append(("x-amz-expected-bucket-owner", owner)) }
        let signer = RequestSigner(signingCredentials, region: connection.region)
        let signed = RequestSigner.Request(
            method: request.method.rawValue,
            path: path,
            query: request.query,
            fields: fields,
            payloadHash: hash
        )
        fields += signer.fields(for: signed, at: now())
        fields.append(("User-Agent", agent))
        let query = RequestSigner.canonicalQuery(request.query)
        let body: RequestBody =
            switch request.body {
            case .none: request.method == .put || request.method == .post ? .bytes([]) : .none
            case .array(let bytes): .bytes(bytes)
            case .memory(let bytes): .stream(MemoryProducer(bytes), length: bytes.count)
            }
        let limits = CallLimits(
            whole: longestAttempt(of: request).map { Deadline(after: $0) } ?? .never,
            connecting: .seconds(5),
            silence: request.body.isEmpty ? settings.silence.withoutBody : settings.silence.withBody
        )
        let target = query.isEmpty ? path : "\(path)?\(query)"
        var call = ClientRequest(request.method, target, fields: fields, body: body)
        // An object store never redirects to another path of its own. Following a redirect could return a log-in page as an
        // artifact, or turn a PUT into a GET, which stores nothing.
        call.followsRedirects = false
        return try connection.client.open(call, limits)
    }

    /// The longest time for one attempt; nil if only silence ends the attempt, as for content of any length.
    private func longestAttempt(of request: Request) -> Duration? {
        if let longest = settings.longestAttempt { return longest }
        if case .none = request.body, !request.isContent { return Self.longestDocument }
        return nil
    }

    /// Returns a presigned URL, with which anybody may send one kind of request until the URL expires.
    ///
    /// - Parameters:
    ///   - fields: the header fields that a request with this URL must have.
    ///   - expires: the lifetime of the URL in seconds.
    package func presigned(
        _ method: HTTPMethod,
        key: String,
        query: [(name: String, value: String)] = [],
        fields: [(name: String, value: String)] = [],
        expires: Int64
    ) throws(S3Failure) -> String {
        let connection = try confirmedConnection()
        let origin = connection.client.origin
        let path = Self.path(connection, key)
        var query = query
        // The owner is a query parameter here, because the sender would not know that a header field is required.
        if let owner = settings.bucketOwner { query.append(("x-amz-expected-bucket-owner", owner)) }
        let request = RequestSigner.Request(
            method: method.rawValue,
            path: path,
            query: query,
            fields: [("Host", origin.hostField)] + fields,
            payloadHash: RequestSigner.unsignedPayload
        )
        let signer = RequestSigner(try credentials.current(), region: connection.region)
        let signed = signer.presignedQuery(for: request, at: now(), expires: expires)
        return "\(origin.scheme)://\(origin.hostField)\(path)?\(signed)"
    }

    private static func path(_ connection: Connection, _ key: String?) -> String {
        guard let key else {
            let path = connection.basePath
            return path.count > 1 ? String(path.dropLast()) : path
        }
        return connection.basePath + PercentCoding.encode(key, unescaped: "-._~/")
    }

    /// Returns a connection to the region of AWS that an answer has named.
    ///
    /// - Returns: nil if the operator has set an endpoint, if the text is not a region, or if the region is the one in use.
    private func otherConnection(to region: String, insteadOf used: Connection) -> Connection? {
        guard settings.endpoint == nil, region != used.region, S3Settings.isRegion(region) else { return nil }
        let current = connection.withLock { $0 }
        // Another request may have found the region in the meantime.
        if current.region == region { return current }
        return try? Self.connect(bucket, settings, region, variable)
    }

    /// Makes all further requests use a connection whose region the storage has accepted.
    ///
    /// Callers pass only connections that got an answer in their region, so that one wrong answer does not affect other requests.
    private func confirm(_ accepted: Connection) {
        connection.withLock { current in
            current = accepted
            current.isConfirmed = true
        }
    }

    /// Returns the connection for a presigned URL, whose region cannot be corrected later: if no answer has confirmed the
    /// region of the bucket yet, this function asks the storage.
    private func confirmedConnection() throws(S3Failure) -> Connection {
        let current = connection.withLock { $0 }
        if current.isConfirmed { return current }
        do throws(S3Failure) {
            _ = try list(prefix: "", atMost: 1)
        } catch {
            // Credentials that may not list the bucket may still be valid for the URL.
            guard error.kind == .denied else { throw error }
        }
        return connection.withLock { $0 }
    }

    /// Returns the failure for a call without an answer, if the failure may be temporary.
    ///
    /// - Throws: the failure if repeating the call does not help, for instance because a certificate is not trusted.
    private static func failure(_ error: CallFailure, address: String) throws(S3Failure) -> S3Failure {
        switch error {
        case .tls, .speaksTLS, .proxy, .notHTTP, .tooManyRedirects, .brokenBody:
            throw S3Failure(.refused, "No request can be sent to the object storage at \(address): \(error.phrase).")
        case .unresolved, .refused, .unreachable, .timedOut, .disconnected, .brokenAnswer, .longAnswer, .interrupted:
            return S3Failure(.unavailable, "The object storage at \(address) does not answer: \(error.phrase).")
        }
    }

    /// Waits before an attempt is repeated, for a random time, so that requests that failed together are not repeated together.
    ///
    /// - Parameter failures: the number of attempts that have failed, at least 1.
    static func pause(after failures: Int) {
        let duration = firstPause * (1 << min(max(failures, 1) - 1, 5)) * Double.random(in: 0.5...1.5)
        usleep(useconds_t(max(0, min(duration / .microseconds(1), 30_000_000))))
    }
}

/// Produces a request body from bytes in memory, piece by piece, so that they are never copied all at once.
private final class MemoryProducer: HTTPBodyProducer {
    private static let pieceBytes = 256 * 1_024

    // Safe because the caller of `open` neither changes nor frees the bytes before `open` returns.
    nonisolated(unsafe) private let bytes: UnsafeRawBufferPointer
    private let position = Mutex(0)

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        let range = position.withLock { position in
            let start = position
            position = min(start + Self.pieceBytes, bytes.count)
            return start..<position
        }
        buffer.append(contentsOf: bytes[range])
        return range.upperBound < bytes.count
    }
}
