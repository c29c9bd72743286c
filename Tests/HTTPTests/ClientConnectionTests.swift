import HTTPServer
import HTTPWire
import Testing

@testable import HTTPClient

@Suite struct ClientConnectionTests {
    private let deadline = Deadline(after: .seconds(20))
    private let host = [(name: "Host", value: "a")]

    private func client(_ server: TestServer) -> HTTPClient { HTTPClient(host: "127.0.0.1", port: server.port) }

    @Test func `one connection serves calls that follow each other`() throws {
        let server = try TestServer()
        let client = client(server)
        for _ in 0..<5 {
            #expect(try client.send(.get, "/hello", fields: host, by: deadline).status == 200)
            #expect(try client.send(.post, "/echo", fields: host, body: [1, 2], by: deadline).body == [1, 2])
            #expect(try client.send(.head, "/hello", fields: host, by: deadline).body.isEmpty)
        }
        #expect(server.server.statistics.acceptedConnections == 1)
    }

    @Test func `a connection that the server has closed meanwhile is replaced`() throws {
        let kept = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        let peer = try ScriptedPeer([kept, kept, kept])
        let client = HTTPClient(host: "127.0.0.1", port: peer.port)
        for _ in 0..<3 {
            #expect(try client.send(.post, "/", fields: host, by: deadline).status == 200)
            while let connection = client.pool.takeConnection(forRepeatable: false) {
                client.pool.giveBack(connection)
                awaitTurn()
            }
        }
        #expect(peer.heads.count == 3)
    }

    @Test func `a repeatable request is sent again when the old connection closes under it`() throws {
        let kept = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        let peer = try ScriptedPeer([kept, kept, kept])
        let client = HTTPClient(host: "127.0.0.1", port: peer.port)
        // Each connection ends after its answer, perhaps only when the next request is on its way.
        for _ in 0..<3 { #expect(try client.send(.get, "/", fields: host, by: deadline).status == 200) }
        #expect(peer.heads.count == 3)
    }

    @Test func `connections of answers that end with them are not used again`() throws {
        let peer = try ScriptedPeer([
            "HTTP/1.1 200 OK\r\n\r\nall", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nb",
            "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nc", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nd too much",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\ne",
        ])
        let client = HTTPClient(host: "127.0.0.1", port: peer.port)
        for body in ["all", "b", "c", "d", "e"] {
            #expect(try client.send(.get, "/", fields: host, by: deadline).body == Array(body.utf8))
        }
    }

    @Test(arguments: [nil, 9 * 50_000])
    func `a body is sent as it is made`(length: Int?) throws {
        let server = try TestServer()
        let producer = RepeatingProducer([UInt8](repeating: 7, count: 50_000), times: 9)
        let request = ClientRequest(.post, "/echo", fields: host, body: .stream(producer, length: length))
        let reply = try client(server).send(request, CallLimits(whole: deadline))
        #expect(reply.body == [UInt8](repeating: 7, count: 9 * 50_000))
    }

    @Test(arguments: [1, 3, 20])
    func `a body that is not as long as announced is an error`(length: Int) throws {
        let server = try TestServer()
        let producer = RepeatingProducer([7, 7], times: 2)
        let request = ClientRequest(.post, "/echo", fields: host, body: .stream(producer, length: length))
        let failure = #expect(throws: CallFailure.self) {
            try client(server).send(request, CallLimits(whole: deadline))
        }
        guard case .brokenBody = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test func `an answer that comes before the body is sent is taken`() throws {
        let server = try TestServer()
        let producer = RepeatingProducer([UInt8](repeating: 7, count: 1_000_000), times: 400)
        let request = ClientRequest(.put, "/refused", fields: host, body: .stream(producer, length: nil))
        let reply = try client(server).send(request, CallLimits(whole: deadline))
        #expect(reply.status == 403 && reply.body == Array("no".utf8))
    }

    @Test func `a body is passed on in pieces`() throws {
        let piece = [UInt8](repeating: 9, count: 70_000)
        let server = try TestServer(routes: { router in
            router.add(
                .get,
                "/stream",
                .buffered { _, responder in
                    responder.send(HTTPResponse(status: 200, body: .stream(RepeatingProducer(piece, times: 50))))
                }
            )
        })
        let client = client(server)
        var (bytes, longest) = (0, 0)
        for _ in 0..<2 {
            bytes = 0
            let reply = try client.download("/stream", fields: host, idleTimeout: .seconds(20)) {
                bytes += $0.count
                longest = max(longest, $0.count)
            }
            #expect(reply.status == 200 && reply.body.isEmpty)
            #expect(bytes == 50 * 70_000)
        }
        #expect(longest <= 128 * 1_024)
        #expect(server.server.statistics.acceptedConnections == 1)
        let missing = try client.download("/missing", fields: host, idleTimeout: .seconds(20)) { _ in bytes = 0 }
        #expect(missing.status == 404 && !missing.body.isEmpty && bytes > 0)
    }

    @Test func `the taker's error ends a download`() throws {
        struct Full: Error {}
        let server = try TestServer()
        #expect(throws: Full.self) {
            try client(server).download("/hello", fields: host, idleTimeout: .seconds(20)) { _ in throw Full() }
        }
    }

