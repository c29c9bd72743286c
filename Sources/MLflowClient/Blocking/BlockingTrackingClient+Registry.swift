internal import HTTPWire
internal import JSON

extension BlockingTrackingClient {
    /// The blocking form of ``TrackingClient/createRegisteredModel(name:description:tags:)``.
    public func createRegisteredModel(
        name: String,
        description: String? = nil,
        tags: [Tag] = []
    ) throws(MLflowError) -> RegisteredModel {
        let call = TrackingCall.send(.post, "registered-models/create", .notRepeatable) { body in
            body.member("name", name)
            body.member("description", ifPresent: description)
            body.member("tags", tags: tags)
        }
        return try RegisteredModel(answer(to: call).object("registered_model"))
    }

    /// The blocking form of ``TrackingClient/getRegisteredModel(name:)``.
    public func getRegisteredModel(name: String) throws(MLflowError) -> RegisteredModel {
        try RegisteredModel(answer(to: .get("registered-models/get", [("name", name)])).object("registered_model"))
    }

    /// The blocking form of ``TrackingClient/searchRegisteredModels(filter:orderBy:maxResults:pageToken:)``.
    public func searchRegisteredModels(
        filter: String? = nil,
        orderBy: [String] = [],
        maxResults: Int = 100,
        pageToken: String? = nil
    ) throws(MLflowError) -> Page<RegisteredModel> {
        let query = Self.search(filter, orderBy, maxResults, pageToken)
        let answer = try answer(to: .get("registered-models/search", query))
        return try Page(answer.list("registered_models", RegisteredModel.init), answer)
    }

    /// The blocking form of ``TrackingClient/updateRegisteredModel(name:description:)``.
    public func updateRegisteredModel(name: String, description: String) throws(MLflowError) {
        try perform(.patch, "registered-models/update", .repeatable) { body in
            body.member("name", name)
            body.member("description", description)
        }
    }

    /// The blocking form of ``TrackingClient/renameRegisteredModel(name:newName:)``.
    public func renameRegisteredModel(name: String, newName: String) throws(MLflowError) {
        try perform(.post, "registered-models/rename", .notRepeatable) { body in
            body.member("name", name)
            body.member("new_name", newName)
        }
    }

    /// The blocking form of ``TrackingClient/deleteRegisteredModel(name:)``.
    public func deleteRegisteredModel(name: String) throws(MLflowError) {
        try perform(.delete, "registered-models/delete", .notRepeatable) { $0.member("name", name) }
    }

    /// The blocking form of ``TrackingClient/setRegisteredModelTag(name:_:_:)``.
    public func setRegisteredModelTag(name: String, _ key: String, _ value: String) throws(MLflowError) {
        try perform(.post, "registered-models/set-tag", .repeatable) { body in
            body.member("name", name)
            body.member("key", key)
            body.member("value", value)
        }
    }

    /// The blocking form of ``TrackingClient/deleteRegisteredModelTag(name:_:)``.
    public func deleteRegisteredModelTag(name: String, _ key: String) throws(MLflowError) {
        try perform(.delete, "registered-models/delete-tag", .repeatable) { body in
            body.member("name", name)
            body.member("key", key)
        }
    }

    /// The blocking form of ``TrackingClient/setRegisteredModelAlias(name:alias:version:)``.
    public func setRegisteredModelAlias(name: String, alias: String, version: String) throws(MLflowError) {
        try perform(.post, "registered-models/alias", .repeatable) { body in
            body.member("name", name)
            body.member("alias", alias)
            body.member("version", version)
        }
    }

    /// The blocking form of ``TrackingClient/deleteRegisteredModelAlias(name:alias:)``.
    public func deleteRegisteredModelAlias(name: String, alias: String) throws(MLflowError) {
        try perform(.delete, "registered-models/alias", .repeatable) { body in
            body.member("name", name)
            body.member("alias", alias)
        }
    }

    /// The blocking form of ``TrackingClient/getModelVersionByAlias(name:alias:)``.
    public func getModelVersionByAlias(name: String, alias: String) throws(MLflowError) -> ModelVersion {
        let call = TrackingCall.get("registered-models/alias", [("name", name), ("alias", alias)])
        return try ModelVersion(answer(to: call).object("model_version"))
    }

    /// The blocking form of ``TrackingClient/getLatestVersions(name:stages:)``.
    public func getLatestVersions(name: String, stages: [String] = []) throws(MLflowError) -> [ModelVersion] {
        let call = TrackingCall.send(.post, "registered-models/get-latest-versions", .repeatable) { body in
            body.member("name", name)
            body.member("stages", texts: stages)
        }
        return try answer(to: call).list("model_versions", ModelVersion.init)
    }

