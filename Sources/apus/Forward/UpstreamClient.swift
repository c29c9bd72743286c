internal import ArtifactStore
internal import Coding
internal import Forwarding
internal import HTTPClient
internal import HTTPWire
internal import MLflowClient

/// Sends calls to an upstream, with the operator's credentials.
final class UpstreamClient: UpstreamCalls {
    private static let connectTimeout = Duration.seconds(10)
    /// How long a call may wait without sending or receiving a byte.
    private static let longestIdleTimeout = Duration.seconds(90)
    /// How long a call without a file may take if its caller sets no limit.
    private static let callTimeout = Duration.seconds(180)

    let address: String
    private let client: TrackingConnection
    private let tokenCommand: UpstreamTokenCommand?
    private let throttle: Throttle?
    private let idleTimeout: Duration
    private let trail: ForwardTrail

    /// - Parameters:
    ///   - trail: the servers through which the data has come; each call names them.
    ///   - tokenCommand: the command that prints a token; nil to use the credentials of the environment.
    ///   - bytesPerSecond: the highest rate at which files are sent; nil for no limit.
    ///   - idleTimeout: how long a call may wait without sending or receiving a byte; at most 90 s, and nil for 90 s.
    init(
        _ client: TrackingConnection,
        _ trail: ForwardTrail,
        _ tokenCommand: UpstreamTokenCommand?,
        bytesPerSecond: Int?,
        idleTimeout: Duration?
    ) {
        self.idleTimeout = min(idleTimeout ?? Self.longestIdleTimeout, Self.longestIdleTimeout)
        self.trail = trail
        self.client = client
        self.tokenCommand = tokenCommand
        address = client.uri.description
        throttle = bytesPerSecond.map { Throttle(bytesPerSecond: $0) }
    }

    func send(
        _ method: HTTPMethod,
        _ path: String,
        _ body: UpstreamBody,
        within limit: Duration?
    ) throws(UpstreamFailure) -> UpstreamAnswer {
        let authorization = try tokenCommand?.authorization()
        do {
            return try send(method, path, body, within: limit, authorization)
        } catch let error where error.kind == .credentials {
            // The token may have expired.
            guard let new = try tokenCommand?.authorization(after: authorization) else { throw error }
            return try send(method, path, body, within: limit, new)
        }
    }

    private func send(
        _ method: HTTPMethod,
        _ path: String,
        _ body: UpstreamBody,
        within limit: Duration?,
        _ authorization: String?
    ) throws(UpstreamFailure) -> UpstreamAnswer {
        let content: RequestBody
        let type: String?
        var limits = CallLimits(
            whole: Deadline(after: limit ?? Self.callTimeout),
            connecting: min(Self.connectTimeout, idleTimeout),
            silence: idleTimeout
        )
        switch body {
        case .none: (content, type) = (.none, nil)
        case .json(let bytes): (content, type) = (.bytes(bytes), "application/json")
        case .records(let bytes): (content, type) = (.bytes(bytes), "application/x-ndjson")
        case .bytes(let bytes): (content, type) = (.bytes(bytes), "application/octet-stream")
        case .file(let file):
            limits.whole = .never
            type = "application/octet-stream"
            if throttle == nil, let descriptor = file.descriptor {
                content = .file(descriptor, bytes: file.size)
            } else {
                content = .stream(ThrottledFile(file, throttle), length: Int(file.size))
            }
        }
        let reply: HTTPReply
        do throws(CallFailure) {
            let contentType = type.map { [(name: "Content-Type", value: $0)] } ?? []
            let fields = contentType + [(name: ForwardTrail.field, value: trail.value)]
            reply = try client.send(method, path, fields: fields, body: content, authorization: authorization, limits)
        } catch {
            throw Self.failure(error)
        }
        let pause = reply.field("retry-after").flatMap { Int($0) }.map { Duration.seconds($0) }
        let message = redacted(reply.message ?? "", authorization).printable(limit: 300)
        let code = reply.errorCode ?? ""
        if let failure = UpstreamFailure(status: reply.status, code: code, message: message, pause: pause) {
            throw failure
        }
        return UpstreamAnswer(body: reply.body)
    }

    private func redacted(_ text: String, _ authorization: String?) -> String {
        let text = client.credentials.redacted(text)
        guard let secret = authorization?.split(separator: " ").last else { return text }
        return text.replacing(secret, with: "***")
    }

    private static func failure(_ failure: CallFailure) -> UpstreamFailure {
        switch failure {
        case .unresolved, .refused, .speaksTLS, .tls, .proxy: UpstreamFailure(.unreachable, failure.phrase)
        case .timedOut(.lookingUp), .timedOut(.connecting), .timedOut(.encrypting):
            UpstreamFailure(.unreachable, failure.phrase)
        case .unreachable, .timedOut, .disconnected, .notHTTP, .tooManyRedirects, .brokenAnswer, .longAnswer,
            .interrupted:
            UpstreamFailure(.unclear, failure.phrase)
        case .brokenBody(let reason): UpstreamFailure(.refused, "the file cannot be read: \(reason)")
        }
    }
}
