import ArtifactStore
import Budgets
import Coding
import Dispatch
import Files
import Glibc
import HTTPServer
import HTTPWire
import Identities
import JSON
import MLflowAPI
import Synchronization
import TestSupport
import Testing
import Tracking
import TrackingStore

extension AccessControl {
    /// What is refused, once it is known who sends the request.
    func refusal(of request: inout HTTPRequest, _ access: Access?) -> AccessRefusal? {
        while true {
            switch decision(on: &request, access) {
            case .admitted: return nil
            case .refused(let refusal): return refusal
            case .undecided(let begin):
                let known = DispatchSemaphore(value: 0)
                begin { known.signal() }
                known.wait()
            }
        }
    }
}

extension AccessControl {
    /// Logs in whom somebody else proves just now.
    func logIn(user: ExternalUser) throws -> String { try logIn(user: user, at: SystemCall.preciseNanoseconds()) }
}

/// The API with its own store and artifact folder, without sockets.
final class APIFixture: Sendable {
    let stored: StoreFixture
    let api: MLflowAPI
    /// The internal errors that the API reported.
    let failures = Failures()
    /// Decides about each request, if every request needs a token.
    let access: AccessControl?
    private let router: HTTPRouter
    /// What each endpoint declares, by its method and path; the API makes all endpoints anew for each who asks for them.
    private let declarations: [String: Access]

    init(
        requiresTokens: Bool = false,
        defaultLevel: PermissionLevel? = nil,
        externalUsers: ExternalUsers = ExternalUsers(),
        adjust: (inout MLflowAPI.Settings, TemporaryFolder) throws -> Void = { _, _ in }
    ) throws {
        stored = try StoreFixture()
        let isAsked = requiresTokens || defaultLevel != nil
        var asked = AccessSettings(isRequired: true, defaultLevel: defaultLevel)
        asked.externalUsers = externalUsers
        access = isAsked ? try AccessControl(stored.store, asked) : nil
        var settings = MLflowAPI.Settings(workingDirectory: "/server")
        settings.access = access
        try adjust(&settings, stored.folder)
        let failures = failures
        api = MLflowAPI(
            store: stored.store,
            artifacts: ArtifactRoot(location: stored.folder.file("artifacts")),
            settings: settings,
            reportFailure: { failures.add("\($0)") }
        )
        let endpoints = api.endpoints
        declarations = Dictionary(
            endpoints.map { ("\($0.method) \($0.path)", $0.access) },
            uniquingKeysWith: { first, _ in first }
        )
        var router = HTTPRouter()
        for base in Set(["", settings.staticPrefix]) {
            for endpoint in endpoints { router.add(endpoint.method, base + endpoint.path, endpoint.handler) }
        }
        self.router = router
    }

    /// Sends a JSON request to a route of the tracking API.
    func post(_ path: String, _ body: String, from caller: Caller = .server) throws -> Reply {
        let headers = ["content-type": "application/json"]
        return try send("POST", "/api/2.0/mlflow/" + path, body: body, headers: headers, from: caller)
    }

    /// Sends a request with a query string to a route of the tracking API.
    func get(_ path: String, _ query: [(String, String)]) throws -> Reply {
        try send("GET", "/api/2.0/mlflow/" + path, query: query)
    }

    /// Sends a request; neither the path nor the query is percent-encoded yet.
    ///
    /// - Parameters:
    ///   - meanwhile: runs between the head and the body of the answer.
    ///   - beforeBody: runs when the head of the request is there, and its body is not.
    ///   - beforeHandler: runs when the request was judged for the last time before its handler.
    func send(
        _ method: String,
        _ path: String,
        query: [(String, String)] = [],
        body: String = "",
        headers: [String: String] = [:],
        from caller: Caller = .server,
        meanwhile: () throws -> Void = {},
        beforeBody: () throws -> Void = {},
        beforeHandler: () throws -> Void = {}
    ) throws -> Reply {
        let head = try Self.head(method, path, query, bodyBytes: body.utf8.count, headers)
        var request = HTTPRequest(head: head, caller: caller, isAloneOnItsThread: false)
        let match = router.match(request.method, rawPath: request.rawPath)
        if case .found(_, let pattern, _, _) = match { request.routePattern = pattern }
        if let refused = try admit(&request) { return refused }
        guard case .found(let handler, let pattern, let parameters, _) = match else {
            throw NoEndpoint(request: "\(method) \(path)")
        }
        request.routePattern = pattern
        request.parameters = parameters
        let isStreamed = if case .streamed = handler { true } else { false }
        if !isStreamed {
            try beforeBody()
            // What `ServerConnection` does for a body that was awaited.
            if request.admissionVersion != access?.version.current ?? 0, let refused = try admit(&request) {
                return refused
            }
        }
        try beforeHandler()
        request.body = Array(body.utf8)
        let outcome = Outcome<HTTPAnswer>()
        let responder = HTTPResponder(AnswerTaker(outcome))
        switch handler {
        case .buffered(_, let handle), .blocking(_, let handle): handle(request, responder)
        case .apart: throw NoEndpoint(request: "\(method) \(path), which is for an object storage")
        case .streamed(let begin):
            guard let upload = begin(request, responder) else { break }
            try beforeBody()
            Self.deliver(request.body, to: upload)
        }
        let (answer, making): (HTTPResponse, Reply.Making) =
            switch try outcome.wait() {
            case .ready(let response): (response, .ready)
            case .short(let make): (make(), .short)
            case .long(let make): (make(), .long)
            }
        try meanwhile()
        return try Reply(answer, making)
    }

