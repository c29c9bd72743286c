internal import Threads

/// A client of an MLflow tracking server and model registry.
///
/// The methods have the names and the meaning of MLflow's Python client. Each method makes its calls on a thread of the
/// library, so that a slow server never blocks a thread of Swift's tasks. When its task is cancelled, a method ends with
/// an error. The server may still have carried out a cancelled call; the error's `outcome` says so.
///
/// ```swift
/// let client = try TrackingClient(ClientConfiguration(trackingURI: "http://127.0.0.1:5000"))
/// let experimentID = try await client.createExperiment(name: "digits")
/// let run = try await client.createRun(experimentID: experimentID, runName: "first")
/// try await client.logBatch(runID: run.info.runID, metrics: [Metric("loss", 0.25, step: 1)])
/// try await client.setTerminated(runID: run.info.runID)
/// ```
public struct TrackingClient: Sendable {
    /// The same client with methods that block the calling thread.
    public let blocking: BlockingTrackingClient

    /// The threads that make the calls.
    ///
    /// Each call blocks its thread, so further calls wait until a thread is free.
    private static let threads = ThreadPool(name: "mlflow-client", width: 32)

    /// Makes a client; the server is not called yet.
    ///
    /// - Throws: `.invalidConfiguration` for an address or a setting that cannot be used.
    public init(_ configuration: ClientConfiguration = ClientConfiguration()) throws(MLflowError) {
        blocking = try BlockingTrackingClient(configuration)
    }

    /// Makes a client that shares the connections of a blocking client.
    public init(_ blocking: BlockingTrackingClient) { self.blocking = blocking }

    /// The address of the server, without name and password.
    public var trackingURI: String { blocking.trackingURI }

    /// Makes several calls one after another on one thread of the library.
    ///
    /// ```swift
    /// let histories = try await client.perform { client throws(MLflowError) in
    ///     (try client.getMetricHistory(runID: id, "loss"), try client.getMetricHistory(runID: id, "accuracy"))
    /// }
    /// ```
    ///
    /// - Parameter calls: receives a client whose calls end when the task is cancelled.
    public func perform<Answer: Sendable, Failure: Error>(
        _ calls: @escaping @Sendable (BlockingTrackingClient) throws(Failure) -> Answer
    ) async throws(Failure) -> Answer {
        let blocking = blocking
        return try await Self.onThread { cancellation throws(Failure) in
            try calls(blocking.cancelled(by: cancellation))
        }
    }

    /// Runs work on a thread of the library, which the work may block.
    ///
    /// - Parameter work: receives a cancellation that is cancelled together with the task.
    static func onThread<Answer: Sendable, Failure: Error>(
        _ work: @escaping @Sendable (Cancellation) throws(Failure) -> Answer
    ) async throws(Failure) -> Answer {
        let cancellation = Cancellation()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<Answer, Failure>, Never>) in
                Self.threads.run {
                    continuation.resume(returning: Result { () throws(Failure) in try work(cancellation) })
                }
            }
        } onCancel: {
            cancellation.cancel()
        }
        return try result.get()
    }
}