    @Test func `a longer answer than is taken is an error`() throws {
        let server = try TestServer()
        #expect(throws: CallFailure.self) {
            try client(server).send(.get, "/hello", fields: host, maximumBytes: 4, by: deadline)
        }
    }

    @Test func `a peer that is silent is given up`() throws {
        let peer = try ScriptedPeer([])
        let client = HTTPClient(host: "127.0.0.1", port: peer.port)
        let limits = [
            CallLimits(whole: Deadline(after: .milliseconds(50))), CallLimits(silence: .milliseconds(20)),
        ]
        for limits in limits {
            let failure = #expect(throws: CallFailure.self) {
                try client.send(ClientRequest(.get, "/", fields: host), limits)
            }
            guard case .timedOut = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
        }
    }

    @Test func `a head that never ends is refused`() throws {
        let peer = try ScriptedPeer(["HTTP/1.1 200 OK\r\nA: " + String(repeating: "b", count: 70_000)])
        let client = HTTPClient(host: "127.0.0.1", port: peer.port)
        let failure = #expect(throws: CallFailure.self) { try client.send(.get, "/", fields: host, by: deadline) }
        guard case .longAnswer = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }
}

@Suite struct RedirectionTests {
    private let origin = HTTPOrigin(host: "h.example", port: 80)

    @Test(arguments: [
        ("/x?y", "/x?y"), ("http://h.example/x", "/x"), ("HTTP://H.example:80", "/"), ("//h.example?q", "/?q"),
        ("x", "/a/x"), ("../x/./y?../z", "/x/y?../z"), ("..", "/"), ("?q=1", "/a/b?q=1"), ("/x#part", "/x"),
    ])
    func `stays at the origin`(location: String, target: String) {
        #expect(Redirection.target(of: location, base: "/a/b?c", at: origin) == target)
    }

    @Test(arguments: [
        "https://h.example/x", "http://h.example:81/", "http://other.example/", "//other.example/", "mailto:a@b",
        "http://name:word@h.example@other.example/", "/x y", "http:///x", "javascript:x", "",
    ])
    func `does not go elsewhere`(location: String) {
        let target = Redirection.target(of: location, base: "/a/b?c", at: origin)
        #expect(location.isEmpty ? target == "/a/b" : target == nil)
    }

    @Test(arguments: [
        (301, "POST", "GET"), (302, "PUT", "GET"), (303, "POST", "GET"), (307, "POST", "POST"), (308, "PUT", "PUT"),
        (301, "PUT", "PUT"),
    ])
    func `the method follows the status`(status: Int, method: String, next: String) throws {
        let peer = try ScriptedPeer([
            "HTTP/1.1 \(status) Moved\r\nLocation: /b\r\nContent-Length: 4\r\nConnection: close\r\n\r\nmore",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        ])
        let client = HTTPClient(host: "127.0.0.1", port: peer.port)
        let before = try #require(HTTPMethod(rawValue: method))
        let fields = [(name: "Host", value: "a"), (name: "Content-Type", value: "x/y")]
        let reply = try client.send(before, "/a", fields: fields, body: [1], by: Deadline(after: .seconds(20)))
        #expect(reply.status == 200)
        #expect(peer.heads.last?.hasPrefix("\(next) /b HTTP/1.1\r\n") == true)
        #expect(peer.heads.last?.contains("Content-Type") == (next != "GET"))
    }

    @Test func `an answer that sends elsewhere is returned as it is`() throws {
        let other = try TestServer()
        let peer = try ScriptedPeer([
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:\(other.port)/hello\r\nContent-Length: 0\r\n\r\n"
        ])
        let client = HTTPClient(host: "127.0.0.1", port: peer.port)
        let fields = [(name: "Host", value: "a"), (name: "Authorization", value: "secret")]
        let reply = try client.send(.get, "/", fields: fields, by: Deadline(after: .seconds(20)))
        #expect(reply.status == 302)
        #expect(other.server.statistics.acceptedConnections == 0)
    }

