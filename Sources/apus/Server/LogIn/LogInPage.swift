internal import Coding
internal import HTTPWire
internal import Hashing

/// A page of the log-in, in the style of Apus' own pages; it works without scripts and loads no other files.
struct LogInPage {
    private let title: String
    private let content: String

    /// - Parameters:
    ///   - issuers: the titles of the issuers with which people can log in.
    ///   - takesPasswords: whether there are users with passwords.
    ///   - user: the name of the user who is logged in; nil if no user is.
    ///   - fault: the reason why the last attempt has failed; nil for the first attempt.
    static func form(
        next: LocalPath,
        issuers: [String],
        takesPasswords: Bool,
        user: String?,
        fault: String?
    ) -> LogInPage {
        let next = next.text
        var content = ""
        if let fault { content += "<p class=\"error\" role=\"alert\">\(Refusal.escaped(fault))</p>\n" }
        if let user {
            content += """
                <p>You are logged in as <strong>\(Refusal.escaped(user))</strong>. <a href=".\(Refusal.escaped(next))">Go on</a>, or \
                <a href="logout">log out</a>.</p>

                """
        }
        for (number, title) in issuers.enumerated() {
            let address = "login/issuer?number=\(number)&amp;next=\(PercentCoding.encode(next))"
            content += "<p><a class=\"way\" href=\"\(address)\">Log in with \(Refusal.escaped(title))</a></p>\n"
        }
        if takesPasswords {
            content += """
                <form method="post" action="login">
                <input type="hidden" name="next" value="\(Refusal.escaped(next))">
                <label for="username">Name</label>
                <input id="username" name="username" required autocomplete="username" autocapitalize="none" spellcheck="false">
                <label for="password">Password</label>
                <input type="password" id="password" name="password" required autocomplete="current-password">
                <button class="primary">Log in</button>
                </form>
                <details><summary>Log in with a token</summary>

                """
        }
        content += """
            <form method="post" action="login">
            <input type="hidden" name="next" value="\(Refusal.escaped(next))">
            <label for="token">Token</label>
            <input type="password" id="token" name="token" required autocomplete="current-password" placeholder="apus_…" \
            aria-describedby="advice">
            <p id="advice" class="soft">The operator of the server creates one with <code>apus token create NAME</code>.</p>
            <button class="primary">Log in</button>
            </form>
            \(takesPasswords ? "</details>" : "")
            <script>\(script)</script>

            """
        return LogInPage(title: "Log in", content: content)
    }

    /// The page with the button to log out.
    static func leaving(_ user: String) -> LogInPage {
        LogInPage(
            title: "Log out",
            content: """
                <p>You are logged in as <strong>\(Refusal.escaped(user))</strong>.</p>
                <form method="post" action="logout"><button class="primary">Log out</button></form>

                """
        )
    }

    /// - Parameter isBelowLogIn: whether the page is shown beneath `/login`.
    static func fault(_ text: String, isBelowLogIn: Bool) -> LogInPage {
        LogInPage(
            title: "Apus could not log you in",
            content: """
                <p class="error" role="alert">\(Refusal.escaped(text))</p>
                <p><a href="\(isBelowLogIn ? "../login" : "login")">Begin again</a></p>

                """
        )
    }

    /// Adds the part after `#` of the requested address, which a browser does not send, to the address to return to.
    private static let script = """
        for (const place of location.hash ? document.querySelectorAll("[name=next], a.way") : []) {
          if (place.href) place.href += encodeURIComponent(location.hash); else place.value += location.hash;
        }
        """

    private static let style = """
        \(StaticFile.named("page.css").text)
        main { max-width: 26rem; margin: 12vh auto; }
        form { display: grid; gap: .5rem; margin: 1rem 0; }
        .way { display: block; padding: .35rem .6rem; border: 1px solid var(--line); border-radius: var(--round); text-align: center; }
        """

    func response(status: Int = 200) -> HTTPResponse {
        let hash = Base64.encode(SHA256.digest(of: Array(Self.script.utf8)), .standard)
        let policy = """
            default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-\(hash)'; form-action 'self'; base-uri 'none'
            """
        let headers = [
            (name: "Content-Type", value: "text/html; charset=utf-8"), (name: "Content-Security-Policy", value: policy),
            (name: "Cache-Control", value: "no-store"),
            // With a stricter policy, the request of the form would lack its origin, and be refused as that of another site.
            (name: "Referrer-Policy", value: "same-origin"),
        ]
        return HTTPResponse(status: status, headers: headers, body: .bytes(Array(text.utf8)))
    }

    private var text: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(title) – Apus</title>
        <style>
        \(Self.style)
        </style>
        </head>
        <body>
        <main>
        <h1>\(title)</h1>
        \(content)</main>
        </body>
        </html>

        """
    }
}
