extension TrackingClient {
    /// Ends a run if it still runs; its tags are set first, so that who sees the end sees them too.
    ///
    /// - Returns: false where the run had ended before; it and its tags then stay as they are.
    @discardableResult
    public func endRun(
        runID: String,
        status: RunStatus = .finished,
        tags: [Tag] = []
    ) async throws(MLflowError) -> Bool {
        try await perform { client throws(MLflowError) in try client.endRun(runID: runID, status: status, tags: tags) }
    }

    /// Makes sure that a run has ended, and says how; for the end of a program that should have ended it before.
    ///
    /// - Parameter status: for a run that still runs, which is a failure unless told otherwise.
    @discardableResult
    public func ensureEnded(runID: String, status: RunStatus = .failed) async throws(MLflowError) -> RunStatus {
        try await perform { client throws(MLflowError) in try client.ensureEnded(runID: runID, status: status) }
    }
}
