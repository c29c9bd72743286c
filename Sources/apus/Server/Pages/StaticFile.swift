internal import CEmbeddedFiles
internal import Coding
internal import HTTPServer
internal import HTTPWire
internal import Hashing
internal import Synchronization

/// A file of `static/` that is embedded in the binary.
///
/// Its entity tag and its compressed form are made at the first request for it, so that they do not delay the start.
final class StaticFile: Sendable {
    /// The path in `static/`, such as `core/dom.js`.
    let path: String
    let contentType: String
    private let bytes: HTTPStaticBytes
    /// Whether the file is the page of a server that asks for credentials.
    private let loadsAccount: Bool
    private let cachedEncodings = Mutex<Encodings?>(nil)

    private struct Encodings {
        var plain: HTTPResponseBody
        /// A weak entity tag, because the compressed form has the same one (RFC 9110 §8.8.1).
        var tag: String
        /// The compressed form; nil if compression saves nothing, or is not tried, as for images and fonts.
        var gzipped: [UInt8]?
    }

    static let all: [StaticFile] = {
        let list = apus_static_files()
        return UnsafeBufferPointer(start: list.files, count: list.count).map { file in
            StaticFile(
                path: String(cString: file.name),
                bytes: HTTPStaticBytes(UnsafeRawBufferPointer(start: file.bytes, count: file.length))
            )
        }
    }()

    init(path: String, bytes: HTTPStaticBytes, loadsAccount: Bool = false) {
        self.path = path
        self.bytes = bytes
        self.loadsAccount = loadsAccount
        contentType = Self.contentType(of: path)
    }

    /// The page of a server that asks for credentials: it also loads a script that shows the user's name.
    static func pageWithAccount() -> StaticFile {
        let page = named("index.html")
        return StaticFile(path: page.path, bytes: page.bytes, loadsAccount: true)
    }

    /// The file at a path; the process ends if there is none.
    static func named(_ path: String) -> StaticFile {
        guard let file = all.first(where: { $0.path == path }) else { preconditionFailure("static/ has no \(path)") }
        return file
    }

    static func isEmbedded(_ path: String) -> Bool { all.contains { $0.path == path } }

    /// The text as it is in `static/`.
    var text: String { String(decoding: bytes.pointer, as: UTF8.self) }

    /// The text as it is sent; the text of `static/` for a file that is sent as it is.
    var textToSend: String {
        if let module = PageModules.shared.textToSend(path) { return module }
        let script = "<script type=\"module\" src=\"static-files/core/account.js\"></script>\n</head>"
        return CompactText.of(loadsAccount ? text.replacing("</head>", with: script) : text, path: path)
    }

    /// The content security policy of Apus' own pages: they may load their own files, and the data that previews of
    /// artifacts need.
    ///
    /// An artifact is shown from a `blob:` address or in a frame that inherits this policy, which permits only scripts from
    /// the server. The server sends no artifact as a script, so no script in an artifact is run.
    static let policy = """
        default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; frame-src 'self' blob:; object-src 'none'; \
        base-uri 'none'; form-action 'none'
        """

    /// The answer to a GET or HEAD.
    func response(to request: HTTPRequest) -> HTTPResponse {
        let encodings = encodings()
        var headers = [
            (name: "Content-Type", value: contentType), (name: "Content-Security-Policy", value: Self.policy),
            // Browsers keep the file, and ask each time by its entity tag whether it has changed.
            (name: "Cache-Control", value: "no-cache"), (name: "ETag", value: encodings.tag),
        ]
        if encodings.gzipped != nil { headers.append(("Vary", "Accept-Encoding")) }
        if let ifNoneMatch = request.header("if-none-match"), Self.contains(encodings.tag, in: ifNoneMatch) {
            return HTTPResponse(status: 304, headers: headers.filter { $0.name != "Content-Type" })
        }
        guard request.acceptsGzip, let gzipped = encodings.gzipped else {
            return HTTPResponse(status: 200, headers: headers, body: encodings.plain)
        }
        headers.append(("Content-Encoding", "gzip"))
        return HTTPResponse(status: 200, headers: headers, body: .bytes(gzipped))
    }

    private func encodings() -> Encodings {
        cachedEncodings.withLock { cached in
            if let cached { return cached }
            let encodings: Encodings
            if contentType.hasPrefix("text/") {
                let bytes = Array(textToSend.utf8)
                encodings = bytes.withUnsafeBytes { makeEncodings(.bytes(bytes), of: $0) }
            } else {
                encodings = makeEncodings(.staticBytes(bytes), of: bytes.pointer)
            }
            cached = encodings
            return encodings
        }
    }

    private func makeEncodings(_ plain: HTTPResponseBody, of bytes: UnsafeRawBufferPointer) -> Encodings {
        var hash = SHA256()
        hash.update(bytes)
        let tag = "W/\"\(Hexadecimal.text(hash.finalize().prefix(8)))\""
        return Encodings(plain: plain, tag: tag, gzipped: gzipped(bytes))
    }

    private func gzipped(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        guard !contentType.hasPrefix("image/") || contentType.hasPrefix("image/svg"), !contentType.hasPrefix("font/"),
            let deflater = Deflater(.gzip, level: 9)
        else { return nil }
        var gzipped: [UInt8] = []
        deflater.compress(bytes, isLast: true, into: &gzipped)
        return gzipped.count < bytes.count ? gzipped : nil
    }

    /// Whether a list of entity tags contains this one, by the weak comparison (RFC 9110 §8.8.3.2).
    private static func contains(_ tag: String, in list: String) -> Bool {
        let opaque = tag.dropFirst(2)
        return list.split(separator: ",").contains { member in
            let member = member.drop { $0 == " " }.split(separator: " ").first ?? ""
            return member == "*" || (member.hasPrefix("W/") ? member.dropFirst(2) : member) == opaque
        }
    }

    private static func contentType(of path: String) -> String {
        switch path.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "json": "application/json"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "ico": "image/x-icon"
        case "woff2": "font/woff2"
        default: "application/octet-stream"
        }
    }
}

extension RouteTable {
    /// Adds the routes of the page and its files under each of the base paths.
    mutating func addPages(bases: [String], requiresCredentials: Bool) {
        let files =
            requiresCredentials
            ? StaticFile.all.filter { $0.path != "index.html" } + [.pageWithAccount()] : StaticFile.all
        for base in bases {
            for file in files {
                let path = file.path == "index.html" ? base + "/" : "\(base)/static-files/\(file.path)"
                add(.get, path, .page, .buffered { request, responder in responder.send(file.response(to: request)) })
            }
        }
    }
}
