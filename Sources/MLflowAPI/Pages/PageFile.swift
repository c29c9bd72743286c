internal import ArtifactStore
internal import HTTPServer
internal import HTTPWire

/// One file of a bundle as an answer: whole, in the coding that the client takes, unless the client has it already.
struct PageFile {
    /// Its path in the bundle.
    let name: String
    let file: OpenArtifact
    /// The same content as gzip, if the bundle has it.
    let packed: OpenArtifact?

    func response(_ request: HTTPRequest) throws(ArtifactError) -> HTTPResponse {
        let coding = ArtifactCoding(of: file, name: name, request)
        var headers = Self.headers(contentType: Self.contentType(of: name), isImmutable: Self.isImmutable(name))
        if let packed {
            headers += [("Vary", "Accept-Encoding"), ("Content-Encoding", "gzip")]
            let body = try packed.body(0..<packed.size)
            return Self.unlessKnown(request, tag: packed.entityTag, modified: packed.modificationSeconds, headers) {
                HTTPResponse(headers: $0, body: body)
            }
        }
        headers += coding.headers
        let tag = coding.entityTag(of: file)
        return try Self.unlessKnown(request, tag: tag, modified: file.modificationSeconds, headers) {
            (headers) throws(ArtifactError) in try coding.whole(file, headers: headers)
        }
    }

    /// The file as an answer, or 304 if the client already has this version of it.
    static func unlessKnown<Failure: Error>(
        _ request: HTTPRequest,
        tag: String,
        modified: Int64,
        _ headers: [(name: String, value: String)],
        _ answer: ([(name: String, value: String)]) throws(Failure) -> HTTPResponse
    ) throws(Failure) -> HTTPResponse {
        let headers = headers + [("ETag", tag)]
        guard Preconditions(request, tag: tag, modified: modified).outcome == .notModified else {
            return try answer(headers)
        }
        let kept = headers.filter { ["ETag", "Cache-Control", "Vary"].contains($0.name) }
        return HTTPResponse(status: 304, headers: kept, body: .bytes([]))
    }

    static func headers(contentType: String, isImmutable: Bool) -> [(name: String, value: String)] {
        [
            ("Content-Type", contentType),
            ("Content-Security-Policy", policy),
            ("Cache-Control", isImmutable ? "public, max-age=31536000, immutable" : "no-cache"),
        ]
    }

    /// A `Content-Security-Policy` that allows only what MLflow's pages need.
    ///
    /// Everything is loaded from this server, except styles, images and workers that the scripts create themselves.
    /// `unsafe-eval` is for the library that draws parallel coordinates: it makes functions of texts. Scripts in an
    /// artifact that the pages show do not run.
    private static let policy = [
        "default-src 'self'", "script-src 'self' 'unsafe-eval'", "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:", "font-src 'self' data:", "media-src 'self' data: blob:",
        "worker-src 'self' blob:", "frame-src 'self' blob: data:", "connect-src 'self' data: blob:",
        "object-src 'none'", "base-uri 'self'", "form-action 'self'",
    ].joined(separator: "; ")

    /// Whether the name changes with the content: the bundler puts a hash of at least 8 hexadecimal digits between dots.
    static func isImmutable(_ path: String) -> Bool {
        guard path.hasPrefix("static/"), let name = path.split(separator: "/").last else { return false }
        return name.split(separator: ".").dropFirst().dropLast().contains { part in
            part.utf8.count >= 8 && part.allSatisfy { $0.isASCII && $0.isHexDigit }
        }
    }

    /// The type by the extension alone.
    ///
    /// The operator chose these files, so that types which a browser executes are allowed.
    static func contentType(of path: String) -> String {
        let ending = path.split(separator: "/").last?.split(separator: ".").last ?? ""
        return types[ending.lowercased()] ?? "application/octet-stream"
    }

    private static let types = [
        "cjs": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8",
        "eot": "application/vnd.ms-fontobject", "gif": "image/gif", "html": "text/html; charset=utf-8",
        "ico": "image/x-icon", "jpeg": "image/jpeg", "jpg": "image/jpeg", "js": "text/javascript; charset=utf-8",
        "json": "application/json", "map": "application/json", "mjs": "text/javascript; charset=utf-8",
        "mp4": "video/mp4", "otf": "font/otf", "png": "image/png", "svg": "image/svg+xml", "ttf": "font/ttf",
        "txt": "text/plain; charset=utf-8", "wasm": "application/wasm", "webmanifest": "application/manifest+json",
        "webm": "video/webm", "webp": "image/webp", "woff": "font/woff", "woff2": "font/woff2",
    ]
}
