import Dispatch
import MLflowClient
import Synchronization
import TestSupport
import Testing

/// What is repeated after which failure; the servers answer as stock servers and the proxies before them were seen to.
@Suite struct RetryTests {
    private static let created = #"{"run": {"info": {"run_id": "r1", "experiment_id": "0"}}}"#
    private static let busy = #"{"error_code": "TEMPORARILY_UNAVAILABLE", "message": "busy"}"#

    private func client(_ server: StandInServer) throws -> TrackingClient {
        var configuration = ClientConfiguration(trackingURI: server.uri) { _ in nil }
        configuration.retries.attempts = 3
        configuration.retries.firstPause = .zero
        return try TrackingClient(configuration)
    }

    @Test func `a create that a busy server has not begun is made again`() async throws {
        let server = try StandInServer(
            .status(429, fields: ["Retry-After: 0"], body: Self.busy),
            .status(200, body: Self.created)
        )
        let run = try await client(server).createRun(experimentID: "0")
        #expect(run.info.runID == "r1")
        #expect(server.requests.count == 2)
    }

    @Test(arguments: [500, 502, 503, 504])
    func `a create is not made again after an answer that may follow a commit`(status: Int) async throws {
        let server = try StandInServer(.status(status, fields: ["Retry-After: 0"], body: Self.busy))
        let error = await #expect(throws: MLflowError.self) {
            try await client(server).createRun(experimentID: "0")
        }
        #expect(error?.httpStatus == status && error?.outcome == .unclear && error?.message == "busy")
        #expect(error?.code == .temporarilyUnavailable)
        #expect(server.requests.count == 1)
    }

    @Test func `a create is not made again when the connection ends after the request`() async throws {
        let server = try StandInServer(.cut)
        let error = await #expect(throws: MLflowError.self) {
            try await client(server).createExperiment(name: "digits")
        }
        #expect(error?.code == .noAnswer && error?.outcome == .unclear)
        #expect(server.requests.count == 1)
    }

    @Test func `a batch is logged again after a lost answer and after a 503`() async throws {
        let server = try StandInServer(.cut, .status(503, body: Self.busy), .status(200))
        try await client(server).logBatch(runID: "r1", metrics: [Metric("loss", 0.5, step: 1, timestamp: 7)])
        let bodies = server.requests.map(\.body)
        #expect(bodies.count == 3 && Set(bodies).count == 1)
    }

    @Test func `a refusal is reported at once, with the server's code`() async throws {
        let server = try StandInServer(
            .status(404, body: #"{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such run"}"#)
        )
        let error = await #expect(throws: MLflowError.self) { try await client(server).getRun(runID: "r1") }
        #expect(error?.code == .resourceDoesNotExist && error?.outcome == .notCarriedOut)
        #expect(server.requests.count == 1)
    }

    @Test func `the attempts end with the number that the policy allows`() async throws {
        let server = try StandInServer(.cut)
        await #expect(throws: MLflowError.self) { try await client(server).getRun(runID: "r1") }
        #expect(server.requests.count == 3)
    }

    @Test func `no attempt begins when the pause before it would end after the total time`() async throws {
        let server = try StandInServer(.status(503, fields: ["Retry-After: 50"], body: Self.busy))
        var configuration = ClientConfiguration(trackingURI: server.uri) { _ in nil }
        configuration.retries.totalTime = .seconds(10)
        let client = try TrackingClient(configuration)
        await #expect(throws: MLflowError.self) { try await client.getRun(runID: "r1") }
        #expect(server.requests.count == 1)
    }

    @Test func `a refused token is renewed once for each call`() async throws {
        let server = try StandInServer(.status(401), .status(200, body: Self.created), .status(401))
        let tokens = Mutex(["third", "second", "first"])
        var configuration = ClientConfiguration(trackingURI: server.uri) { _ in nil }
        configuration.credentials = .provider { tokens.withLock { $0.removeLast() } }
        let client = try TrackingClient(configuration)
        _ = try await client.getRun(runID: "r1")
        #expect(server.requests.map { $0.field("authorization") } == ["Bearer first", "Bearer second"])
        let error = await #expect(throws: MLflowError.self) { try await client.createRun(experimentID: "0") }
        #expect(error?.code == .unauthenticated)
        #expect(server.requests.last?.field("authorization") == "Bearer third")
        #expect(server.requests.count == 4)
    }

    @Test func `a provider that fails is reported, and nothing is sent`() async throws {
        let server = try StandInServer(.status(200))
        var configuration = ClientConfiguration(trackingURI: server.uri) { _ in nil }
        configuration.credentials = .provider { throw TestFailure("no login") }
        let client = try TrackingClient(configuration)
        let error = await #expect(throws: MLflowError.self) { try await client.getRun(runID: "r1") }
        #expect(error?.code == .noToken && error?.message.contains("no login") == true)
        #expect(server.requests.isEmpty)
    }

    @Test func `a secret that the server sends back is not in the error`() async throws {
        let server = try StandInServer(.status(400, body: #"{"error_code": "X", "message": "what is s3cret?"}"#))
        var configuration = ClientConfiguration(trackingURI: server.uri) { _ in nil }
        configuration.credentials = .provider { "s3cret" }
        let client = try TrackingClient(configuration)
        let error = await #expect(throws: MLflowError.self) { try await client.getRun(runID: "r1") }
        #expect(error?.message == "what is ***?")
    }

    @Test func `a cancelled task ends a call that waits for its answer`() async throws {
        let server = try StandInServer(.silence)
        let client = try client(server)
        let task = Task { try await client.getRun(runID: "r1") }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                server.hasRequest.wait()
                continuation.resume()
            }
        }
        task.cancel()
        let error = await #expect(throws: MLflowError.self) { try await task.value }
        #expect(error?.code == .cancelled && error?.outcome == .unclear)
    }

    @Test func `a cancelled task ends the pause between two attempts`() async throws {
        let server = try StandInServer(.status(503, fields: ["Retry-After: 60"], body: Self.busy))
        let client = try TrackingClient(ClientConfiguration(trackingURI: server.uri) { _ in nil })
        let task = Task { try await client.getRun(runID: "r1") }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                server.hasRequest.wait()
                continuation.resume()
            }
        }
        task.cancel()
        let error = await #expect(throws: MLflowError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        #expect(server.requests.count == 1)
    }
}
