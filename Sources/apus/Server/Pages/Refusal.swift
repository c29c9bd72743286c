internal import HTTPServer
internal import HTTPWire
internal import MLflowAPI

/// The answer to a request that is refused before it reaches an endpoint: JSON in MLflow's form, or a page.
enum Refusal {
    /// - Parameter request: nil if the request could not be read.
    static func response(_ refusal: HTTPRefusal, to request: HTTPRequest?) -> HTTPResponse {
        guard let request, wantsPage(request) else {
            return APIError(httpStatus: refusal.status, message: refusal.message).response
        }
        let headers = [
            (name: "Content-Type", value: "text/html; charset=utf-8"),
            (name: "Content-Security-Policy", value: "default-src 'none'; style-src 'unsafe-inline'"),
            (name: "Cache-Control", value: "no-store"),
        ]
        return HTTPResponse(status: refusal.status, headers: headers, body: .bytes(Array(page(refusal).utf8)))
    }

    /// Whether a browser requests a page, which its `Accept` field shows, because other programs do not ask for HTML.
    static func wantsPage(_ request: HTTPRequest) -> Bool {
        guard request.method == .get || request.method == .head, let accepted = request.header("accept") else {
            return false
        }
        return accepted.split(separator: ",").contains { $0.drop { $0 == " " }.hasPrefix("text/html") }
    }

    static func page(_ refusal: HTTPRefusal) -> String {
        var text = "<p>\(escaped(refusal.message))</p>"
        if let arguments = refusal.startArguments {
            text = """
                <p>\(escaped(refusal.reason)) start the server with</p>
                <pre>apus server \(escaped(arguments))</pre>
                """
        }
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(refusal.status) – Apus</title>
            <style>
            body { font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 12vh auto; padding: 0 1rem; }
            h1 { font-size: 1.25rem; }
            pre { overflow-wrap: anywhere; white-space: pre-wrap; padding: .75rem; border: 1px solid; border-radius: .25rem; }
            p { overflow-wrap: anywhere; }
            </style>
            </head>
            <body>
            <h1>\(title(refusal.status))</h1>
            \(text)
            </body>
            </html>

            """
    }

    private static func title(_ status: Int) -> String {
        switch status {
        case 401: "Apus needs a token"
        case 403: "Apus does not answer this request"
        case 404: "There is nothing at this address"
        case 405: "This address cannot be opened as a page"
        default: "Apus cannot answer this request"
        }
    }

    static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
