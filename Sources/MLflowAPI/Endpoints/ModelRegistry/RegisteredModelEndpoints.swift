internal import Budgets
internal import Filter
internal import HTTPWire
internal import JSON
internal import Tracking

extension MLflowAPI {
    var registeredModelEndpoints: [[Endpoint]] {
        let creation = Access.change(.unnamed(.registeredModel)).audited(creating: .resource(.registeredModel))
        let change = Access.change(.model)
        let tag = change.audited("key")
        let alias = "registered-models/alias"
        let aliasChange = change.audited(as: "registered-models/set-alias", "alias", "version")
        let aliasDeletion = change.audited(as: "registered-models/delete-alias", "alias")
        let search = Access.search(.unnamed(.registeredModel))
        let path = "registered-models/search"
        return [
            endpoint(.post, .tracking, "registered-models/create", creation, createRegisteredModel),
            endpoint(.get, .tracking, "registered-models/get", .lookUp(.model), getRegisteredModel),
            endpoint(.patch, .tracking, "registered-models/update", change.audited(), updateRegisteredModel),
            endpoint(.post, .tracking, "registered-models/rename", change.audited("new_name"), renameRegisteredModel),
            endpoint(.delete, .tracking, "registered-models/delete", change.audited(), deleteRegisteredModel),
            endpoint(.get, .tracking, path, search, pages: .registeredModels, searchRegisteredModels),
            endpoint(.get, .tracking, "registered-models/get-latest-versions", .lookUp(.model), getLatestVersions),
            endpoint(.post, .tracking, "registered-models/get-latest-versions", .lookUp(.model), getLatestVersions),
            endpoint(.post, .tracking, "registered-models/set-tag", tag, setRegisteredModelTag),
            endpoint(.delete, .tracking, "registered-models/delete-tag", tag, deleteRegisteredModelTag),
            endpoint(.post, .tracking, alias, aliasChange, setModelAlias),
            endpoint(.get, .tracking, alias, .lookUp(.model), getModelVersionByAlias),
            endpoint(.delete, .tracking, alias, aliasDeletion, deleteModelAlias),
        ]
    }

    private func createRegisteredModel(_ message: RequestMessage) throws -> Operation {
        let name = try message.requiredString("name")
        let tags = try message.tags("tags")
        let description = try message.description() ?? ""
        try validateNewModelName(name)
        for tag in tags { try validateRegisteredModelTag(tag) }
        return .create(
            "registered model",
            { try $0.createRegisteredModel(name: name, description: description, tags: tags) },
            entity: { .registeredModel($0) },
            auditNote: { .created($0.name) },
            encode: { .registeredModel($0) }
        )
    }

    private func getRegisteredModel(_ message: RequestMessage) throws -> Operation {
        let name = try message.modelName()
        return .read({ try $0.registeredModel(named: name) }, encode: { .registeredModel($0) })
    }

    /// As in MLflow, a request without a description makes the description empty.
    private func updateRegisteredModel(_ message: RequestMessage) throws -> Operation {
        let name = try message.requiredString("name")
        let description = try message.description() ?? ""
        try validateModelName(name)
        return .write({ try $0.updateRegisteredModel(name, description: description) }) {
            .registeredModel($0)
        }
    }

    private func renameRegisteredModel(_ message: RequestMessage) throws -> Operation {
        let name = try message.requiredString("name")
        let newName = try message.requiredString("new_name")
        try validateNewModelName(newName, parameter: "new_name")
        try validateModelName(name)
        return .write({ try $0.renameRegisteredModel(name, to: newName) }, encode: { .registeredModel($0) })
    }

    private func deleteRegisteredModel(_ message: RequestMessage) throws -> Operation {
        let name = try message.modelName()
        return .write { try $0.deleteRegisteredModel(name) }
    }

    private func searchRegisteredModels(_ message: RequestMessage) throws -> Operation {
        let filter = try message.string("filter") ?? ""
        let maxResults = try message.checkedPageSize(message.pageSize())
        let orderBy = try message.strings("order_by") ?? []
        let pageToken = try message.string("page_token")
        let search = RegistrySearch(
            filter: try parseFilter(filter, for: .registeredModels),
            orderings: try parseOrderBy(orderBy, for: .registeredModels),
            maxResults: maxResults,
            pageToken: pageToken
        )
        return page("registered_models", { try $0.findRegisteredModels(search) }, write: { $1.write($0) })
    }

    private func getLatestVersions(_ message: RequestMessage) throws -> Operation {
        let name = try message.requiredString("name")
        let texts = try message.strings("stages") ?? []
        try validateModelName(name)
        return .read { session in
            let latest = try session.latestVersions(ofModel: name)
            // As in MLflow, the error for an unknown model comes before the error for an invalid stage.
            let stages = try texts.map { try ModelStage(parsing: $0) }
            return latest.filter { stages.isEmpty || stages.contains($0.stage) }
        } encode: { versions in
            .jsonObject { writer in
                if !versions.isEmpty {
                    writer.memberArray("model_versions") { writer in
                        for version in versions { writer.write(version) }
                    }
                }
            }
        }
    }

    private func setRegisteredModelTag(_ message: RequestMessage) throws -> Operation {
        let name = try message.requiredString("name")
        let tag = Tag(key: try message.requiredString("key"), value: try message.string("value") ?? "")
        try validateModelName(name)
        try validateRegisteredModelTag(tag)
        return .write { try $0.setRegisteredModelTag(tag, model: name) }
    }

    private func deleteRegisteredModelTag(_ message: RequestMessage) throws -> Operation {
        let name = try message.requiredString("name")
        let key = try message.requiredString("key")
        try validateModelName(name)
        try validateRegistryTagKey(key)
        return .write { try $0.deleteRegisteredModelTag(key: key, model: name) }
    }

    // MARK: Aliases

    private func setModelAlias(_ message: RequestMessage) throws -> Operation {
        let name = try message.requiredString("name")
        let alias = try message.requiredString("alias")
        let version = try message.requiredString("version")
        try validateModelName(name)
        try validateModelAlias(alias)
        try validateUnreservedAlias(alias)
        let key = try ModelVersionKey(name: name, version: version)
        return .write { try $0.setModelAlias(alias, version: key) }
    }

    private func getModelVersionByAlias(_ message: RequestMessage) throws -> Operation {
        let (name, alias) = try message.modelNameAndAlias()
        return .read({ try $0.modelVersion(named: name, alias: alias) }, encode: { .modelVersion($0) })
    }

    private func deleteModelAlias(_ message: RequestMessage) throws -> Operation {
        let (name, alias) = try message.modelNameAndAlias()
        return .write { try $0.deleteModelAlias(alias, model: name) }
    }
}

extension RequestMessage {
    fileprivate func modelName() throws(TrackingError) -> String {
        let name = try requiredString("name")
        try validateModelName(name)
        return name
    }

    fileprivate func modelNameAndAlias() throws(TrackingError) -> (name: String, alias: String) {
        let name = try requiredString("name")
        let alias = try requiredString("alias")
        try validateModelName(name)
        try validateModelAlias(alias)
        return (name, alias)
    }
}