    /// The answer to a request that is refused; nil for one that goes on.
    private func admit(_ request: inout HTTPRequest) throws -> Reply? {
        request.admissionVersion = access?.version.current ?? 0
        guard let refusal = access?.refusal(of: &request, declaration(of: request)) else { return nil }
        let error = APIError(httpStatus: refusal.refusal.status, message: refusal.refusal.message)
        var reply = try Reply(error.response)
        reply.headers += refusal.fields
        return reply
    }

    private func declaration(of request: HTTPRequest) -> Access? {
        declarations["\(request.method) \(request.routePattern)"]
    }

    /// A head as a client sends it.
    static func head(
        _ method: String,
        _ path: String,
        _ query: [(String, String)],
        bodyBytes: Int,
        _ headers: [String: String]
    ) throws -> RequestHead {
        let encode = { (text: String) in PercentCoding.encode(text) }
        var target = path.split(separator: "/", omittingEmptySubsequences: false).map { encode(String($0)) }
            .joined(separator: "/")
        let pairs = query.map { "\(encode($0.0))=\(encode($0.1))" }
        if !pairs.isEmpty { target += "?" + pairs.joined(separator: "&") }
        var fields = headers
        fields["host"] = fields["host"] ?? "tracking.example:5000"
        if bodyBytes > 0 { fields["content-length"] = "\(bodyBytes)" }
        let lines = ["\(method) \(target) HTTP/1.1"] + fields.map { "\($0.key): \($0.value)" }
        var parser = RequestHeadParser(limits: HTTPLimits())
        let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        return try #require(try bytes.withUnsafeBytes { try parser.parse($0) }).head
    }

    /// Delivers the bytes in pieces, like a socket.
    private static func deliver(_ bytes: [UInt8], to upload: any HTTPBodyReceiver) {
        do {
            for start in stride(from: 0, to: bytes.count, by: 1_000_000) {
                try bytes[start..<min(start + 1_000_000, bytes.count)].withUnsafeBytes { try upload.receive($0) }
            }
            upload.finish()
        } catch {
            upload.abort()
        }
    }

    /// Whether an endpoint exists for the method and path.
    func answers(_ method: HTTPMethod, _ path: String) -> Bool {
        if case .found = router.match(method, rawPath: path) { true } else { false }
    }
}

/// The request of a test that no endpoint is there for.
struct NoEndpoint: Error {
    let request: String
}

/// Gives an answer to whoever waits for it.
private final class AnswerTaker: HTTPAnswerReceiver {
    private let outcome: Outcome<HTTPAnswer>

    init(_ outcome: Outcome<HTTPAnswer>) {
        self.outcome = outcome
    }

    func receive(_ answer: HTTPAnswer) { outcome.give(answer) }
}

/// Internal errors, which no client can cause.
final class Failures: Sendable {
    private let texts = Mutex<[String]>([])

    var all: [String] { texts.withLock { $0 } }

    func add(_ text: String) { texts.withLock { $0.append(text) } }
}

/// An answer with its complete body.
struct Reply: Sendable {
    let status: Int
    var headers: [(name: String, value: String)]
    let bytes: [UInt8]
    /// The number of pieces of a streamed body; 0 for other bodies.
    let pieces: Int

    /// What the API handed over: an answer that was there, or how to make one.
    enum Making {
        case ready, short, long
    }

    let making: Making

    init(_ response: HTTPResponse, _ making: Making = .ready) throws {
        self.making = making
        status = response.status
        headers = response.headers
        switch response.body {
        case .bytes(let body):
            bytes = body
            pieces = 0
        case .file(let file):
            var body = [UInt8](repeating: 0, count: file.length)
            let count = body.withUnsafeMutableBytes {
                pread(file.descriptor.rawValue, $0.baseAddress, $0.count, file.offset)
            }
            try #require(count == body.count)
            bytes = body
            pieces = 0
        case .staticBytes(let body):
            bytes = Array(body.pointer)
            pieces = 0
        case .stream(let producer), .sizedStream(let producer, _):
            var body: [UInt8] = []
            var count = 1
            while try producer.next(into: &body) { count += 1 }
            bytes = body
            pieces = count
        }
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The body as JSON without spaces and with sorted keys.
    var json: String {
        get throws { try JSONDocument(parsing: bytes).root.canonicalText }
    }

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// The member of the JSON body at a path of keys.
    func member(_ path: String...) throws -> JSONValue {
        var value = try JSONDocument(parsing: bytes).root
        for name in path { value = try #require(value[name], "\(name) is missing in \(text)") }
        return value
    }

    /// The status, code and message of an error in one line.
    var error: String {
        guard let root = try? JSONDocument(parsing: bytes).root else { return "\(status) \(text)" }
        return "\(status) \(root["error_code"]?.string ?? "-") \(root["message"]?.string ?? "-")"
    }
}

extension APIFixture {
    /// Creates a run in the Default experiment through the API.
    func createRun(in experimentID: String = "0") throws -> String {
        let reply = try post("runs/create", #"{"experiment_id":"\#(experimentID)","run_name":"fresh","start_time":1}"#)
        return try #require(try reply.member("run", "info", "run_id").string, "\(reply.text)")
    }
}

/// The end of every message about a wrong type or a missing value.
let seeDocs = " See the API docs for more information about request parameters."
