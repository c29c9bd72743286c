import HTTPServer
import HTTPWire
import Testing

@Suite struct RouterTests {
    private static func router() -> HTTPRouter {
        var router = HTTPRouter()
        let nothing = HTTPHandler.buffered { _, _ in }
        router.add(.get, "/", nothing)
        router.add(.get, "/api/runs/get", nothing)
        router.add(.post, "/api/models/search", nothing)
        router.add(.get, "/api/models/{id}", nothing)
        router.add(.get, "/api/models/{id}/files/{name}", nothing)
        router.add(.put, "/artifacts/{path...}", nothing)
        router.add(.get, "/artifacts/index", nothing)
        return router
    }

    @Test(
        arguments: [
            (HTTPMethod.get, "/", "/", []),
            (.get, "/api/runs/get", "/api/runs/get", []),
            (.get, "/%61pi/runs/get", "/api/runs/get", []),
            (.head, "/api/runs/get", "/api/runs/get", []),
            (.post, "/api/models/search", "/api/models/search", []),
            (.get, "/api/models/search", "/api/models/{id}", ["search"]),
            (.get, "/api/models/a%2Fb", "/api/models/{id}", ["a/b"]),
            (.get, "/api/models/m/files/%C3%A9", "/api/models/{id}/files/{name}", ["m", "é"]),
            (.put, "/artifacts/a/b%2F..%2Fc", "/artifacts/{path...}", ["a/b/../c"]),
            (.put, "/artifacts/%252e", "/artifacts/{path...}", ["%2e"]),
            (.put, "/artifacts//etc", "/artifacts/{path...}", ["/etc"]),
            (.put, "/artifacts/index", "/artifacts/{path...}", ["index"]),
            (.get, "//", "/", []),
            (.get, "///api/runs/get", "/api/runs/get", []),
            (.put, "//artifacts//etc", "/artifacts/{path...}", ["/etc"]),
            (.put, "//artifacts/a//b", "/artifacts/{path...}", ["a//b"]),
            (.get, "/api//runs/get", "/api/runs/get", []),
            (.head, "/api/runs////get", "/api/runs/get", []),
            (.post, "//api//models//search", "/api/models/search", []),
            (.get, "/api/models//m//files/n", "/api/models/{id}/files/{name}", ["m", "n"]),
        ] as [(HTTPMethod, String, String, [String])]
    )
    func `finds the route and decodes its parameters once`(
        method: HTTPMethod,
        path: String,
        pattern: String,
        parameters: [String]
    ) {
        guard case .found(_, let found, let values, _) = Self.router().match(method, rawPath: path) else {
            Issue.record("no route for \(path)")
            return
        }
        #expect(found == pattern)
        #expect(values == parameters)
    }

    @Test(arguments: [
        "/api", "/api/runs/get/", "/api/runs", "/api/models/", "/artifacts/", "/artifacts", "/api//runs/get/",
        "/api%2Fruns/get", "/api%2F/runs/get",
        "/x",
    ]) func `does not find what was not added`(path: String) {
        guard case .notFound = Self.router().match(.put, rawPath: path) else {
            Issue.record("a route for \(path)")
            return
        }
    }

    @Test func `lists what a known path allows`() {
        guard case .methodNotAllowed(let allow) = Self.router().match(.delete, rawPath: "/api/models/search") else {
            Issue.record("not refused")
            return
        }
        #expect(allow == [.get, .head, .post, .options])
    }

    @Test func `tells which of the added routes matches`() {
        var router = HTTPRouter()
        let nothing = HTTPHandler.buffered { _, _ in }
        #expect(router.add(.get, "/files/{name}", nothing) == 0)
        #expect(router.add(.get, "/other", nothing) == 1)
        #expect(router.add(.put, "/files/{path}", nothing) == 2)
        let requests = [
            (HTTPMethod.get, "/files/a", 0), (.head, "/files/a", 0), (.put, "/files/a", 2), (.get, "/other", 1),
        ]
        for (method, path, expected) in requests {
            guard case .found(_, _, _, let number) = router.match(method, rawPath: path) else {
                Issue.record("no route for \(method) \(path)")
                continue
            }
            #expect(number == expected)
        }
    }

    @Test func `keeps the methods of one pattern together, also under other names of its parameters`() {
        var router = HTTPRouter()
        let nothing = HTTPHandler.buffered { _, _ in }
        router.add(.put, "/files/{name}", nothing)
        router.add(.get, "/other", nothing)
        router.add(.delete, "/files/{path}", nothing)
        router.add(.get, "/files/{name}", nothing)
        for method in [HTTPMethod.put, .delete, .get] {
            guard case .found(_, "/files/{name}", ["a"], _) = router.match(method, rawPath: "/files/a") else {
                Issue.record("no route for \(method)")
                continue
            }
        }
        guard case .methodNotAllowed(let allow) = router.match(.post, rawPath: "/files/a") else {
            Issue.record("not refused")
            return
        }
        #expect(allow == [.get, .head, .put, .delete, .options])
        #expect(router.routes.map(\.pattern) == ["/files/{name}", "/files/{name}", "/files/{name}", "/other"])
    }
}
