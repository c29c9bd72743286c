internal import ArtifactStore
internal import Budgets
internal import Filter
internal import HTTPServer
internal import HTTPWire
internal import Identities
internal import JSON
internal import Tracking

extension MLflowAPI {
    var modelVersionEndpoints: [[Endpoint]] {
        let search = Access.search(.unnamed(.registeredModel))
        let artifact = "model-versions/get-artifact"
        let creation = Access.change(.model).audited(creating: .detail("version"), "run_id")
        let change = Access.change(.model).audited("version")
        let tag = Access.change(.model).audited("version", "key")
        let move = Access.change(.model).audited("version", "stage")
        return [
            endpoint(.post, .tracking, "model-versions/create", creation, createModelVersion),
            endpoint(.get, .tracking, "model-versions/get", .lookUp(.model), getModelVersion),
            endpoint(.patch, .tracking, "model-versions/update", change, updateModelVersion),
            endpoint(.post, .tracking, "model-versions/transition-stage", move, moveModelVersion),
            endpoint(.delete, .tracking, "model-versions/delete", change, deleteModelVersion),
            endpoint(.get, .tracking, "model-versions/search", search, pages: .modelVersions, searchModelVersions),
            endpoint(.get, .tracking, "model-versions/get-download-uri", .lookUp(.model), getDownloadURI),
            endpoint(.post, .tracking, "model-versions/set-tag", tag, setModelVersionTag),
            endpoint(.delete, .tracking, "model-versions/delete-tag", tag, deleteModelVersionTag),
            endpoint(.get, .root, artifact, .lookUp(.model), handler: .blocking(getModelVersionArtifact)),
        ]
    }

    private func createModelVersion(_ message: RequestMessage) throws -> Operation {
        let name = try message.requiredString("name")
        let source = try message.requiredString("source")
        let runID = try message.boundedString("run_id")
        let tags = try message.tags("tags")
        try requireSourcePattern(source)
        let new = NewModelVersion(
            name: name,
            source: source,
            runID: runID,
            modelID: try message.string("model_id"),
            runLink: try message.boundedString("run_link") ?? "",
            description: try message.description() ?? "",
            tags: tags
        )
        let workingDirectory = settings.workingDirectory
        return .create(
            "model version",
            { try $0.createModelVersion(new, workingDirectory: workingDirectory) },
            entity: { .modelVersion($0) },
            auditNote: { .created(String($0.version)) },
            encode: { .modelVersion($0) }
        )
    }

    /// Throws if the operator has set a pattern for sources, and the source does not match it or is too long to be matched.
    private func requireSourcePattern(_ source: String) throws(TrackingError) {
        guard let pattern = settings.sourcePattern else { return }
        guard pattern.isFound(in: try source.checked("source", limit: TrackingLimits.artifactLocationLength)) else {
            throw .invalidParameter(
                "Invalid model version source: '\(shortened(source))'. This server accepts only sources that match "
                    + "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX."
            )
        }
    }

    private func getModelVersion(_ message: RequestMessage) throws -> Operation {
        let key = try message.modelVersionKey()
        return .read({ try $0.modelVersion(key) }, encode: { .modelVersion($0) })
    }

    /// As in MLflow, a request without a description removes the present one.
    private func updateModelVersion(_ message: RequestMessage) throws -> Operation {
        let (name, version) = try message.modelNameAndVersion()
        let description = try message.description()
        let key = try ModelVersionKey(name: name, version: version)
        return .write({ try $0.updateModelVersion(key, description: description) }) {
            .modelVersion($0)
        }
    }

