internal import HTTPClient
internal import HTTPWire
internal import JSON

/// A client whose calls block the calling thread until the server has answered.
///
/// Use it on threads that may block, such as those of a program without tasks. Asynchronous code should use `TrackingClient`,
/// which makes the same calls on its own threads, because a blocking call would block a thread that runs Swift's tasks.
///
/// ```swift
/// let client = try BlockingTrackingClient(ClientConfiguration(trackingURI: "http://127.0.0.1:5000"))
/// let experimentID = try client.createExperiment(name: "digits")
/// let run = try client.createRun(experimentID: experimentID)
/// try client.logMetric(runID: run.info.runID, "loss", 0.25, step: 1)
/// try client.setTerminated(runID: run.info.runID)
/// ```
public struct BlockingTrackingClient: Sendable {
    private(set) var caller: TrackingCaller
    /// Ends the calls early; nil if `cancelled(by:)` was not called.
    var interruption: CallInterruption?

    /// Makes a client; the server is not called yet.
    ///
    /// - Throws: `.invalidConfiguration` for an address or a setting that cannot be used.
    public init(_ configuration: ClientConfiguration = ClientConfiguration()) throws(MLflowError) {
        caller = try TrackingCaller(configuration)
    }

    /// Makes a client that uses an existing connection.
    package init(_ connection: TrackingConnection) { caller = TrackingCaller(connection) }

    /// The connection that sends the calls.
    package var connection: TrackingConnection { caller.connection }

    /// A client with the same connections; `cancellation` can end its calls.
    public func cancelled(by cancellation: Cancellation) -> BlockingTrackingClient {
        var client = self
        client.interruption = cancellation.interruption
        return client
    }

    /// A client with the same connections that makes each call only once, with this time limit.
    public func withTimeout(_ timeout: Duration) -> BlockingTrackingClient {
        var client = self
        client.caller = caller.withConfiguration { configuration in
            configuration.retries = .none
            configuration.retries.totalTime = timeout
            configuration.requestTimeout = timeout
            configuration.connectTimeout = timeout
            configuration.transferTimeout = timeout
        }
        return client
    }

    /// The address of the server, without name and password.
    public var trackingURI: String { caller.connection.uri.description }
}

extension BlockingTrackingClient {
    /// Makes a call and ignores the body of a successful answer.
    func perform(_ call: TrackingCall) throws(MLflowError) { _ = try caller.reply(to: call, interruption) }

    /// Makes a call with a JSON object as its body, and ignores the body of a successful answer.
    func perform(
        _ method: HTTPMethod,
        _ route: String,
        _ repetition: Repetition,
        _ members: (inout JSONWriter) -> Void
    ) throws(MLflowError) {
        try perform(.send(method, route, repetition, members))
    }

    /// Makes a call and returns the JSON object of the answer.
    func answer(to call: TrackingCall) throws(MLflowError) -> JSONValue {
        let reply = try caller.reply(to: call, interruption)
        guard let root = reply.json, root.kind == .object else {
            let message = "\(trackingURI) answers something else than a JSON object: it is not an MLflow server"
            throw .malformed(message, .answer(reply))
        }
        return root
    }

    /// Fetches all pages and returns their items.
    ///
    /// ```swift
    /// let runs = try client.allItems { token throws(MLflowError) in
    ///     try client.searchRuns(experimentIDs: ["1"], pageToken: token)
    /// }
    /// ```
    ///
    /// - Parameter page: fetches the page with a token; receives nil for the first page.
    public func allItems<Item>(_ page: (String?) throws(MLflowError) -> Page<Item>) throws(MLflowError) -> [Item] {
        var items: [Item] = []
        var token: String?
        repeat {
            let next = try page(token)
            items += next.items
            if let nextToken = next.nextPageToken, nextToken == token {
                throw .malformed("the server sends the same page again")
            }
            token = next.nextPageToken
        } while token != nil
        return items
    }
}