    fileprivate static func search(
        _ filter: String?,
        _ orderBy: [String],
        _ maxResults: Int,
        _ pageToken: String?
    ) -> [(name: String, value: String?)] {
        [("filter", filter), ("max_results", String(maxResults)), ("page_token", pageToken)]
            + orderBy.map { (name: "order_by", value: $0) }
    }
}

extension BlockingTrackingClient {
    /// The blocking form of ``TrackingClient/createModelVersion(name:source:runID:modelID:description:tags:)``.
    public func createModelVersion(
        name: String,
        source: String,
        runID: String? = nil,
        modelID: String? = nil,
        description: String? = nil,
        tags: [Tag] = []
    ) throws(MLflowError) -> ModelVersion {
        let call = TrackingCall.send(.post, "model-versions/create", .notRepeatable) { body in
            body.member("name", name)
            body.member("source", source)
            body.member("run_id", ifPresent: runID)
            body.member("model_id", ifPresent: modelID)
            body.member("description", ifPresent: description)
            body.member("tags", tags: tags)
        }
        return try ModelVersion(answer(to: call).object("model_version"))
    }

    /// The blocking form of ``TrackingClient/getModelVersion(name:version:)``.
    public func getModelVersion(name: String, version: String) throws(MLflowError) -> ModelVersion {
        let call = TrackingCall.get("model-versions/get", [("name", name), ("version", version)])
        return try ModelVersion(answer(to: call).object("model_version"))
    }

    /// The blocking form of ``TrackingClient/searchModelVersions(filter:orderBy:maxResults:pageToken:)``.
    public func searchModelVersions(
        filter: String? = nil,
        orderBy: [String] = [],
        maxResults: Int = 1_000,
        pageToken: String? = nil
    ) throws(MLflowError) -> Page<ModelVersion> {
        let query = Self.search(filter, orderBy, maxResults, pageToken)
        let answer = try answer(to: .get("model-versions/search", query))
        return try Page(answer.list("model_versions", ModelVersion.init), answer)
    }

    /// The blocking form of ``TrackingClient/updateModelVersion(name:version:description:)``.
    public func updateModelVersion(name: String, version: String, description: String) throws(MLflowError) {
        try perform(.patch, "model-versions/update", .repeatable) { body in
            body.member("name", name)
            body.member("version", version)
            body.member("description", description)
        }
    }

    /// The blocking form of ``TrackingClient/transitionModelVersionStage(name:version:stage:archiveExistingVersions:)``.
    public func transitionModelVersionStage(
        name: String,
        version: String,
        stage: String,
        archiveExistingVersions: Bool = false
    ) throws(MLflowError) -> ModelVersion {
        let call = TrackingCall.send(.post, "model-versions/transition-stage", .repeatable) { body in
            body.member("name", name)
            body.member("version", version)
            body.member("stage", stage)
            body.member("archive_existing_versions", archiveExistingVersions)
        }
        return try ModelVersion(answer(to: call).object("model_version"))
    }

    /// The blocking form of ``TrackingClient/deleteModelVersion(name:version:)``.
    public func deleteModelVersion(name: String, version: String) throws(MLflowError) {
        try perform(.delete, "model-versions/delete", .notRepeatable) { body in
            body.member("name", name)
            body.member("version", version)
        }
    }

    /// The blocking form of ``TrackingClient/getModelVersionDownloadURI(name:version:)``.
    public func getModelVersionDownloadURI(name: String, version: String) throws(MLflowError) -> String {
        let call = TrackingCall.get("model-versions/get-download-uri", [("name", name), ("version", version)])
        return try answer(to: call).requiredText("artifact_uri")
    }

    /// The blocking form of ``TrackingClient/setModelVersionTag(name:version:_:_:)``.
    public func setModelVersionTag(name: String, version: String, _ key: String, _ value: String) throws(MLflowError) {
        try perform(.post, "model-versions/set-tag", .repeatable) { body in
            body.member("name", name)
            body.member("version", version)
            body.member("key", key)
            body.member("value", value)
        }
    }

    /// The blocking form of ``TrackingClient/deleteModelVersionTag(name:version:_:)``.
    public func deleteModelVersionTag(name: String, version: String, _ key: String) throws(MLflowError) {
        try perform(.delete, "model-versions/delete-tag", .repeatable) { body in
            body.member("name", name)
            body.member("version", version)
            body.member("key", key)
        }
    }
}
