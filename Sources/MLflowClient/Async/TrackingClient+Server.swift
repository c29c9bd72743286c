extension TrackingClient {
    /// Asks the server for its health.
    ///
    /// - Throws: the reason why the server cannot be used; an HTML page as the answer is an error too.
    public func checkHealth() async throws(MLflowError) {
        try await perform { client throws(MLflowError) in try client.checkHealth() }
    }

    /// The server's version of MLflow, such as `3.17.2`; Apus returns the version that it is compatible with.
    public func version() async throws(MLflowError) -> String {
        try await perform { client throws(MLflowError) in try client.version() }
    }
}
