/// The server to use if the central server does not answer.
public enum LocalFallback: Sendable {
    /// No other server: the failure is thrown.
    case forbidden
    /// The server at this address, which must be running already.
    case server(String)
    /// A server that the closure starts. The closure receives the folder for the server's data and returns the server's address.
    case start(@Sendable (_ dataFolder: String) throws -> String)

    /// The server at the address on which `mlflow server` and `apus server` listen by default.
    public static let usual = LocalFallback.server("http://127.0.0.1:5000")
}

/// The server that was chosen for a program, and the reason.
///
/// ```swift
/// let setup = try await TrackingSetup.connect(ClientConfiguration(trackingURI: "https://mlflow.example.com"))
/// print(setup.reason)
/// let experiment = try await setup.client.resolveExperiment(.name("digits"))
/// ```
public struct TrackingSetup: Sendable {
    /// The origin of the address.
    public enum Source: Sendable, Hashable {
        /// The configuration names the server.
        case argument
        /// `MLFLOW_TRACKING_URI` names the server.
        case environment
        /// The fallback names the server, because the central server did not answer or none was named.
        case localFallback
    }

    /// Makes calls to the chosen server.
    public let client: TrackingClient
    /// The origin of the chosen server's address.
    public let source: Source
    /// Why the server was chosen, in one sentence.
    public let reason: String
    /// The machine that the program runs on.
    public let platform: Platform

    /// Chooses the central server if it answers in time, and the local one otherwise.
    ///
    /// The central server is the one that the configuration or `MLFLOW_TRACKING_URI` names. It is checked
    /// with a search for one experiment that uses the client's credentials: a server that refuses these is not chosen.
    ///
    /// - Parameter timeout: the time in which the central server must answer. For the local server, the time limit is
    ///   that of any call, because no other server is left to choose.
    /// - Throws: the failure of the central server if the fallback is forbidden; otherwise the failure of the local server.
    public static func connect(
        _ configuration: ClientConfiguration = ClientConfiguration(),
        fallback: LocalFallback = .usual,
        timeout: Duration = .seconds(5)
    ) async throws(MLflowError) -> TrackingSetup {
        try await TrackingClient.onThread { _ throws(MLflowError) in
            try connectBlocking(configuration, fallback: fallback, timeout: timeout)
        }
    }

    /// The blocking form of ``connect(_:fallback:timeout:)``.
    public static func connectBlocking(
        _ configuration: ClientConfiguration = ClientConfiguration(),
        fallback: LocalFallback = .usual,
        timeout: Duration = .seconds(5)
    ) throws(MLflowError) -> TrackingSetup {
        let platform = Platform.current { configuration.variable($0) }
        let source: Source = configuration.trackingURI == nil ? .environment : .argument
        let problem: String
        if configuration.trackingURI ?? configuration.variable("MLFLOW_TRACKING_URI") == nil {
            problem = "no central server is named"
        } else {
            do throws(MLflowError) {
                let client = try makeAnsweringClient(configuration, timeout)
                let origin = source == .argument ? "the configuration names" : "MLFLOW_TRACKING_URI names"
                let reason = "\(client.trackingURI), which \(origin), answers."
                return TrackingSetup(client: TrackingClient(client), source: source, reason: reason, platform: platform)
            } catch {
                if case .forbidden = fallback { throw error }
                problem = error.message
            }
        }
        var local = configuration
        local.credentials = nil
        local.trackingURI = try address(of: fallback, platform, problem)
        let client = try makeAnsweringClient(local, local.requestTimeout)
        let reason = "\(client.trackingURI), the local server, is used, because \(problem)."
        return TrackingSetup(client: TrackingClient(client), source: .localFallback, reason: reason, platform: platform)
    }

    private static func address(
        of fallback: LocalFallback,
        _ platform: Platform,
        _ problem: String
    ) throws(MLflowError) -> String {
        switch fallback {
        case .forbidden: throw MLflowError(.invalidConfiguration, problem, outcome: .notCarriedOut)
        case .server(let uri): return uri
        case .start(let start):
            do {
                return try start(platform.dataFolder)
            } catch {
                let message = "the local server does not start: \(error); \(problem)"
                throw MLflowError(.invalidConfiguration, message, outcome: .notCarriedOut)
            }
        }
    }

    /// Makes a client and checks with one call that its server answers in time.
    private static func makeAnsweringClient(
        _ configuration: ClientConfiguration,
        _ timeout: Duration
    ) throws(MLflowError) -> BlockingTrackingClient {
        let client = try BlockingTrackingClient(configuration)
        _ = try client.withTimeout(timeout).searchExperiments(maxResults: 1)
        return client
    }
}
