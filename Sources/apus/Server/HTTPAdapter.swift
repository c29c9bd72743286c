internal import ArtifactStore
internal import Glibc
internal import HTTPServer
internal import HTTPWire
internal import MLflowAPI

// The one place where the API meets the HTTP server: neither knows the other.

extension HTTPRouter {
    /// Adds an endpoint at its path beneath each of the bases.
    mutating func add(_ endpoint: Endpoint, bases: [String]) {
        guard let method = HTTPMethod(rawValue: endpoint.method) else {
            preconditionFailure("the API has an endpoint with the method \(endpoint.method)")
        }
        for base in bases {
            add(method, base + endpoint.path, HTTPHandling(endpoint.handling, prefix: base))
        }
    }
}

extension HTTPHandling {
    /// - Parameter prefix: what the path has before that of the endpoint.
    init(_ handling: Endpoint.Handling, prefix: String) {
        switch handling {
        case .message(let handler):
            self = .buffered(maximumBodyBytes: nil) { request, responder in
                handler(APIRequest(request, prefix)) { responder.send(HTTPResponse($0)) }
            }
        case .blocking(let handler):
            self = .blocking { request, responder in
                handler(APIRequest(request, prefix)) { responder.send(HTTPResponse($0)) }
            }
        case .upload(let begin):
            self = .streamed { request, responder in
                begin(APIRequest(request, prefix)) { responder.send(HTTPResponse($0)) }.map(UploadReceiver.init)
            }
        }
    }
}

extension APIRequest {
    init(_ request: HTTPRequest, _ prefix: String) {
        self.init(
            method: request.method == .head ? "GET" : request.method.rawValue,
            parameters: request.parameters,
            query: request.query,
            header: { request.header($0) },
            body: request.body,
            acceptsGzip: request.acceptsGzip,
            baseURL: { request.baseURL(prefix: prefix) },
            caller: request.caller,
            mayBlock: request.isAloneOnItsThread
        )
    }
}

extension HTTPRequest {
    /// The address that the client used: http, and the host of the request.
    ///
    /// nil when a proxy says that the client used another one, which only the proxy knows how to reach.
    fileprivate func baseURL(prefix: String) -> String? {
        guard !host.isEmpty else { return nil }
        if let scheme = header("x-forwarded-proto"), scheme.lowercased() != "http" { return nil }
        if let outerHost = header("x-forwarded-host"), outerHost != host { return nil }
        if let outerPrefix = header("x-forwarded-prefix"), !["", "/"].contains(outerPrefix) { return nil }
        return "http://" + host + prefix
    }
}

extension HTTPResponse {
    init(_ response: APIResponse) {
        switch response.body {
        case .bytes(let bytes):
            self.init(status: response.status, headers: response.headers, body: .bytes(bytes))
        case .stream(let producer):
            self.init(status: response.status, headers: response.headers, body: .stream(BodyProducer(producer)))
        case .file(let file, let range):
            // The answer closes its descriptor; the file closes its own.
            let descriptor = fcntl(file.descriptor, F_DUPFD_CLOEXEC, 0)
            guard descriptor >= 0 else {
                // Not 503: the client would retry for minutes, and a limit that is too low stays so.
                let error = APIError(
                    status: 507,
                    code: "RESOURCE_LIMIT_EXCEEDED",
                    message: "The server has too many files open for this; raise its limit of open files."
                )
                self = HTTPResponse(error.response)
                return
            }
            let body = HTTPFileBody(owning: descriptor, offset: Int(range.lowerBound), length: range.count)
            self.init(status: response.status, headers: response.headers, body: .file(body))
        }
    }
}

/// Hands the bytes of an upload on to the API.
private final class UploadReceiver: HTTPBodyReceiver {
    private let upload: any APIUpload

    init(_ upload: any APIUpload) {
        self.upload = upload
    }

    func receive(_ bytes: UnsafeRawBufferPointer) throws { try upload.receive(bytes) }
    func finish() { upload.finish() }
    func abort() { upload.abort() }
}

/// Hands the pieces of a long answer on to the HTTP server.
private final class BodyProducer: HTTPBodyProducer {
    private let producer: any APIBodyProducer

    init(_ producer: any APIBodyProducer) {
        self.producer = producer
    }

    var memoryBytes: Int { producer.memoryBytes }

    func next(into buffer: inout [UInt8]) throws -> Bool { try producer.next(into: &buffer) }
}
