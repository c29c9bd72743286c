internal import Coding
internal import Glibc
internal import HTTPClient
package import HTTPWire
internal import Hashing
internal import Synchronization

/// Asks an object storage that speaks the API of S3, about the objects of one bucket; may be used by several threads.
///
/// Each call blocks until the storage has answered, and repeats what may be repeated while the storage is busy or away.
package final class S3Client: Sendable {
    package let bucket: String
    let settings: S3Settings
    let credentials: CredentialSource
    private let agent: String
    private let variable: @Sendable (String) -> String?
    private let now: @Sendable () -> Int64
    /// The client of the origin, made again when the bucket turns out to be in another region.
    private let connection: Mutex<Connection>

    struct Connection: Sendable {
        var region: String
        var client: HTTPClient
        /// What stands before the key in the path, percent-encoded, with a slash at its end.
        var basePath: String
    }

    /// - Parameters:
    ///   - agent: the field User-Agent.
    ///   - now: Unix seconds.
    ///   - variable: looks a variable of the environment up; nil for an empty one.
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
        let ending = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        let standard = HTTPOrigin(isSecure: true, host: "s3.\(region).\(ending)", port: 443)
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
            return Connection(region: region, client: client, basePath: path)
        } catch {
            throw S3Failure(.refused, "\(error.detail). \(error.advice)")
        }
    }

    /// A client that asks each question once, and gives it up after two seconds.
    package func hasty() throws(S3Failure) -> S3Client {
        var settings = settings
        settings.attempts = 1
        settings.longestAttempt = .seconds(2)
        return try S3Client(bucket: bucket, settings, credentials, agent: agent, now: now, variable)
    }

    /// Where the storage answers, for a person.
    package var place: String {
        let origin = connection.withLock { $0.client.origin }
        return "\(origin.scheme)://\(origin.hostField)"
    }
}

// MARK: Requests

extension S3Client {
    /// The body of a request, which can be sent again.
    enum Body {
        case none
        case array([UInt8])
        /// Bytes that stay as they are until the call returns.
        case memory(UnsafeRawBufferPointer)

        /// The hash that is signed.
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
        /// Nil for the bucket itself.
        var key: String?
        var query: [(name: String, value: String)] = []
        var fields: [(name: String, value: String)] = []
        var body = Body.none
        /// Whether the answer's body is of interest, whatever it holds.
        var expected: Set<Int> = [200]
    }

    /// How long a request waits before it is sent for the second time; twice as long before each further time.
    private static let firstPause = Duration.milliseconds(100)
    private static let emptyHash = Hexadecimal.text(SHA256.digest(of: []))

    /// Sends a request, again where it may succeed then, and returns the answer of an expected status before its body.
    func open(_ request: Request) throws(S3Failure) -> ReplyStream {
        let hash = request.body.hash
        var pause = Self.firstPause
        var attempt = 1
        var mayRenew = true
        var mayMove = true
        while true {
            let failure: S3Failure
            let keys = try credentials.current()
            do throws(CallFailure) {
                let stream = try send(request, hash, signedWith: keys)
                if request.expected.contains(stream.head.status) { return stream }
                let fault = S3Fault(of: stream, on: request.method)
                if fault.isOfEndedKeys, mayRenew {
                    mayRenew = false
                    credentials.forget()
                    continue
                }
                if mayMove, let region = fault.region, move(to: region) {
                    mayMove = false
                    continue
                }
                failure = fault.failure(bucket: bucket, place: place)
            } catch {
                failure = try Self.failure(error, place: place)
            }
            guard failure.kind == .unavailable, attempt < settings.attempts else { throw failure }
            attempt += 1
            // A part of chance, so that many requests do not come back together.
            Self.wait(pause * Double.random(in: 0.5...1.5))
            pause *= 2
        }
    }

    /// Sends a request and returns its answer with its whole body, which is short.
    func send(_ request: Request) throws(S3Failure) -> HTTPReply {
        var attempt = 1
        while true {
            let stream = try open(request)
            do throws(CallFailure) {
                return HTTPReply(head: stream.head, body: try stream.body(atMost: 32 * 1_048_576))
            } catch {
                let failure = try Self.failure(error, place: place)
                guard attempt < settings.attempts else { throw failure }
                attempt += 1
            }
        }
    }

    private func send(
        _ request: Request,
        _ hash: String,
        signedWith keys: S3Credentials
    ) throws(CallFailure) -> ReplyStream {
        let connection = connection.withLock { $0 }
        let origin = connection.client.origin
        let path = Self.path(connection, request.key)
        var fields = [(name: "Host", value: origin.hostField)] + request.fields
        if let owner = settings.bucketOwner { fields.append(("x-amz-expected-bucket-owner", owner)) }
        let signer = RequestSigner(keys, region: connection.region)
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
            whole: settings.longestAttempt.map { Deadline(after: $0) } ?? .never,
            connecting: .seconds(5),
            silence: .seconds(20)
        )
        return try connection.client.open(
            ClientRequest(request.method, query.isEmpty ? path : "\(path)?\(query)", fields: fields, body: body),
            limits
        )
    }

    /// The address that permits its bearer one request for some time.
    ///
    /// - Parameters:
    ///   - fields: those that the bearer must send.
    ///   - expires: seconds from now on.
    package func presigned(
        _ method: HTTPMethod,
        key: String,
        query: [(name: String, value: String)] = [],
        fields: [(name: String, value: String)] = [],
        expires: Int64
    ) throws(S3Failure) -> String {
        let connection = connection.withLock { $0 }
        let origin = connection.client.origin
        let path = Self.path(connection, key)
        var query = query
        // In the query it needs no field of the bearer's.
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

    /// Asks another region of AWS from now on; false where an endpoint is named, or it is that region already.
    private func move(to region: String) -> Bool {
        guard settings.endpoint == nil, region != connection.withLock({ $0.region }) else { return false }
        guard let moved = try? Self.connect(bucket, settings, region, variable) else { return false }
        connection.withLock { $0 = moved }
        return true
    }

    /// A call that failed before the storage answered, as the failure of the storage.
    ///
    /// - Throws: a failure that lasts, such as a certificate that is not trusted.
    private static func failure(_ error: CallFailure, place: String) throws(S3Failure) -> S3Failure {
        switch error {
        case .tls, .speaksTLS, .proxy, .notHTTP, .brokenBody:
            throw S3Failure(.refused, "The object storage at \(place) cannot be asked: \(error.phrase).")
        case .unresolved, .refused, .unreachable, .timedOut, .disconnected, .brokenAnswer, .longAnswer, .interrupted:
            return S3Failure(.unavailable, "The object storage at \(place) does not answer: \(error.phrase).")
        }
    }

    /// A broken answer, in words.
    static func phrase(_ error: CallFailure) -> String { error.phrase }

    private static func wait(_ duration: Duration) {
        let microseconds = duration / .microseconds(1)
        usleep(useconds_t(max(0, min(microseconds, 30_000_000))))
    }
}

/// Hands out bytes in memory piece by piece, so that they are not copied as a whole.
private final class MemoryProducer: HTTPBodyProducer {
    private static let pieceBytes = 256 * 1_024

    // Immutable, and kept alive by the caller of the request until it has returned.
    nonisolated(unsafe) private let bytes: UnsafeRawBufferPointer
    private let position = Mutex(0)

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

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
