import Dispatch
import HTTPServer
import HTTPWire
import Synchronization

/// Gives out keys as a container's agent and an instance's metadata do, each time others.
final class KeyAgent: Sendable {
    let port: Int
    private let server: HTTPServer
    private let given: Given

    private final class Given: Sendable {
        let count = Mutex(0)

        func keys(_ name: String, _ expiration: String) -> HTTPResponse {
            let number = count.withLock { count in
                count += 1
                return count
            }
            let text =
                "{\"AccessKeyId\":\"\(name)\(number)\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
                + "\"Expiration\":\"\(expiration)\"}"
            return HTTPResponse(contentType: "application/json", bytes: Array(text.utf8))
        }
    }

    init(expiration: String) throws {
        let given = Given()
        self.given = given
        var router = HTTPRouter()
        router.add(
            .get,
            "/keys",
            .buffered { request, responder in
                let isKnown = request.header("authorization") == "secret"
                responder.send(isKnown ? given.keys("container", expiration) : HTTPResponse(status: 401))
            }
        )
        router.add(.put, "/latest/api/token", .buffered { $1.send(Self.text("session")) })
        let roles = "/latest/meta-data/iam/security-credentials/"
        for (path, isRole) in [(roles, false), (roles + "role", true)] {
            router.add(
                .get,
                path,
                .buffered { request, responder in
                    guard request.header("x-aws-ec2-metadata-token") == "session" else {
                        return responder.send(HTTPResponse(status: 401))
                    }
                    responder.send(isRole ? given.keys("instance", expiration) : Self.text("role"))
                }
            )
        }
        var configuration = HTTPServer.Configuration()
        configuration.loopCount = 1
        server = HTTPServer(configuration: configuration, router: router)
        port = try server.start().first?.port ?? 0
    }

    deinit {
        let done = DispatchSemaphore(value: 0)
        server.shutdown(within: .zero) { done.signal() }
        done.wait()
    }

    var answers: Int { given.count.withLock { $0 } }

    private static func text(_ text: String) -> HTTPResponse {
        HTTPResponse(contentType: "text/plain", bytes: Array(text.utf8))
    }
}
