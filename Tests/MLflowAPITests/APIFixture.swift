import ArtifactStore
import Budgets
import Glibc
import JSON
import MLflowAPI
import Synchronization
import TestSupport
import Testing
import Tracking
import TrackingStore

/// The API with its own store and artifact folder, without sockets.
final class APIFixture: Sendable {
    let stored: StoreFixture
    let api: MLflowAPI
    /// The internal errors that the API reported.
    let failures = Failures()
    /// The server's address for clients; nil if the server cannot know it.
    var baseURL: String? {
        get { address.withLock { $0 } }
        set { address.withLock { $0 = newValue } }
    }
    private let address = Mutex<String?>("http://tracking.example:5000/prefix")
    private let endpoints: [Endpoint]

    init(adjust: (inout MLflowAPI.Settings, TemporaryFolder) throws -> Void = { _, _ in }) throws {
        stored = try StoreFixture()
        var settings = MLflowAPI.Settings(workingDirectory: "/server")
        try adjust(&settings, stored.folder)
        let failures = failures
        api = MLflowAPI(
            store: stored.store,
            artifacts: ArtifactRoot(location: stored.folder.file("artifacts")),
            settings: settings,
            reportFailure: { failures.add("\($0)") }
        )
        endpoints = api.endpoints
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

    /// Sends a request; the path is already percent-decoded.
    ///
    /// - Parameter meanwhile: runs between the head and the body of the answer.
    func send(
        _ method: String,
        _ path: String,
        query: [(String, String)] = [],
        body: String = "",
        headers: [String: String] = [:],
        from caller: Caller = .server,
        meanwhile: () throws -> Void = {}
    ) throws -> Reply {
        let (endpoint, parameters) = try #require(match(method, path), "no endpoint for \(method) \(path)")
        var headers = headers
        if !body.isEmpty { headers["content-length"] = "\(body.utf8.count)" }
        let request = APIRequest(
            method: method,
            parameters: parameters,
            query: query.map { (name: $0.0, value: $0.1) },
            header: { [headers] in headers[$0] },
            body: Array(body.utf8),
            acceptsGzip: headers["accept-encoding"] == "gzip",
            baseURL: { [baseURL] in baseURL },
            caller: caller
        )
        let outcome = Outcome<APIResponse>()
        switch endpoint.handling {
        case .message(let handle), .blocking(let handle): handle(request) { outcome.give($0) }
        case .upload(let handle):
            guard let upload = handle(request, { outcome.give($0) }) else { break }
            Self.deliver(Array(body.utf8), to: upload)
        }
        let answer = try outcome.wait()
        try meanwhile()
        return try Reply(answer)
    }

    /// Delivers the bytes in pieces, like a socket.
    private static func deliver(_ bytes: [UInt8], to upload: any APIUpload) {
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
    func answers(_ method: String, _ path: String) -> Bool { match(method, path) != nil }

    private func match(_ method: String, _ path: String) -> (Endpoint, [String])? {
        let candidates = endpoints.filter { $0.method == method }
        if let exact = candidates.first(where: { $0.path == path }) { return (exact, []) }
        for endpoint in candidates where endpoint.path.contains("{") {
            if let parameters = Self.parameters(of: path, in: endpoint.path) { return (endpoint, parameters) }
        }
        return nil
    }

    /// The parameters of a path; nil if it does not match the pattern.
    private static func parameters(of path: String, in pattern: String) -> [String]? {
        var rest = path[...]
        var parameters: [String] = []
        for part in pattern.split(separator: "/") {
            guard rest.utf8.first == UInt8(ascii: "/"), rest.utf8.count > 1 else { return nil }
            rest = rest[rest.utf8.index(after: rest.startIndex)...]
            if part.hasSuffix("...}") { return parameters + [String(rest)] }
            let end = rest.utf8.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
            if part.hasPrefix("{") {
                parameters.append(String(rest[..<end]))
            } else if part != rest[..<end] {
                return nil
            }
            rest = rest[end...]
        }
        return rest.isEmpty ? parameters : nil
    }
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
    let headers: [(name: String, value: String)]
    let bytes: [UInt8]
    /// The number of pieces of a streamed body; 0 for other bodies.
    let pieces: Int

    init(_ response: APIResponse) throws {
        status = response.status
        headers = response.headers
        switch response.body {
        case .bytes(let body):
            bytes = body
            pieces = 0
        case .file(let file, let range):
            var body = [UInt8](repeating: 0, count: Int(range.upperBound - range.lowerBound))
            let count = body.withUnsafeMutableBytes {
                pread(file.descriptor, $0.baseAddress, $0.count, off_t(range.lowerBound))
            }
            try #require(count == body.count)
            bytes = body
            pieces = 0
        case .stream(let producer):
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
