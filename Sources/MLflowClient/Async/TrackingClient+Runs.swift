extension TrackingClient {
    /// Creates a run with the status RUNNING.
    ///
    /// - Parameters:
    ///   - runName: nil for a name that the server chooses.
    ///   - startTime: the start time in milliseconds since 1970; nil for now.
    ///   - userID: the name of the person who runs it, for display.
    public func createRun(
        experimentID: String,
        runName: String? = nil,
        startTime: Int64? = nil,
        userID: String? = nil,
        tags: [Tag] = []
    ) async throws(MLflowError) -> Run {
        try await perform { client throws(MLflowError) in
            try client.createRun(
                experimentID: experimentID,
                runName: runName,
                startTime: startTime,
                userID: userID,
                tags: tags
            )
        }
    }

    /// The run with this id, even if it is deleted.
    public func getRun(runID: String) async throws(MLflowError) -> Run {
        try await perform { client throws(MLflowError) in try client.getRun(runID: runID) }
    }

    /// Changes the status, end time or name of a run; an argument of nil leaves the value as it is.
    ///
    /// - Parameter endTime: the end time in milliseconds since 1970.
    /// - Returns: the run after the change; nil if the server does not return it.
    @discardableResult
    public func updateRun(
        runID: String,
        status: RunStatus? = nil,
        endTime: Int64? = nil,
        runName: String? = nil
    ) async throws(MLflowError) -> RunInfo? {
        try await perform { client throws(MLflowError) in
            try client.updateRun(runID: runID, status: status, endTime: endTime, runName: runName)
        }
    }

    /// Ends a run.
    ///
    /// - Parameter endTime: the end time in milliseconds since 1970; nil for now.
    public func setTerminated(
        runID: String,
        status: RunStatus = .finished,
        endTime: Int64? = nil
    ) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in
            try client.setTerminated(runID: runID, status: status, endTime: endTime)
        }
    }

    /// Marks a run as deleted.
    public func deleteRun(runID: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in try client.deleteRun(runID: runID) }
    }

    /// Restores a deleted run.
    public func restoreRun(runID: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in try client.restoreRun(runID: runID) }
    }

    /// One page of the runs that a filter finds.
    ///
    /// - Parameters:
    ///   - filter: a filter, such as `metrics.loss < 0.5 AND tags.phase = 'train'`; nil for all.
    ///   - orderBy: the order, such as `["metrics.loss ASC"]`.
    ///   - maxResults: the largest number of runs on the page.
    ///   - pageToken: the token from the previous page; nil for the first page.
    public func searchRuns(
        experimentIDs: [String],
        filter: String? = nil,
        viewType: ViewType = .activeOnly,
        orderBy: [String] = [],
        maxResults: Int = 1_000,
        pageToken: String? = nil
    ) async throws(MLflowError) -> Page<Run> {
        try await perform { client throws(MLflowError) in
            try client.searchRuns(
                experimentIDs: experimentIDs,
                filter: filter,
                viewType: viewType,
                orderBy: orderBy,
                maxResults: maxResults,
                pageToken: pageToken
            )
        }
    }

    /// Adds datasets and logged models to the inputs of a run.
    public func logInputs(
        runID: String,
        datasets: [DatasetInput] = [],
        modelIDs: [String] = []
    ) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in
            try client.logInputs(runID: runID, datasets: datasets, modelIDs: modelIDs)
        }
    }

    /// Adds logged models to the outputs of a run; needs a server of MLflow 3.
    public func logOutputs(runID: String, models: [ModelOutput]) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in try client.logOutputs(runID: runID, models: models) }
    }
}
