import Dispatch
import Glibc
import HTTPServer
import HTTPWire
import Synchronization
import Testing

@Suite struct ExchangeTests {
    /// Finds things out beside the server; not the global queue, whose threads the tests themselves may all be blocking.
    private static let others = DispatchQueue(label: "test.others")

    @Test func `suppresses the body of HEAD and keeps its length`() throws {
        let client = try TestServer().client()
        try client.send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        let head = try client.answer(isHead: true)
        #expect(head.status == 200)
        #expect(head.header("content-length") == "5")
        #expect(try client.answer().text == "hello")
    }

    @Test func `names the allowed methods`() throws {
        let server = try TestServer()
        let refused = try server.exchange("PUT /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(refused.status == 405)
        #expect(refused.header("allow") == "GET, HEAD, OPTIONS")
        let options = try server.exchange("OPTIONS /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(options.header("allow") == "GET, HEAD, OPTIONS")
    }

    @Test(arguments: [
        ("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", nil as String?, false),
        ("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", "close", true),
        ("GET /hello HTTP/1.0\r\n\r\n", "close", true),
        ("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep-alive", false),
    ]) func `keeps a connection alive as the client asks`(request: String, field: String?, closes: Bool) throws {
        let client = try TestServer().client()
        try client.send(request)
        #expect(try client.answer().header("connection") == field)
        if closes {
            #expect(try client.isClosedByServer())
        } else {
            try client.send(request)
            #expect(try client.answer().status == 200)
        }
    }

    @Test func `answers 500 for a responder that was dropped`() throws {
        let client = try TestServer().client()
        for _ in 0..<2 {
            try client.send("GET /dropped HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.answer().status == 500)
        }
    }

    @Test func `sends 100 only when the body will be read`() throws {
        let server = try TestServer()
        let client = try server.client()
        try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        #expect(try client.answer().status == 100)
        try client.send("abc")
        #expect(try client.answer().text == "abc")

        let refused = try server.client()
        try refused.send("POST /small HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n")
        #expect(try refused.answer().status == 413)
        #expect(try refused.isClosedByServer())

        let upload = try server.client()
        try upload.send("PUT /upload/a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
        #expect(try upload.answer().status == 100)
        try upload.send("z")
        #expect(try upload.answer().text == "1 122")
    }

    @Test func `drops a small refused body and lives on`() throws {
        let client = try TestServer().client()
        let body = String(repeating: "b", count: 100_000)
        try client.send("PUT /refused HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n\(body)")
        #expect(try client.answer().status == 403)
        try client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.answer().text == "hello")
    }

    @Test(arguments: ["/refused", "/missing"])
    func `lets the client see an early refusal of a large upload`(path: String) throws {
        let client = try TestServer().client()
        let size = 12 * 1_048_576
        try client.send("PUT \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
        try client.send([UInt8](repeating: 1, count: size))
        let answer = try client.answer()
        #expect(answer.status == (path == "/refused" ? 403 : 404))
        #expect(answer.header("connection") == "close")
        #expect(try client.isClosedByServer())
    }

    @Test func `a slow handler does not delay another connection`() throws {
        let gate = DispatchSemaphore(value: 0)
        let server = try TestServer(configure: { $0.loopCount = 1 }) { router in
            router.add(
                .get,
                "/slow",
                .blocking { _, responder in
                    gate.wait()
                    responder.send(HTTPResponse(status: 200))
                }
            )
        }
        let slow = try server.client()
        try slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try server.exchange("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").text == "hello")
        gate.signal()
        #expect(try slow.answer().status == 200)
    }

    @Test func `handlers that wait for another server have threads of their own`() throws {
        let gate = DispatchSemaphore(value: 0)
        let server = try TestServer(configure: { $0.workerCount = 1 }) { router in
            let waiting = HTTPHandler.blocking { _, responder in
                gate.wait()
                responder.send(HTTPResponse(status: 200))
            }
            router.add(.post, "/apart", .apart(waiting))
            router.add(.get, "/here", .blocking { _, responder in responder.send(HTTPResponse(status: 204)) })
        }
        let waiting = try server.client()
        try waiting.send("POST /apart HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
        #expect(try server.exchange("GET /here HTTP/1.1\r\nHost: a\r\n\r\n").status == 204)
        gate.signal()
        #expect(try waiting.answer().status == 200)
    }

    @Test func `a large body that takes long to read does not delay another connection`() throws {
        let gate = DispatchSemaphore(value: 0)
        let server = try TestServer(configure: { $0.loopCount = 1 }) { router in
            router.add(
                .post,
                "/slow",
                .buffered { _, responder in
                    gate.wait()
                    responder.send(HTTPResponse(status: 200))
                }
            )
        }
        let slow = try server.client()
        let body = String(repeating: " ", count: HTTPLimits().inlineBodyBytes + 1)
        try slow.send("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n\(body)")
        #expect(try server.exchange("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").text == "hello")
        gate.signal()
        #expect(try slow.answer().status == 200)
    }

    @Test func `counts only the first answer`() throws {
        let server = try TestServer(routes: { router in
            router.add(
                .get,
                "/twice",
                .buffered { _, responder in
                    responder.send(HTTPResponse(status: 201))
                    responder.send(HTTPResponse(status: 202))
                }
            )
        })
        let client = try server.client()
        try client.send("GET /twice HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.answer().status == 201)
        #expect(try client.answer().text == "hello")
    }

    @Test func `keeps line ends out of response fields`() throws {
        let server = try TestServer(routes: { router in
            router.add(
                .get,
                "/evil",
                .buffered { _, responder in
                    responder.send(
                        HTTPResponse(status: 200, headers: [("X-A", "b\r\nX-C: d"), ("Content-Length", "9")])
                    )
                }
            )
        })
        let answer = try server.exchange("GET /evil HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(answer.header("x-c") == nil)
        #expect(answer.header("content-length") == "0")
    }

    @Test func `a request waits for what is to be found out about it, and is looked at again`() throws {
        let known = Mutex<Set<String>>([])
        let server = try TestServer(configure: { configuration in
            configuration.admit = { request in
                let name = request.header("x-name") ?? ""
                if known.withLock({ $0.contains(name) }) { return .admitted }
                guard !name.isEmpty else { return .refused(HTTPResponse(status: 401)) }
                return .undecided { decided in
                    Self.others.async {
                        known.withLock { _ = $0.insert(name) }
                        decided()
                    }
                }
            }
        })
        #expect(try server.exchange("GET /hello HTTP/1.1\r\nHost: a\r\nX-Name: a\r\n\r\n").status == 200)
        let post = "POST /echo HTTP/1.1\r\nHost: a\r\nX-Name: b\r\nContent-Length: 2\r\n\r\nhi"
        #expect(try server.exchange(post).body == Array("hi".utf8))
        #expect(try server.exchange("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").status == 401)
    }

    @Test func `a request whose body was awaited is looked at again if what admitted it has changed`() throws {
        let version = Mutex(0)
        let asked = Mutex(0)
        let server = try TestServer(configure: { configuration in
            configuration.admit = { _ in .admitted }
            configuration.readmission = HTTPReadmission(version: { version.withLock { $0 } }) { request in
                asked.withLock { $0 += 1 }
                switch request.header("x-name") {
                case "a": return .refused(HTTPResponse(status: 401))
                // What was found out changes once more, and then is known.
                case "b" where request.admissionVersion == 2:
                    return .undecided { decided in
                        version.withLock { $0 = 3 }
                        Self.others.async { decided() }
                    }
                default: return .admitted
                }
            }
        })
        for (name, status, checks) in [("a", 401, 1), ("b", 200, 2), ("c", 200, 1)] {
            version.withLock { $0 = 1 }
            asked.withLock { $0 = 0 }
            let client = try server.client()
            let head =
                "POST /echo HTTP/1.1\r\nHost: a\r\nX-Name: \(name)\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
            try client.send(head)
            // The head has been judged when the server asks for the body.
            #expect(try client.answer().status == 100)
            version.withLock { $0 = 2 }
            try client.send("hi")
            #expect(try client.answer().status == status, "\(name)")
            #expect(asked.withLock { $0 } == checks, "\(name)")
        }
    }

    @Test(arguments: [("POST /late", 2), ("PUT /late", 1)])
    func `a request is looked at once more where its handler begins`(line: String, looksBefore: Int) throws {
        let looks = Mutex(0)
        let checks = Mutex(0)
        let called = Mutex(0)
        let server = try TestServer(configure: { configuration in
            configuration.readmission = HTTPReadmission(version: {
                // What admitted it changes while it waits for a thread.
                looks.withLock { looks in
                    looks += 1
                    return looks > looksBefore ? 2 : 1
                }
            }) { request in
                let count = checks.withLock { checks in
                    checks += 1
                    return checks
                }
                if request.header("x-name") == "a" { return .refused(HTTPResponse(status: 403)) }
                return count == 1 ? .undecided { decided in Self.others.async { decided() } } : .admitted
            }
        }) { router in
            router.add(
                .post,
                "/late",
                .blocking { request, responder in
                    called.withLock { $0 += 1 }
                    responder.send(HTTPResponse(contentType: "text/x", bytes: request.body))
                }
            )
            router.add(
                .put,
                "/late",
                .streamed { _, responder in
                    called.withLock { $0 += 1 }
                    return CountingReceiver(UploadLog(), responder)
                }
            )
        }
        for (name, status, count) in [("a", 403, 1), ("b", 200, 2)] {
            looks.withLock { $0 = 0 }
            checks.withLock { $0 = 0 }
            called.withLock { $0 = 0 }
            let answer = try server.exchange(
                "\(line) HTTP/1.1\r\nHost: a\r\nX-Name: \(name)\r\nContent-Length: 2\r\n\r\nhi"
            )
            #expect(answer.status == status, "\(name)")
            #expect(checks.withLock { $0 } == count, "\(name)")
            #expect(called.withLock { $0 } == (status == 200 ? 1 : 0), "\(name)")
        }
    }

    @Test func `a request is looked at once while nothing changes`() throws {
        let asked = Mutex(0)
        let server = try TestServer(configure: { configuration in
            configuration.readmission = HTTPReadmission(version: { 7 }) { _ in
                asked.withLock { $0 += 1 }
                return .admitted
            }
        })
        let post = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
        #expect(try server.exchange(post).body == Array("hi".utf8))
        #expect(asked.withLock { $0 } == 0)
    }

    @Test func `what is never found out about a request ends it`() throws {
        let server = try TestServer(configure: { configuration in
            configuration.admit = { _ in .undecided { decided in Self.others.async { decided() } } }
        })
        #expect(try server.exchange("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").status == 429)
    }

    @Test func `asks for admission before routing and adds the request's fields`() throws {
        let exchanges = Mutex<[Int]>([])
        let reported = DispatchSemaphore(value: 0)
        let server = try TestServer(configure: { configuration in
            configuration.admit = { $0.header("x-ok") == nil ? .refused(HTTPResponse(status: 403)) : .admitted }
            configuration.requestHeaders = { [("X-Path", $0.path)] }
            configuration.commonHeaders = [("X-Common", "1")]
            configuration.onExchange = { exchange in
                exchanges.withLock { $0.append(exchange.status) }
                reported.signal()
            }
        })
        #expect(try server.exchange("GET /missing HTTP/1.1\r\nHost: a\r\n\r\n").status == 403)
        let answer = try server.exchange("GET /hello HTTP/1.1\r\nHost: a\r\nX-OK: 1\r\n\r\n")
        #expect(answer.header("x-path") == "/hello")
        #expect(answer.header("x-common") == "1")
        #expect(answer.header("server") == "test")
        reported.wait()
        reported.wait()
        // Two connections may be on different event loops, which report independently.
        #expect(exchanges.withLock { $0.sorted() } == [200, 403])
    }

    @Test func `counts an exchange before its client can have read the answer`() throws {
        let counted = CountedExchanges()
        let server = try TestServer(configure: { $0.onExchange = { counted.add($0) } }) { router in
            let large = [UInt8](repeating: 1, count: 3 * 1_048_576)
            router.add(
                .get,
                "/large",
                .blocking { _, responder in responder.send(HTTPResponse(contentType: "image/png", bytes: large)) }
            )
            router.add(
                .get,
                "/stream",
                .blocking { _, responder in
                    let producer = RepeatingProducer([UInt8](repeating: 1, count: 50_000), times: 9)
                    responder.send(HTTPResponse(status: 200, body: .stream(producer)))
                }
            )
        }
        let client = try server.client()
        var sent = 0
        for round in 1...30 {
            for path in ["/hello", "/large", "/stream", "/missing"] {
                try client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = try client.answer()
            }
            sent += 4
            #expect(counted.count == sent, "round \(round)")
        }
        // The server updates its count after the client has read the last byte.
        let done = DispatchSemaphore(value: 0)
        server.server.shutdown(within: .seconds(20)) { done.signal() }
        done.wait()
        #expect(counted.bytes == server.server.statistics.bytesSent)
    }
}

/// Records the exchanges that a server reports.
private final class CountedExchanges: Sendable {
    private let state = Mutex((count: 0, bytes: 0))

    var count: Int { state.withLock { $0.count } }
    var bytes: Int { state.withLock { $0.bytes } }

    func add(_ exchange: HTTPExchange) {
        state.withLock { state in
            state.count += 1
            state.bytes += exchange.bytesSent
        }
    }
}
