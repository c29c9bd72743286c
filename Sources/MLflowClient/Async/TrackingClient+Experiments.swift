extension TrackingClient {
    /// Creates an experiment and returns its id.
    ///
    /// - Parameter artifactLocation: the folder or URI for the artifacts of its runs; nil for the server's choice.
    /// - Throws: `.resourceAlreadyExists` if an experiment has this name, even a deleted one.
    public func createExperiment(
        name: String,
        artifactLocation: String? = nil,
        tags: [Tag] = []
    ) async throws(MLflowError) -> String {
        try await perform { client throws(MLflowError) in
            try client.createExperiment(name: name, artifactLocation: artifactLocation, tags: tags)
        }
    }

    /// The experiment with this id, even if it is deleted.
    public func getExperiment(experimentID: String) async throws(MLflowError) -> Experiment {
        try await perform { client throws(MLflowError) in try client.getExperiment(experimentID: experimentID) }
    }

    /// The experiment with this name, even if it is deleted; nil if no experiment has the name.
    public func getExperimentByName(_ name: String) async throws(MLflowError) -> Experiment? {
        try await perform { client throws(MLflowError) in try client.getExperimentByName(name) }
    }

    /// One page of the experiments that a filter finds.
    ///
    /// - Parameters:
    ///   - filter: a filter, such as `name LIKE 'digits%'`; nil for all.
    ///   - orderBy: the order, such as `["name ASC"]`.
    ///   - maxResults: the largest number of experiments on the page.
    ///   - pageToken: the token from the previous page; nil for the first page.
    public func searchExperiments(
        filter: String? = nil,
        viewType: ViewType = .activeOnly,
        orderBy: [String] = [],
        maxResults: Int = 1_000,
        pageToken: String? = nil
    ) async throws(MLflowError) -> Page<Experiment> {
        try await perform { client throws(MLflowError) in
            try client.searchExperiments(
                filter: filter,
                viewType: viewType,
                orderBy: orderBy,
                maxResults: maxResults,
                pageToken: pageToken
            )
        }
    }

    /// Changes the name of an experiment.
    public func renameExperiment(experimentID: String, newName: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in
            try client.renameExperiment(experimentID: experimentID, newName: newName)
        }
    }

    /// Marks an experiment and its runs as deleted.
    public func deleteExperiment(experimentID: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in try client.deleteExperiment(experimentID: experimentID) }
    }

    /// Restores a deleted experiment and its runs.
    public func restoreExperiment(experimentID: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in try client.restoreExperiment(experimentID: experimentID) }
    }

    /// Sets a tag of an experiment.
    public func setExperimentTag(experimentID: String, _ key: String, _ value: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in
            try client.setExperimentTag(experimentID: experimentID, key, value)
        }
    }

    /// Removes a tag of an experiment.
    public func deleteExperimentTag(experimentID: String, _ key: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in
            try client.deleteExperimentTag(experimentID: experimentID, key)
        }
    }
}
