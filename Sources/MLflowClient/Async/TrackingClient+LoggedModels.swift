extension TrackingClient {
    /// Creates a logged model.
    ///
    /// Upload its files next, and then call `finalizeLoggedModel`.
    ///
    /// - Parameter name: nil for a name that the server chooses.
    public func createLoggedModel(
        experimentID: String,
        name: String? = nil,
        modelType: String? = nil,
        sourceRunID: String? = nil,
        params: [Param] = [],
        tags: [Tag] = []
    ) async throws(MLflowError) -> LoggedModel {
        try await perform { client throws(MLflowError) in
            try client.createLoggedModel(
                experimentID: experimentID,
                name: name,
                modelType: modelType,
                sourceRunID: sourceRunID,
                params: params,
                tags: tags
            )
        }
    }

    /// The logged model with this id.
    public func getLoggedModel(modelID: String) async throws(MLflowError) -> LoggedModel {
        try await perform { client throws(MLflowError) in try client.getLoggedModel(modelID: modelID) }
    }

    /// Sets the status of a logged model after the upload of its files: ready, or failed.
    public func finalizeLoggedModel(
        modelID: String,
        status: LoggedModelStatus = .ready
    ) async throws(MLflowError) -> LoggedModel {
        try await perform { client throws(MLflowError) in
            try client.finalizeLoggedModel(modelID: modelID, status: status)
        }
    }

    /// One page of the logged models that a filter finds.
    ///
    /// - Parameters:
    ///   - filter: a filter, such as `params.depth = '3'`; nil for all.
    ///   - orderBy: attributes or metrics to sort by, the most important first.
    ///   - maxResults: the largest number of models on the page.
    ///   - pageToken: the token from the previous page; nil for the first page.
    public func searchLoggedModels(
        experimentIDs: [String],
        filter: String? = nil,
        orderBy: [LoggedModelOrder] = [],
        maxResults: Int = 100,
        pageToken: String? = nil
    ) async throws(MLflowError) -> Page<LoggedModel> {
        try await perform { client throws(MLflowError) in
            try client.searchLoggedModels(
                experimentIDs: experimentIDs,
                filter: filter,
                orderBy: orderBy,
                maxResults: maxResults,
                pageToken: pageToken
            )
        }
    }

    /// Sets tags of a logged model.
    public func setLoggedModelTags(modelID: String, _ tags: [Tag]) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in try client.setLoggedModelTags(modelID: modelID, tags) }
    }

    /// Removes a tag of a logged model.
    public func deleteLoggedModelTag(modelID: String, _ key: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in try client.deleteLoggedModelTag(modelID: modelID, key) }
    }

    /// Adds params to a logged model.
    public func logLoggedModelParams(modelID: String, _ params: [Param]) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in try client.logLoggedModelParams(modelID: modelID, params) }
    }

    /// Marks a logged model as deleted.
    public func deleteLoggedModel(modelID: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in try client.deleteLoggedModel(modelID: modelID) }
    }
}
