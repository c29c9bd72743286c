import MLflowClient
import Synchronization
import Testing

/// Which server is chosen, and why.
@Suite struct SetupTests {
    private static let found = StandInServer.Answer.status(200, body: #"{"experiments": []}"#)

    private func configuration(_ uri: String?, _ variables: [String: String] = [:]) -> ClientConfiguration {
        ClientConfiguration(trackingURI: uri) { variables[$0] }
    }

    @Test func `the central server is chosen when it answers`() async throws {
        let central = try StandInServer(Self.found)
        let setup = try await TrackingSetup.connect(configuration(central.uri))
        #expect(setup.source == .argument && setup.client.trackingURI == central.uri)
        #expect(setup.reason.contains(central.uri))
    }

    @Test func `the environment names the central server where the program does not`() async throws {
        let central = try StandInServer(Self.found)
        let setup = try await TrackingSetup.connect(configuration(nil, ["MLFLOW_TRACKING_URI": central.uri]))
        #expect(setup.source == .environment && setup.client.trackingURI == central.uri)
    }

    @Test(arguments: [StandInServer.Answer.cut, .silence, .status(503), .status(401)])
    func `the local server is chosen when the central one does not answer well in time`(
        answer: StandInServer.Answer
    ) async throws {
        let (central, local) = (try StandInServer(answer), try StandInServer(Self.found))
        // Only silence lasts until the timeout ends; a bad answer may take its time on a busy machine.
        let isSilent = if case .silence = answer { true } else { false }
        let setup = try await TrackingSetup.connect(
            configuration(central.uri),
            fallback: .server(local.uri),
            timeout: isSilent ? .seconds(2) : .seconds(60)
        )
        #expect(setup.source == .localFallback && setup.client.trackingURI == local.uri)
        // A connection that the client has given up may not have been accepted yet.
        #expect(central.awaitRequest())
        #expect(central.requests.count == 1)
    }

    @Test func `without a fallback the failure of the central server is thrown`() async throws {
        let central = try StandInServer(.status(401))
        let error = await #expect(throws: MLflowError.self) {
            try await TrackingSetup.connect(configuration(central.uri), fallback: .forbidden)
        }
        #expect(error?.code == .unauthenticated)
    }

    @Test func `a local server is started with the folder of the platform`() async throws {
        let local = try StandInServer(Self.found)
        let folder = StartedFolder()
        let start = LocalFallback.start { [uri = local.uri] dataFolder in
            folder.name.withLock { $0 = dataFolder }
            return uri
        }
        let setup = try await TrackingSetup.connect(configuration(nil), fallback: start)
        #expect(setup.source == .localFallback && setup.platform == .local)
        #expect(folder.name.withLock { $0 } == "apus-data")
    }

    private final class StartedFolder: Sendable {
        let name = Mutex("")
    }

    @Test func `the credentials of the central server do not go to the local one`() async throws {
        let (central, local) = (try StandInServer(.status(503)), try StandInServer(Self.found))
        var configuration = configuration(central.uri)
        configuration.credentials = .token("central-token")
        _ = try await TrackingSetup.connect(configuration, fallback: .server(local.uri))
        #expect(central.requests.first?.field("authorization") == "Bearer central-token")
        #expect(local.requests.first?.field("authorization") == nil)
    }
}
