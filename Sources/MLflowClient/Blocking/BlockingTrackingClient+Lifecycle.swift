extension BlockingTrackingClient {
    /// The blocking form of ``TrackingClient/endRun(runID:status:tags:)``.
    @discardableResult
    public func endRun(runID: String, status: RunStatus = .finished, tags: [Tag] = []) throws(MLflowError) -> Bool {
        guard try !getRun(runID: runID).info.status.isTerminated else { return false }
        try logBatch(runID: runID, tags: tags)
        try setTerminated(runID: runID, status: status)
        return true
    }

    /// The blocking form of ``TrackingClient/ensureEnded(runID:status:)``.
    @discardableResult
    public func ensureEnded(runID: String, status: RunStatus = .failed) throws(MLflowError) -> RunStatus {
        let found = try getRun(runID: runID).info.status
        guard !found.isTerminated else { return found }
        try setTerminated(runID: runID, status: status)
        return status
    }
}
