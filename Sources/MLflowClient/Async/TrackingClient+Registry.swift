extension TrackingClient {
    /// Creates a registered model without versions.
    public func createRegisteredModel(
        name: String,
        description: String? = nil,
        tags: [Tag] = []
    ) async throws(MLflowError) -> RegisteredModel {
        try await perform { client throws(MLflowError) in
            try client.createRegisteredModel(name: name, description: description, tags: tags)
        }
    }

    /// The registered model with this name.
    public func getRegisteredModel(name: String) async throws(MLflowError) -> RegisteredModel {
        try await perform { client throws(MLflowError) in try client.getRegisteredModel(name: name) }
    }

    /// One page of the registered models that a filter finds.
    ///
    /// - Parameters:
    ///   - filter: a filter, such as `name LIKE 'digits%'`; nil for all.
    ///   - orderBy: the order, such as `["name ASC"]`.
    ///   - maxResults: the largest number of models on the page.
    ///   - pageToken: the token from the previous page; nil for the first page.
    public func searchRegisteredModels(
        filter: String? = nil,
        orderBy: [String] = [],
        maxResults: Int = 100,
        pageToken: String? = nil
    ) async throws(MLflowError) -> Page<RegisteredModel> {
        try await perform { client throws(MLflowError) in
            try client.searchRegisteredModels(
                filter: filter,
                orderBy: orderBy,
                maxResults: maxResults,
                pageToken: pageToken
            )
        }
    }

    /// Changes the description of a registered model.
    public func updateRegisteredModel(name: String, description: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in
            try client.updateRegisteredModel(name: name, description: description)
        }
    }

    /// Changes the name of a registered model.
    public func renameRegisteredModel(name: String, newName: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in
            try client.renameRegisteredModel(name: name, newName: newName)
        }
    }

    /// Removes a registered model with its versions; this cannot be undone.
    public func deleteRegisteredModel(name: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in try client.deleteRegisteredModel(name: name) }
    }

    /// Sets a tag of a registered model.
    public func setRegisteredModelTag(name: String, _ key: String, _ value: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in try client.setRegisteredModelTag(name: name, key, value) }
    }

    /// Removes a tag of a registered model.
    public func deleteRegisteredModelTag(name: String, _ key: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in try client.deleteRegisteredModelTag(name: name, key) }
    }

    /// Makes an alias point to a version.
    public func setRegisteredModelAlias(name: String, alias: String, version: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in
            try client.setRegisteredModelAlias(name: name, alias: alias, version: version)
        }
    }

    /// Removes an alias.
    public func deleteRegisteredModelAlias(name: String, alias: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in
            try client.deleteRegisteredModelAlias(name: name, alias: alias)
        }
    }

    /// The version that an alias points to.
    public func getModelVersionByAlias(name: String, alias: String) async throws(MLflowError) -> ModelVersion {
        try await perform { client throws(MLflowError) in try client.getModelVersionByAlias(name: name, alias: alias) }
    }

    /// The latest version of each given stage; of every stage if none is given.
    public func getLatestVersions(name: String, stages: [String] = []) async throws(MLflowError) -> [ModelVersion] {
        try await perform { client throws(MLflowError) in try client.getLatestVersions(name: name, stages: stages) }
    }
}

extension TrackingClient {
    /// Creates the next version of a registered model.
    ///
    /// - Parameters:
    ///   - source: the location of the files, such as `models:/<id of a logged model>` or a path in a run's artifacts.
    ///   - runID: the run that made the version; nil if no run did.
    ///   - modelID: the logged model that the version is made from; nil if there is none.
    public func createModelVersion(
        name: String,
        source: String,
        runID: String? = nil,
        modelID: String? = nil,
        description: String? = nil,
        tags: [Tag] = []
    ) async throws(MLflowError) -> ModelVersion {
        try await perform { client throws(MLflowError) in
            try client.createModelVersion(
                name: name,
                source: source,
                runID: runID,
                modelID: modelID,
                description: description,
                tags: tags
            )
        }
    }

    /// A version of a registered model.
    public func getModelVersion(name: String, version: String) async throws(MLflowError) -> ModelVersion {
        try await perform { client throws(MLflowError) in try client.getModelVersion(name: name, version: version) }
    }

    /// One page of the versions that a filter finds.
    ///
    /// - Parameters:
    ///   - filter: a filter, such as `name = 'digits'`; nil for all.
    ///   - orderBy: the order, such as `["version_number DESC"]`.
    ///   - maxResults: the largest number of versions on the page.
    ///   - pageToken: the token from the previous page; nil for the first page.
    public func searchModelVersions(
        filter: String? = nil,
        orderBy: [String] = [],
        maxResults: Int = 1_000,
        pageToken: String? = nil
    ) async throws(MLflowError) -> Page<ModelVersion> {
        try await perform { client throws(MLflowError) in
            try client.searchModelVersions(
                filter: filter,
                orderBy: orderBy,
                maxResults: maxResults,
                pageToken: pageToken
            )
        }
    }

    /// Changes the description of a version.
    public func updateModelVersion(name: String, version: String, description: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in
            try client.updateModelVersion(name: name, version: version, description: description)
        }
    }

    /// Moves a version to another stage.
    ///
    /// - Parameter archiveExistingVersions: whether the versions that are in that stage move to `Archived`.
    public func transitionModelVersionStage(
        name: String,
        version: String,
        stage: String,
        archiveExistingVersions: Bool = false
    ) async throws(MLflowError) -> ModelVersion {
        try await perform { client throws(MLflowError) in
            try client.transitionModelVersionStage(
                name: name,
                version: version,
                stage: stage,
                archiveExistingVersions: archiveExistingVersions
            )
        }
    }

    /// Removes a version; this cannot be undone.
    public func deleteModelVersion(name: String, version: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in try client.deleteModelVersion(name: name, version: version) }
    }

    /// The URI from which the files of a version can be downloaded.
    public func getModelVersionDownloadURI(name: String, version: String) async throws(MLflowError) -> String {
        try await perform { client throws(MLflowError) in
            try client.getModelVersionDownloadURI(name: name, version: version)
        }
    }

    /// Sets a tag of a version.
    public func setModelVersionTag(
        name: String,
        version: String,
        _ key: String,
        _ value: String
    ) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in
            try client.setModelVersionTag(name: name, version: version, key, value)
        }
    }

    /// Removes a tag of a version.
    public func deleteModelVersionTag(name: String, version: String, _ key: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in
            try client.deleteModelVersionTag(name: name, version: version, key)
        }
    }
}