    @Test func `a circle ends`() throws {
        let answer = "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        let peer = try ScriptedPeer(Array(repeating: answer, count: 20))
        let client = HTTPClient(host: "127.0.0.1", port: peer.port)
        let failure = #expect(throws: CallFailure.self) {
            try client.send(.get, "/", fields: [("Host", "a")], by: Deadline(after: .seconds(20)))
        }
        #expect(failure?.phrase == "it redirects more than 5 times")
        #expect(peer.heads.count == 6)
    }
}

@Suite struct ProxyTests {
    private let plain = HTTPOrigin(host: "mlflow.example", port: 5_000)
    private let secure = HTTPOrigin(isSecure: true, host: "mlflow.example", port: 443)

    private func proxy(_ origin: HTTPOrigin, _ variables: [String: String]) throws -> HTTPProxy? {
        try HTTPProxy.proxy(for: origin) { variables[$0] }
    }

    @Test func `the variable of the scheme names it, in lower case first`() throws {
        let variables = ["http_proxy": "http://one:1", "HTTP_PROXY": "http://two:2", "HTTPS_PROXY": "three:3"]
        #expect(try proxy(plain, variables)?.host == "one")
        #expect(try proxy(secure, variables)?.host == "three")
        #expect(try proxy(secure, ["ALL_PROXY": "http://all"])?.port == 80)
        #expect(try proxy(plain, ["HTTP_PROXY": "http://two:2", "REQUEST_METHOD": "GET"]) == nil)
        #expect(try proxy(plain, [:]) == nil)
    }

    @Test(arguments: [
        ("*", true), ("mlflow.example", true), (".example", true), ("example", true), ("a, MLFLOW.example:5000", true),
        ("mlflow.example:80", false), ("flow.example", false), ("other", false), ("", false),
    ])
    func `some hosts are reached without it`(list: String, isBypassed: Bool) throws {
        #expect(try (proxy(plain, ["http_proxy": "http://one:1", "NO_PROXY": list]) == nil) == isBypassed)
    }

    @Test(arguments: [
        ("10.0.0.0/8", true), ("10.1.2.3", true), ("10.1.2.0/24", true), ("10.1.3.0/24", false), ("10.0.0.0/x", false),
    ])
    func `networks are recognized`(list: String, isBypassed: Bool) throws {
        let origin = HTTPOrigin(host: "10.1.2.3", port: 80)
        #expect(try (proxy(origin, ["http_proxy": "http://one:1", "no_proxy": list]) == nil) == isBypassed)
    }

    @Test(arguments: ["socks5://h:1", "https://h:1", "http://", "http://h:port", "http://h:70000", "http://[::1"])
    func `what cannot be used is refused by the variable's name`(text: String) {
        let fault = #expect(throws: ClientSettingFault.self) { try proxy(plain, ["http_proxy": text]) }
        #expect(fault?.detail.hasPrefix("http_proxy ") == true)
    }

    @Test func `it gets the whole address and its own credentials`() throws {
        let peer = try ScriptedPeer(["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"])
        let named = try proxy(plain, ["http_proxy": "http://me:a%40b@127.0.0.1:\(peer.port)/"])
        let client = HTTPClient(plain, proxy: named)
        let fields = [(name: "Host", value: "mlflow.example:5000")]
        let reply = try client.send(.get, "/health?a", fields: fields, by: Deadline(after: .seconds(20)))
        #expect(reply.body == Array("ok".utf8))
        #expect(peer.heads.first?.hasPrefix("GET http://mlflow.example:5000/health?a HTTP/1.1\r\n") == true)
        #expect(peer.heads.first?.contains("\r\nProxy-Authorization: Basic bWU6YUBi\r\n") == true)
    }

    @Test func `one that cannot be reached is named without its password`() throws {
        let client = HTTPClient(plain, proxy: try proxy(plain, ["http_proxy": "http://me:word@127.0.0.1:1"]))
        let failure = #expect(throws: CallFailure.self) {
            try client.send(.get, "/", fields: [("Host", "a")], by: Deadline(after: .seconds(20)))
        }
        guard case .proxy(let text) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(text.contains("127.0.0.1:1 of http_proxy") && !text.contains("word"))
    }
}
