internal import Budgets
internal import HTTPWire
internal import JSON
internal import Tracking

extension MLflowAPI {
    var loggedModelEndpoints: [[Endpoint]] {
        let route = "logged-models"
        let model = route + "/{model_id}"
        let search = route + "/search"
        let change = Access.change(.loggedModel)
        let creation = Access.change(.experiment)
            .audited(as: "logged-models/create", creating: .resource(.loggedModel), "experiment_id", "name")
        let finish = change.audited(as: "logged-models/finalize", "status")
        let deletion = change.audited(as: "logged-models/delete")
        let tags = change.audited(as: "logged-models/set-tags")
        let tagDeletion = change.audited(as: "logged-models/delete-tag", "tag_key")
        return [
            endpoint(.post, .tracking, route, creation, createLoggedModel),
            endpoint(.get, .tracking, model, .lookUp(.loggedModel), getLoggedModel),
            endpoint(.patch, .tracking, model, finish, finalizeLoggedModel),
            endpoint(.delete, .tracking, model, deletion, deleteLoggedModel),
            endpoint(.patch, .tracking, model + "/tags", tags, setLoggedModelTags),
            endpoint(.delete, .tracking, model + "/tags/{tag_key}", tagDeletion, deleteLoggedModelTag),
            endpoint(.post, .tracking, model + "/params", change.unaudited, logLoggedModelParams),
            endpoint(.post, .tracking, search, .search(.experiments), pages: .loggedModels, searchLoggedModels),
        ] + loggedModelArtifactEndpoints
    }

    private func createLoggedModel(_ message: RequestMessage) throws -> Operation {
        let experimentID = try message.requiredString("experiment_id")
        let name = try message.boundedString("name") ?? ""
        let modelType = try message.boundedString("model_type") ?? ""
        let sourceRunID = try message.boundedString("source_run_id") ?? ""
        let params = try message.loggedModelParams()
        let tags = try message.loggedModelTags()
        try validateLoggedModelName(name)
        try Self.requireUniqueKeys(tags.map(\.key), kind: "tag")
        let new = NewLoggedModel(
            experimentID: try parseExperimentID(experimentID),
            name: name,
            modelType: modelType,
            sourceRunID: sourceRunID,
            params: params,
            tags: tags
        )
        return .create(
            "logged model",
            { try $0.createLoggedModel(new) },
            entity: { .loggedModel($0.info) },
            auditNote: { .created($0.info.modelID) },
            encode: { .loggedModel($0) }
        )
    }

    private func getLoggedModel(_ message: RequestMessage) throws -> Operation {
        let modelID = message.pathParameters[0]
        let allowsDeleted = try message.string("allow_deleted")?.lowercased() == "true"
        return .read({ try $0.loggedModel(id: modelID, allowsDeleted: allowsDeleted) }) {
            .loggedModel($0)
        }
    }

    /// Ends the upload of the model in the path.
    ///
    /// A body that names another model is refused, whereas MLflow uses the model in the body.
    private func finalizeLoggedModel(_ message: RequestMessage) throws -> Operation {
        let modelID = message.pathParameters[0]
        let namedID = try message.requiredString("model_id")
        guard let field = try message.field("status", isRequired: true), !field.isEmptyText else {
            throw RequestMessage.missing("status")
        }
        guard let status = try message.enumeration("status", as: LoggedModelStatus.self) else {
            throw field.invalid("status")
        }
        guard ExactText(namedID) == ExactText(modelID) else {
            throw TrackingError.invalidParameter("The path names the model '\(modelID)', but the body '\(namedID)'.")
        }
        return .write({ try $0.finalizeLoggedModel(modelID, status: status) }, encode: { .loggedModel($0) })
    }

    private func deleteLoggedModel(_ message: RequestMessage) throws -> Operation {
        let modelID = message.pathParameters[0]
        return .write { try $0.deleteLoggedModel(modelID) }
    }

    private func setLoggedModelTags(_ message: RequestMessage) throws -> Operation {
        let modelID = message.pathParameters[0]
        let tags = try message.loggedModelTags()
        return .write { try $0.setLoggedModelTags(tags, modelID: modelID) }
    }

    private func deleteLoggedModelTag(_ message: RequestMessage) throws -> Operation {
        let (modelID, key) = (message.pathParameters[0], message.pathParameters[1])
        return .write { try $0.deleteLoggedModelTag(key: key, modelID: modelID) }
    }

    /// As in MLflow, the body must contain `model_id`, but its value is ignored.
    private func logLoggedModelParams(_ message: RequestMessage) throws -> Operation {
        let modelID = message.pathParameters[0]
        _ = try message.requiredString("model_id")
        let params = try message.loggedModelParams()
        return .write { try $0.logLoggedModelParams(params, modelID: modelID) }
    }

    /// Throws if a key occurs twice, which MLflow's database does not allow either.
    static func requireUniqueKeys(_ keys: [String], kind: String) throws(TrackingError) {
        var seen: Set<ExactText> = []
        for key in keys where !seen.insert(ExactText(key)).inserted {
            throw TrackingError(.badRequest, "The \(kind) \(quotedJSON(key)) is given twice; give each \(kind) once.")
        }
    }
}

extension RequestMessage {
    /// Reads tags; a key must not contain NUL, because a tag is deleted by a path that contains its key.
    fileprivate func loggedModelTags() throws(TrackingError) -> [Tag] {
        let tags = try tags("tags")
        for tag in tags where tag.key.utf8.contains(0) {
            throw .invalidParameter("Invalid key of a tag: \(quotedJSON(shortened(tag.key))). Keys cannot contain NUL.")
        }
        return tags
    }

    /// Reads the params of a logged model; throws if a key occurs twice.
    fileprivate func loggedModelParams() throws(TrackingError) -> [Param] {
        // In the message, params have the same form as tags.
        let pairs = try tags("params")
        try MLflowAPI.requireUniqueKeys(pairs.map(\.key), kind: "param")
        return pairs.map { Param(key: $0.key, value: $0.value) }
    }
}

extension HTTPResponse {
    fileprivate static func loggedModel(_ model: LoggedModel) -> HTTPResponse {
        .json("model", capacity: 1_024) { $0.write(model) }
    }
}
