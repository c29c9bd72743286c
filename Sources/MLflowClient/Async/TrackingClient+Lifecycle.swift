extension TrackingClient {
    /// Ends a run if it is still running.
    ///
    /// The tags are set first, so that they are complete when the end can be seen.
    ///
    /// - Returns: false if the run had ended before; then neither the run nor its tags are changed.
    @discardableResult
    public func endRun(
        runID: String,
        status: RunStatus = .finished,
        tags: [Tag] = []
    ) async throws(MLflowError) -> Bool {
        try await perform { client throws(MLflowError) in try client.endRun(runID: runID, status: status, tags: tags) }
    }

    /// Ends a run if it is still running, and returns its final status.
    ///
    /// A program calls this before it ends, so that none of its runs stays RUNNING.
    ///
    /// - Parameter status: the status for a run that is still running.
    @discardableResult
    public func ensureEnded(runID: String, status: RunStatus = .failed) async throws(MLflowError) -> RunStatus {
        try await perform { client throws(MLflowError) in try client.ensureEnded(runID: runID, status: status) }
    }
}
