import HTTPServer
import HTTPWire
import Testing

@Suite struct SecurityTests {
    @Test(arguments: [
        ("localhost", true), ("LOCALHOST:5000", true), ("localhost.:1", true), ("127.0.0.1:5000", true),
        ("127.9.9.9", true),
        ("[::1]:5000", true), ("[::1]", true), ("0.0.0.0:5000", true), ("10.1.2.3", true), ("172.16.0.1:80", true),
        ("172.31.255.1", true), ("192.168.1.1", true), ("169.254.1.1", true), ("[fd00::1]:5000", true),
        ("[fe80::1]", true), ("[::ffff:10.0.0.1]", true),
        ("10.attacker.example", false), ("192.168.1.1.attacker.example", false), ("172.32.0.1", false),
        ("172.15.0.1", false), ("8.8.8.8", false), ("[2001:db8::1]", false), ("localhost.attacker.example", false),
        ("", false), (":5000", false), ("localhost:x", false), ("localhost:99999", false), ("[::1", false),
        ("[::1]x", false), ("[localhost]", false), ("0x7f.1", false), ("127.1", false), ("local host", false),
    ]) func `answers local and private hosts by default`(host: String, isAllowed: Bool) {
        #expect(HostPolicy().allows(host: host, path: "/") == isAllowed)
    }

    @Test(
        arguments: [
            (["apus"], "apus:5000", true), (["apus:5000"], "apus:5000", true), (["apus:5000"], "apus:5001", false),
            (["apus"], "localhost", false), (["*"], "anything", true), (["*.example.com"], "a.b.EXAMPLE.com:1", true),
            (["*.example.com"], "example.com", false), (["*.example.com"], "badexample.com", false),
            (["10.*"], "10.2.3.4:5", true), (["10.*"], "10.attacker.example", false),
            (["192.168.*"], "192.168.9.9", true),
            (["*.execute-api.*.amazonaws.com"], "x1.execute-api.eu-west-1.amazonaws.com", true),
            (["*.execute-api.*.amazonaws.com"], "execute-api.eu-west-1.amazonaws.com", false),
            (["*.execute-api.*.amazonaws.com"], "x.execute-api.evil.example.amazonaws.com", false),
            (["*.execute-api.*.amazonaws.com"], "x.execute-api.eu.amazonaws.com.evil.example", false),
            (["ml-*"], "ML-7:5000", true), (["ml-*"], "ml-7.evil.example", false), (["ml-*"], "xml-7", false),
            (["ml-*.corp:5000"], "ml-.corp:5000", true), (["ml-*.corp:5000"], "ml-1.corp:5001", false),
            (["1*2"], "127.0.0.2", false), (["*.0.0.1"], "8.0.0.1", false),
            (["192.168.*"], "192.16.9.9", false), (["::1"], "[0:0::1]:80", true), (["[::1]:80"], "[::1]:81", false),
        ] as [([String], String, Bool)]
    ) func `follows the operator's list`(list: [String], host: String, isAllowed: Bool) {
        #expect(HostPolicy(allowedHosts: list).allows(host: host, path: "/") == isAllowed)
    }

    @Test func `exempts the paths of health checks`() {
        let policy = HostPolicy(exemptPaths: ["/health"])
        #expect(policy.allows(host: "evil.example", path: "/health"))
        #expect(!policy.allows(host: "evil.example", path: "/health/x"))
    }

    @Test func `exempts a path as it is sent, not as it reads`() throws {
        let server = try server([])
        #expect(try server.exchange("GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n").status == 404)
        #expect(try server.exchange("GET /%68ealth HTTP/1.1\r\nHost: evil.example\r\n\r\n").status == 403)
    }

    @Test(arguments: [
        ("cross-site", "no-cors", "", 403), ("cross-site", "cors", "https://evil.example", 403),
        ("cross-site", "cors", "https://ok.example", 404), ("cross-site", "cors", "http://localhost:8888", 404),
        ("cross-site", "navigate", "", 404), ("same-origin", "cors", "", 404), ("none", "navigate", "", 404),
    ])
    func `lets no page of another site make the server work`(
        site: String,
        mode: String,
        origin: String,
        status: Int
    ) throws {
        let server = try server(["https://ok.example"])
        let field = origin.isEmpty ? "" : "Origin: \(origin)\r\n"
        let fields = "Host: localhost\r\nSec-Fetch-Site: \(site)\r\nSec-Fetch-Mode: \(mode)\r\n\(field)\r\n"
        let request = "GET /ajax-api/2.0/mlflow/metrics/get-history?run_id=a HTTP/1.1\r\n"
        #expect(try server.exchange(request + fields).status == status)
        #expect(try server.exchange("GET /hello HTTP/1.1\r\n" + fields).status == 200)
    }

