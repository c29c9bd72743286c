internal import ArtifactStore
internal import HTTPServer
internal import HTTPWire

/// Answers requests for one file of a `PageBundle`: with the whole file, or with 304 if the client already has it.
struct PageFile {
    /// The path of the file in the bundle.
    let name: String
    let file: OpenArtifact
    /// A file with the same content, compressed by gzip; nil if the bundle has none.
    let gzipFile: OpenArtifact?

    func response(_ request: HTTPRequest) throws(ArtifactError) -> HTTPResponse {
        let coding = ArtifactCoding(of: file, name: name, request)
        var headers = Self.headers(contentType: Self.contentType(of: name), isImmutable: Self.isImmutable(name))
        if let gzipFile {
            headers += [("Vary", "Accept-Encoding"), ("Content-Encoding", "gzip")]
            let body = try gzipFile.body(0..<gzipFile.size)
            let (tag, modified) = (gzipFile.entityTag, gzipFile.modificationSeconds)
            return Self.unlessNotModified(request, tag: tag, modified: modified, headers) {
                HTTPResponse(headers: $0, body: body)
            }
        }
        headers += coding.headers
        let tag = coding.entityTag(of: file)
        return try Self.unlessNotModified(request, tag: tag, modified: file.modificationSeconds, headers) {
            (headers) throws(ArtifactError) in try coding.answer(file, headers: headers)
        }
    }

    /// Returns 304 if the client already has this version of the file, and otherwise the result of `answer`.
    ///
    /// - Parameters:
    ///   - tag: the entity tag with its quotes.
    ///   - modified: seconds since 1970.
    ///   - headers: the fields of the answer without `ETag`, which is added before they are passed to `answer`.
    static func unlessNotModified<Failure: Error>(
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
    /// Everything is loaded from this server, except for styles, images and workers that the scripts create themselves.
    /// The library that draws parallel coordinates needs `unsafe-eval`, because it compiles functions from texts.
    /// Scripts in an artifact that the pages show do not run.
    private static let policy = [
        "default-src 'self'", "script-src 'self' 'unsafe-eval'", "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:", "font-src 'self' data:", "media-src 'self' data: blob:",
        "worker-src 'self' blob:", "frame-src 'self' blob: data:", "connect-src 'self' data: blob:",
        "object-src 'none'", "base-uri 'self'", "form-action 'self'",
    ].joined(separator: "; ")

    /// Whether the file's name contains a hash of its content: at least 8 hexadecimal digits between dots.
    static func isImmutable(_ path: String) -> Bool {
        guard path.hasPrefix("static/"), let name = path.split(separator: "/").last else { return false }
        return name.split(separator: ".").dropFirst().dropLast().contains { part in
            part.utf8.count >= 8 && part.allSatisfy { $0.isASCII && $0.isHexDigit }
        }
    }

    /// Returns the content type, which depends only on the extension of the file's name.
    ///
    /// The operator chose these files, so types that a browser executes are allowed.
    static func contentType(of path: String) -> String {
        let fileExtension = path.split(separator: "/").last?.split(separator: ".").last ?? ""
        return types[fileExtension.lowercased()] ?? "application/octet-stream"
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
