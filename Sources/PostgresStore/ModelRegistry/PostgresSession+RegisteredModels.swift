internal import Identities
internal import PostgreSQL
internal import Tracking

extension PostgresSession {
    /// Looks up a registered model, and returns whether it is a prompt.
    ///
    /// - Parameter lock: the clause that locks the row, such as `FOR SHARE`; empty if the row is not locked.
    /// - Throws: `.resourceDoesNotExist` for an unknown name, `.permissionDenied` if the client may not perform `action` on the
    ///   model.
    @discardableResult
    func requireRegisteredModel(_ name: String, for action: PermittedAction, lock: String = "") throws -> Bool {
        let query = """
            SELECT \(RegisteredModel.isPrompt("model.name", key: "$2", value: "$3")) FROM registered_models AS model
            WHERE model.workspace = 'default' AND model.name = $1 \(lock)
            """
        let found = try rows(query, name, Tag.promptMark.key, Tag.promptMark.value).first { $0.bool(0) }
        let model = ProtectedThing.model(name, isPrompt: found ?? false)
        try require(action, on: model, orThrow: .registeredModelNotFound(name))
        guard let found else { throw TrackingError.registeredModelNotFound(name) }
        return found
    }

    /// Returns a registered model with its latest versions, tags and aliases.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown name, `.permissionDenied` for a model that the client may not read.
    func storedRegisteredModel(_ name: String) throws -> RegisteredModel {
        if permissions != nil { try requireRegisteredModel(name, for: .read) }
        guard let model = try registeredModels(names: [name]).first else {
            throw TrackingError.registeredModelNotFound(name)
        }
        return model
    }

    /// Reads registered models with their latest versions, tags and aliases, in the order of the names; leaves out unknown names.
    ///
    /// The number of statements does not depend on the number of models. A model has no latest versions if the client may not
    /// read its versions.
    func registeredModels(names: [String]) throws -> [RegisteredModel] {
        if names.isEmpty { return [] }
        let modelsQuery = """
            SELECT name, creation_time, last_updated_time, description FROM registered_models
            WHERE workspace = 'default' AND name = ANY($1)
            """
        let models = try ask(modelsQuery, names)
        let tagsQuery = """
            SELECT name, key, value FROM registered_model_tags
            WHERE workspace = 'default' AND name = ANY($1) ORDER BY key COLLATE "C"
            """
        let tags = try ask(tagsQuery, names)
        let aliasesQuery = """
            SELECT name, alias, version FROM registered_model_aliases
            WHERE workspace = 'default' AND name = ANY($1) ORDER BY alias COLLATE "C"
            """
        let aliases = try ask(aliasesQuery, names)
        let latest = try latestVersions(ofModels: names)
        var found: [ExactText: RegisteredModel] = [:]
        try rows(models).forEach { row in
            found[ExactText(row.string(0))] = RegisteredModel(
                name: row.string(0),
                creationTime: row.int64(1),
                lastUpdatedTime: row.int64(2),
                description: row.string(3)
            )
        }
        try rows(tags).forEach { row in
            found[ExactText(row.string(0))]?.tags.append(Tag(key: row.string(1), value: row.string(2)))
        }
        try rows(aliases).forEach { row in
            found[ExactText(row.string(0))]?.aliases
                .append(ModelAlias(alias: row.string(1), version: row.int64(2)))
        }
        for version in latest { found[ExactText(version.name)]?.latestVersions.append(version) }
        return names.compactMap { found[ExactText($0)].map(readable) }
    }

    /// Returns, for each model, the latest version in each stage that has versions; the versions have no aliases.
    ///
    /// The stages of a model are in the order of their oldest versions.
    func latestVersions(ofModels names: [String]) throws -> [ModelVersion] {
        let stage = ModelVersion.stage("version")
        let query = """
            SELECT latest.name, latest.version FROM (
                SELECT version.name, version.version,
                    row_number() OVER (PARTITION BY version.name, \(stage) ORDER BY version.version DESC) AS number,
                    min(version.version) OVER (PARTITION BY version.name, \(stage)) AS oldest
                FROM model_versions AS version
                WHERE version.workspace = 'default' AND version.name = ANY($1) AND \(ModelVersion.isNotDeleted("version"))
            ) AS latest
            WHERE latest.number = 1
            ORDER BY latest.name, latest.oldest
            """
        let latest = try rows(query, names)
        return try modelVersions(latest.map { VersionNumber(name: $0.string(0), version: $0.int64(1)) })
    }
}

extension RegisteredModel {
    /// The SQL that tests whether a model has the tag of prompts, given the SQL for the model's name and for the tag's key and
    /// value.
    static func isPrompt(_ name: String, key: String, value: String) -> String {
        """
        EXISTS (SELECT 1 FROM registered_model_tags AS mark
            WHERE mark.workspace = 'default' AND mark.name = \(name) AND mark.key = \(key) AND mark.value = \(value))
        """
    }
}
