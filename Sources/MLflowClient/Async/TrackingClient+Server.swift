extension TrackingClient {
    /// Asks the server for its health.
    ///
    /// - Throws: why the server cannot be used; also for an HTML page, which no tracking server answers with.
    public func checkHealth() async throws(MLflowError) {
        try await perform { client throws(MLflowError) in try client.checkHealth() }
    }

    /// The server's version of MLflow, such as `3.17.2`; Apus returns the version that it is compatible with.
    public func version() async throws(MLflowError) -> String {
        try await perform { client throws(MLflowError) in try client.version() }
    }
}
