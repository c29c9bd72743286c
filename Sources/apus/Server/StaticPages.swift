internal import CEmbeddedFiles
internal import HTTPServer
internal import HTTPWire

/// The pages that a browser gets, from inside the binary.
enum StaticPages {
    /// Adds the page beneath each of the bases, and the files it names.
    static func addRoutes(to router: inout HTTPRouter, bases: [String]) {
        let list = apus_static_files()
        let files = UnsafeBufferPointer(start: list.files, count: list.count)
        for base in bases {
            for file in files {
                let name = String(cString: file.name)
                let body = HTTPStaticBytes(UnsafeRawBufferPointer(start: file.bytes, count: file.length))
                let path = name == "index.html" ? base + "/" : "\(base)/static-files/\(name)"
                router.add(.get, path, page(body, name: name))
            }
        }
    }

    /// A file of the binary as an answer.
    ///
    /// - Parameter name: whose ending says what it is.
    static func page(_ body: HTTPStaticBytes, name: String) -> HTTPHandling {
        .buffered(maximumBodyBytes: nil) { _, responder in
            let headers = [
                (name: "Content-Type", value: contentType(of: name)),
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
