import ArtifactStore
import Budgets
import Glibc
import HTTPServer
import HTTPWire
import MLflowAPI
import TestSupport
import Testing

@Suite struct PageBundleTests {
    private static let script = String(repeating: "let a = 1;\n", count: 400)

    private let folder: TemporaryFolder
    private let bundle: PageBundle

    init() throws {
        folder = try TemporaryFolder()
        for name in ["build", "build/static", "build/static/js"] { mkdir(folder.file(name), 0o700) }
        try Self.write("<head><title>t</title><SCRIPT src=m.js></SCRIPT>", folder.file("build/index.html"))
        try Self.write(Self.script, folder.file("build/static/js/main.c2f5f8d4.js"))
        try Self.write(Self.script, folder.file("build/worker.js"))
        try Self.write("secret", folder.file("secret.txt"))
        symlink(folder.file("secret.txt"), folder.file("build/link.txt"))
        symlink(folder.file(""), folder.file("build/up"))
        bundle = try PageBundle(location: folder.file("build"), script: "static-files/x.js")
    }

    private static func write(_ text: String, _ path: String) throws {
        let file = try #require(fopen(path, "w"))
        fputs(text, file)
        fclose(file)
    }

    private func request(_ headers: [String: String] = [:]) throws -> HTTPRequest {
        let head = try APIFixture.head("GET", "/", [], bodyBytes: 0, headers)
        return HTTPRequest(head: head, caller: .server, isAloneOnItsThread: false)
    }

    @Test func `the index loads our script before all others and is asked for each time`() throws {
        let reply = try Reply(bundle.index(request()))
        #expect(reply.status == 200)
        #expect(
            reply.text == "<head><title>t</title><script src=\"static-files/x.js\"></script><SCRIPT src=m.js></SCRIPT>"
        )
        #expect(reply.header("Cache-Control") == "no-cache")
        #expect(reply.header("Content-Security-Policy")?.contains("default-src 'self'") == true)
        // The library of their parallel coordinates compiles functions; scripts still come from the server alone.
        let policy = try #require(reply.header("Content-Security-Policy"))
        #expect(
            policy.contains("script-src 'self' 'unsafe-eval';") && !policy.contains("script-src 'self' 'unsafe-inline'")
        )
        let tag = try #require(reply.header("ETag"))
        #expect(try Reply(bundle.index(request(["if-none-match": tag]))).status == 304)
        #expect(try Reply(bundle.index(request(["if-none-match": "\"other\""]))).status == 200)
        try Self.write("<head>", folder.file("build/index.html"))
        #expect(try Reply(bundle.index(request(["if-none-match": tag]))).status == 200)
    }

    @Test func `a file with a hash in its name is kept for ever, any other is asked for`() throws {
        let hashed = try Reply(bundle.file("static/js/main.c2f5f8d4.js", request()))
        #expect(hashed.text == Self.script)
        #expect(hashed.header("Cache-Control") == "public, max-age=31536000, immutable")
        #expect(hashed.header("Content-Type") == "text/javascript; charset=utf-8")
        let plain = try Reply(bundle.file("worker.js", request()))
        #expect(plain.header("Cache-Control") == "no-cache")
        let tag = try #require(plain.header("ETag"))
        #expect(try Reply(bundle.file("worker.js", request(["if-none-match": tag]))).status == 304)
    }

    @Test func `a file is packed for who takes that, under a tag of its own`() throws {
        let packed = try bundle.file("worker.js", request(["accept-encoding": "gzip"]))
        #expect(packed.headers.contains { $0.name == "Content-Encoding" && $0.value == "gzip" })
        #expect(packed.headers.contains { $0.name == "Vary" && $0.value == "Accept-Encoding" })
        let plain = try bundle.file("worker.js", request())
        #expect(plain.headers.first { $0.name == "ETag" }?.value != packed.headers.first { $0.name == "ETag" }?.value)
    }

    @Test func `a packed twin is sent as it is, unless it is older`() throws {
        try Self.write("twin", folder.file("build/worker.js.gz"))
        let reply = try Reply(bundle.file("worker.js", request(["accept-encoding": "gzip"])))
        #expect(reply.text == "twin")
        #expect(reply.header("Content-Encoding") == "gzip")
        #expect(try Reply(bundle.file("worker.js", request())).text == Self.script)
        var times = [timeval(tv_sec: 1_000, tv_usec: 0), timeval(tv_sec: 1_000, tv_usec: 0)]
        utimes(folder.file("build/worker.js.gz"), &times)
        let stale = try bundle.file("worker.js", request(["accept-encoding": "gzip"]))
        guard case .stream = stale.body else {
            Issue.record("the stale twin was sent")
            return
        }
    }

    @Test(
        arguments: [
            "", "/", "..", "../secret.txt", "static/../../secret.txt", "%2e%2e/secret.txt", "/etc/passwd", "static",
            "static/", "link.txt", "up/secret.txt", "static//js/main.c2f5f8d4.js", ".", "a\0b", "..\\secret.txt",
            "gone.js",
            String(repeating: "a", count: 5_000), String(repeating: "a/", count: 1_000), "C:/x", "worker.js/x", "x#y",
            "💥\n.js",
        ]
    )
    func `nothing outside of the folder is reached`(path: String) throws {
        let reply = try Reply(bundle.file(path, request(["accept-encoding": "gzip"])))
        #expect(reply.status == 404)
        #expect(reply.text.contains("RESOURCE_DOES_NOT_EXIST"))
    }

    @Test func `a folder without an index is no bundle`() {
        #expect(throws: ArtifactError.notFound) { try PageBundle(location: folder.file("build/static")) }
        #expect(throws: ArtifactError.self) { try PageBundle(location: folder.file("gone")) }
    }
}
