extension TrackingClient {
    /// Asks the server whether it is healthy; a page is the answer of something else.
    ///
    /// - Throws: what prevents the server from being used.
    public func checkHealth() async throws(MLflowError) {
        try await perform { client throws(MLflowError) in try client.checkHealth() }
    }

    /// The version of MLflow that the server has, or answers for, such as `3.17.2`.
    public func version() async throws(MLflowError) -> String {
        try await perform { client throws(MLflowError) in try client.version() }
    }
}