    @Test(arguments: [
        ("http://apus:5000", "apus:5000", true), ("http://apus", "apus:80", true), ("https://apus", "apus", true),
        ("http://localhost:3000", "apus:5000", true), ("http://[::1]:3000", "apus", true),
        ("http://127.0.0.1", "apus", true), ("https://ok.example", "apus", true),
        ("HTTPS://OK.example:443", "apus", true),
        ("https://ok.example:444", "apus", false), ("http://ok.example", "apus", false),
        ("http://apus:5001", "apus:5000", false), ("null", "apus", false),
        ("http://localhost.evil.example", "apus", false),
        ("http://evil.example", "apus", false), ("file://localhost", "apus", false), ("", "apus", false),
    ]) func `trusts its own pages, local ones and those listed`(origin: String, host: String, isAllowed: Bool) {
        let policy = OriginPolicy(allowedOrigins: ["https://ok.example/"])
        #expect(policy.allows(origin: origin, host: host) == isAllowed)
    }

    @Test(arguments: [
        ("http://app.example.com", true), ("http://sub.app.example.com", true), ("HTTP://App.Example.com", true),
        ("http://example.com", false), ("https://app.example.com", false), ("http://app.example.com.evil", false),
        ("http://evil.com/.example.com", false), ("http://app.example.com:81", false),
        ("https://a-preview-b.test:8443", true), ("https://a-preview.test", false),
    ]) func `fills the star of a listed pattern`(origin: String, isAllowed: Bool) {
        let policy = OriginPolicy(allowedOrigins: ["http://*.example.com", "https://*-preview-*.test:*"])
        #expect(policy.allows(origin: origin, host: "apus") == isAllowed)
    }

    @Test(arguments: [
        ("localhost:*", true), ("apus:5000", true), ("10.*", true), ("10.*:*", true), ("*.example.com:*", true),
        ("[::1]:*", true), ("::1", true), ("*", true), ("http://apus", false), ("a b", false), ("", false),
        ("300.*", false), ("ml-*", true), ("*-a.*.b:80", true), ("*.*", false), ("a..*", false), ("ml-*:x", false),
    ]) func `knows which entries of the allowed hosts mean something`(entry: String, isUnderstood: Bool) {
        #expect(HostPolicy.isValidEntry(entry) == isUnderstood)
    }

    @Test func `any port may be written as a star`() {
        let policy = HostPolicy(allowedHosts: ["localhost:*", "*.example.com:*"])
        #expect(policy.allows(host: "localhost:5000", path: "/"))
        #expect(policy.allows(host: "a.example.com:81", path: "/"))
        #expect(!policy.allows(host: "example.org:81", path: "/"))
    }

    private func server(_ origins: [String]) throws -> TestServer {
        let hosts = HostPolicy(exemptPaths: ["/health"])
        let policy = OriginPolicy(allowedOrigins: origins).refusingCrossSiteReads { $0.path.contains("/2.0/mlflow/") }
        return try TestServer(configure: { configuration in
            configuration.requestHeaders = policy.responseHeaders
            configuration.admit = { request in
                if let refusal = hosts.refusal(of: request) ?? policy.refusal(of: request) {
                    return .refused(HTTPResponse(status: refusal.status, body: .bytes(Array(refusal.message.utf8))))
                }
                return policy.preflight(request).map { .refused($0) } ?? .admitted
            }
        })
    }

    @Test func `refuses foreign hosts and origins and names the remedy`() throws {
        let server = try server([])
        let host = try server.exchange("GET /hello HTTP/1.1\r\nHost: evil.example:80\r\n\r\n")
        #expect(host.status == 403)
        #expect(host.text.contains("--allowed-hosts evil.example"))
        let head = "HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\nContent-Length: 0\r\n\r\n"
        let origin = try server.exchange("POST /echo \(head)")
        #expect(origin.status == 403)
        #expect(origin.text.contains("--cors-allowed-origins https://evil.example"))
        #expect(try server.exchange("GET /hello \(head)").status == 200)
    }

    @Test func `answers the preflight of an allowed page`() throws {
        let server = try server(["https://ok.example"])
        func preflight(_ origin: String) throws -> TestClient.Answer {
            try server.exchange(
                "OPTIONS /echo HTTP/1.1\r\nHost: localhost\r\nOrigin: \(origin)\r\n"
                    + "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n\r\n"
            )
        }
        let allowed = try preflight("https://ok.example")
        #expect(allowed.status == 200)
        #expect(allowed.header("access-control-allow-origin") == "https://ok.example")
        #expect(allowed.header("access-control-allow-headers") == "content-type")
        let refused = try preflight("https://evil.example")
        #expect(refused.status == 400)
        #expect(refused.header("access-control-allow-origin") == nil)
    }
}