    private func moveModelVersion(_ message: RequestMessage) throws -> Operation {
        let (name, version) = try message.modelNameAndVersion()
        let text = try message.requiredString("stage")
        let archivesOthers = try message.boolean("archive_existing_versions") ?? false
        let stage = try ModelStage(parsing: text)
        guard stage.isActive || !archivesOthers else {
            throw TrackingError.invalidParameter(
                "Model version transition cannot archive existing model versions because '\(text)' is not an Active "
                    + "stage. Valid stages are ['Staging', 'Production']"
            )
        }
        let key = try ModelVersionKey(name: name, version: version)
        return .write({ try $0.moveModelVersion(key, to: stage, archivesOthers: archivesOthers) }) {
            .modelVersion($0)
        }
    }

    private func deleteModelVersion(_ message: RequestMessage) throws -> Operation {
        let (name, version) = try message.modelNameAndVersion()
        // This is the only call in which MLflow checks the version number before the name.
        _ = try parseModelVersion(version)
        let key = try ModelVersionKey(name: name, version: version)
        return .write { try $0.deleteModelVersion(key) }
    }

    private func searchModelVersions(_ message: RequestMessage) throws -> Operation {
        let search = try modelVersionSearch(message)
        return page("model_versions", { try $0.findModelVersions(search) }, write: { $1.write($0) })
    }

    func modelVersionSearch(_ message: RequestMessage) throws -> RegistrySearch {
        let filter = try message.string("filter") ?? ""
        let maxResults = try message.checkedPageSize(message.pageSize())
        let orderBy = try message.strings("order_by") ?? []
        let pageToken = try message.string("page_token")
        return RegistrySearch(
            filter: try parseFilter(filter, for: .modelVersions),
            orderings: try parseOrderBy(orderBy, for: .modelVersions),
            maxResults: maxResults,
            pageToken: pageToken
        )
    }

    private func setModelVersionTag(_ message: RequestMessage) throws -> Operation {
        let (name, version) = try message.modelNameAndVersion()
        let tag = Tag(key: try message.requiredString("key"), value: try message.string("value") ?? "")
        let key = try ModelVersionKey(name: name, version: version)
        try validateModelVersionTag(tag)
        return .write { try $0.setModelVersionTag(tag, version: key) }
    }

    private func deleteModelVersionTag(_ message: RequestMessage) throws -> Operation {
        let (name, version) = try message.modelNameAndVersion()
        let tagKey = try message.requiredString("key")
        let key = try ModelVersionKey(name: name, version: version)
        try validateRegistryTagKey(tagKey)
        return .write { try $0.deleteModelVersionTag(key: tagKey, version: key) }
    }

    // MARK: Artifacts

    private func getDownloadURI(_ message: RequestMessage) throws -> Operation {
        let key = try ModelVersionKey(name: message.string("name") ?? "", version: message.string("version") ?? "")
        return .read({ try $0.modelVersionLocation(key) }) { location in
            .jsonObject { $0.member("artifact_uri", location) }
        }
    }

    private func getModelVersionArtifact(_ request: HTTPRequest, _ responder: HTTPResponder) {
        answer(responder, path: request.queryValue("path") ?? "") {
            guard let text = request.queryValue("path") else { throw RequestMessage.missing("path") }
            let path = try ArtifactPath(text)
            let (name, version) = (request.queryValue("name") ?? "", request.queryValue("version") ?? "")
            let key = try ModelVersionKey(name: name, version: version)
            let location = try store.readNow(.cheap, for: request.caller) { session in
                try session.resolvedRunLocation(try session.modelVersionLocation(key))
            }
            let owner = "version \(key.version ?? 0) of the model '\(key.name)'"
            let folder = try servedFolder(at: location, owner: owner, for: request.caller, to: .read)
            return try .file(folder.store.open(folder.base.appending(path)), name: path.name ?? "", request)
        }
    }
}

extension RequestMessage {
    fileprivate func modelNameAndVersion() throws(TrackingError) -> (name: String, version: String) {
        (try requiredString("name"), try requiredString("version"))
    }

    fileprivate func modelVersionKey() throws(TrackingError) -> ModelVersionKey {
        let (name, version) = try modelNameAndVersion()
        return try ModelVersionKey(name: name, version: version)
    }
}
