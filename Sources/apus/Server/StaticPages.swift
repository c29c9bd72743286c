internal import CEmbeddedFiles
internal import HTTPServer
internal import HTTPWire

/// The pages that a browser gets, from inside the binary.
enum StaticPages {
    /// Adds `/` and the files it names, and the same beneath a prefix.
    static func addRoutes(to router: inout HTTPRouter, _ listening: ListeningSettings) {
        let list = apus_static_files()
        let files = UnsafeBufferPointer(start: list.files, count: list.count)
        for base in listening.bases {
            for file in files {
                let name = String(cString: file.name)
                let body = HTTPStaticBytes(UnsafeRawBufferPointer(start: file.bytes, count: file.length))
                let path = name == "index.html" ? base + "/" : "\(base)/static-files/\(name)"
                router.add(.get, path, page(body, type: contentType(of: name)))
            }
        }
        let prefix = listening.prefix
        guard !prefix.isEmpty else { return }
        // The page's own addresses are relative: they need the slash.
        router.add(
            .get,
            prefix,
            .buffered { _, responder in
                responder.send(HTTPResponse(status: 308, headers: [("Location", prefix + "/")]))
            }
        )
    }

    private static func page(_ body: HTTPStaticBytes, type: String) -> HTTPHandling {
        .buffered { _, responder in
            let headers = [
                (name: "Content-Type", value: type),
                (name: "Content-Security-Policy", value: "default-src 'self'"),
                (name: "Cache-Control", value: "no-cache"),
            ]
            responder.send(HTTPResponse(status: 200, headers: headers, body: .staticBytes(body)))
        }
    }

    private static func contentType(of name: String) -> String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        default: "application/octet-stream"
        }
    }
}
