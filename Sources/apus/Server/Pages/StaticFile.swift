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
    /// Makes the text that is sent instead of the bytes; nil to send the bytes.
    private let replacement: (@Sendable () -> String)?
    private let prepared = Mutex<Prepared?>(nil)

    private struct Prepared {
        var plain: HTTPResponseBody
        /// A weak entity tag, because the compressed form has the same one (RFC 9110 §8.8.1).
        var tag: String
        /// The compressed form; nil if compression saves nothing.
        var packed: [UInt8]?
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

    init(path: String, bytes: HTTPStaticBytes, replacement: (@Sendable () -> String)? = nil) {
        self.path = path
        self.bytes = bytes
        self.replacement = replacement
        contentType = Self.contentType(of: path)
    }

    /// The page of a server that asks for credentials: it also loads a script that shows the user's name.
    static func pageWithAccount() -> StaticFile {
        let page = named("index.html")
        return StaticFile(path: page.path, bytes: page.bytes) {
            page.text.replacing(
                "</head>",
                with: "<script type=\"module\" src=\"static-files/core/account.js\"></script>\n</head>"
            )
        }
    }

    /// The file at a path; the process ends if there is none.
    static func named(_ path: String) -> StaticFile {
        guard let file = all.first(where: { $0.path == path }) else { preconditionFailure("static/ has no \(path)") }
        return file
    }

    static func isEmbedded(_ path: String) -> Bool { all.contains { $0.path == path } }

    var text: String { String(decoding: bytes.pointer, as: UTF8.self) }

    /// The content security policy of Apus' own pages: they may load their own files, and the data that previews of
    /// artifacts need.
    ///
    /// An artifact is shown from a `blob:` address or in a frame that inherits this policy. Scripts come only from the
    /// server, which sends no artifact as a script, so no script in an artifact is run.
    static let policy = """
        default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; frame-src 'self' blob:; object-src 'none'; \
        base-uri 'none'; form-action 'none'
        """

    /// The answer to a GET or HEAD.
    func response(to request: HTTPRequest) -> HTTPResponse {
        let prepared = prepare()
        var headers = [
            (name: "Content-Type", value: contentType), (name: "Content-Security-Policy", value: Self.policy),
            // Browsers keep the file, and ask each time by its entity tag whether it has changed.
            (name: "Cache-Control", value: "no-cache"), (name: "ETag", value: prepared.tag),
        ]
        if prepared.packed != nil { headers.append(("Vary", "Accept-Encoding")) }
        if let known = request.header("if-none-match"), Self.names(prepared.tag, in: known) {
            return HTTPResponse(status: 304, headers: headers.filter { $0.name != "Content-Type" })
        }
        guard request.acceptsGzip, let packed = prepared.packed else {
            return HTTPResponse(status: 200, headers: headers, body: prepared.plain)
        }
        headers.append(("Content-Encoding", "gzip"))
        return HTTPResponse(status: 200, headers: headers, body: .bytes(packed))
    }

    private func prepare() -> Prepared {
        prepared.withLock { prepared in
            if let prepared { return prepared }
            let made: Prepared
            if let text = replacement?() ?? PageModules.shared.served(path) {
                let bytes = Array(text.utf8)
                made = bytes.withUnsafeBytes { self.prepared(.bytes(bytes), of: $0) }
            } else {
                made = self.prepared(.staticBytes(bytes), of: bytes.pointer)
            }
            prepared = made
            return made
        }
    }

    private func prepared(_ plain: HTTPResponseBody, of bytes: UnsafeRawBufferPointer) -> Prepared {
        var hash = SHA256()
        hash.update(bytes)
        let tag = "W/\"\(Hexadecimal.text(hash.finalize().prefix(8)))\""
        return Prepared(plain: plain, tag: tag, packed: packed(bytes))
    }

    private func packed(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        guard !contentType.hasPrefix("image/") || contentType.hasPrefix("image/svg"), !contentType.hasPrefix("font/"),
            let deflater = Deflater(.gzip, level: 9)
        else { return nil }
        var packed: [UInt8] = []
        deflater.compress(bytes, isLast: true, into: &packed)
        return packed.count < bytes.count ? packed : nil
    }

    /// Whether a list of entity tags contains this one, by the weak comparison (RFC 9110 §8.8.3.2).
    private static func names(_ tag: String, in list: String) -> Bool {
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
    ///
    /// - Parameter asksForUsers: whether every request needs credentials.
    mutating func addPages(bases: [String], asksForUsers: Bool) {
        let files =
            asksForUsers
            ? StaticFile.all.filter { $0.path != "index.html" } + [.pageWithAccount()] : StaticFile.all
        for base in bases {
            for file in files {
                let path = file.path == "index.html" ? base + "/" : "\(base)/static-files/\(file.path)"
                add(.get, path, .page, .buffered { request, responder in responder.send(file.response(to: request)) })
            }
        }
    }
}
