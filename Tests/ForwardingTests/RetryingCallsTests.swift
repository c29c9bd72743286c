import HTTPWire
import Synchronization
import Testing

@testable import Forwarding

@Suite struct RetryingCallsTests {
    /// Answers the look at the server in one way and every other call in another.
    private final class Server: UpstreamCalls {
        typealias Answer = Result<String, UpstreamFailure>

        let address = "http://upstream"
        let looks = Atomic<Int>(0)
        private let answer: Answer
        private let look: Answer

        init(answer: Answer, look: Answer) {
            self.answer = answer
            self.look = look
        }

        func send(
            _ method: HTTPMethod,
            _ path: String,
            _ body: UpstreamBody,
            within limit: Duration?
        ) throws(UpstreamFailure) -> UpstreamAnswer {
            let isLook = path.hasSuffix("experiments/search")
            if isLook { looks.add(1, ordering: .relaxed) }
            return UpstreamAnswer(body: Array(try (isLook ? look : answer).get().utf8))
        }
    }

    private func failure(_ server: Server) -> UpstreamFailure? {
        let calls = RetryingCalls(server, CallsInFlight(), longestWait: .zero) { false }
        do throws(UpstreamFailure) {
            _ = try calls.send(.post, "/api/2.0/mlflow/runs/create", .none)
            return nil
        } catch {
            return error
        }
    }

    private func status(_ status: Int, code: String = "") -> Server.Answer {
        guard let failure = UpstreamFailure(status: status, code: code, message: "", pause: nil) else {
            return .success("{}")
        }
        return .failure(failure)
    }

    @Test(arguments: [302, 403, 404, 500])
    func `Nothing is held against the thing while the server answers no other call`(code: Int) throws {
        let found = try #require(failure(Server(answer: status(code), look: status(code))))
        #expect(found.isAboutServer)
        #expect(!found.isAboutItem)
    }

    @Test(arguments: [302, 403, 500])
    func `What fails while the server answers other calls is tried again and holds up no other`(code: Int) throws {
        let found = try #require(failure(Server(answer: status(code), look: .success("{}"))))
        #expect(!found.isAboutServer)
        #expect(!found.isAboutItem)
    }

    @Test func `A call that a server does not know is refused`() throws {
        let found = try #require(failure(Server(answer: status(404), look: .success("{}"))))
        #expect(found.kind == .unsupported)
        #expect(found.isAboutItem)
    }

    @Test func `A refusal with a code of MLflow needs no look at the server`() throws {
        let server = Server(answer: status(400, code: "INVALID_PARAMETER_VALUE"), look: status(500))
        let found = try #require(failure(server))
        #expect(found.isAboutItem)
        #expect(server.looks.load(ordering: .relaxed) == 0)
    }

    @Test func `A page of a login is no answer`() throws {
        let page = Server.Answer.success("<html>")
        let found = try #require(failure(Server(answer: page, look: page)))
        #expect(found.isAboutServer)
        #expect(failure(Server(answer: .success("{}"), look: page)) == nil)
        #expect(failure(Server(answer: .success(""), look: page)) == nil)
    }

    @Test func `A server that asks for a pause is asked nothing else`() throws {
        let server = Server(answer: status(429), look: .success("{}"))
        let found = try #require(failure(server))
        #expect(found.kind == .busy)
        #expect(found.isAboutServer)
        #expect(server.looks.load(ordering: .relaxed) == 0)
    }
}
