internal import Identities
internal import SQLite
internal import Tracking

extension ClientSession {
    /// Returns the row id of a registered model.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown name, `.permissionDenied` if the client may not perform `action` on the
    ///   model.
    func registeredModelRow(_ name: String, for action: PermittedAction) throws -> Int64 {
        try registeredModelKind(name, for: action).row
    }

    /// Returns the row id of a registered model and whether the model is a prompt; throws as `registeredModelRow` does.
    func registeredModelKind(_ name: String, for action: PermittedAction) throws -> (row: Int64, isPrompt: Bool) {
        let found = try connection.query("SELECT id, is_prompt FROM registered_models WHERE name = ?1", name)
            .firstRow { (row: $0.int64(0), isPrompt: $0.bool(1)) }
        let model = ProtectedThing.model(name, isPrompt: found?.isPrompt ?? false)
        try require(action, on: model, orThrow: .registeredModelNotFound(name))
        guard let found else { throw TrackingError.registeredModelNotFound(name) }
        return found
    }

    /// Returns a registered model with its latest versions, tags and aliases.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown name, `.permissionDenied` for a model that the client may not read.
    func registeredModel(_ name: String) throws -> RegisteredModel {
        guard let model = try registeredModels(rows: [try registeredModelRow(name, for: .read)]).first else {
            throw TrackingError.registeredModelNotFound(name)
        }
        return model
    }

    /// Reads registered models with their latest versions, tags and aliases, in the order of the rows.
    ///
    /// The number of statements does not depend on the number of models. A model has no latest versions if the client
    /// may not read its versions.
    func registeredModels(rows: [Int64]) throws -> [RegisteredModel] {
        try connection.registeredModels(rows: rows).map { readable($0) }
    }
}

extension Connection {
    /// Reads models without checking permissions.
    fileprivate func registeredModels(rows: [Int64]) throws -> [RegisteredModel] {
        let page = jsonArray(rows)
        let latest = try latestVersions(ofModels: page)
        let tags = try tags(in: .registeredModels, of: page)
        let aliases = try aliases(ofModels: page)
        let select = try query(
            """
            SELECT model.id, model.name, model.creation_time, model.last_updated_time, model.description
            FROM json_each(?1) AS page
            CROSS JOIN registered_models AS model ON model.id = page.value
            ORDER BY page.id
            """,
            page
        )
        return try select.map { row in
            var model = RegisteredModel(
                name: row.string(1),
                creationTime: row.int64(2),
                lastUpdatedTime: row.int64(3),
                description: row.string(4)
            )
            let id = row.int64(0)
            model.latestVersions = latest[id] ?? []
            model.tags = tags[id] ?? []
            model.aliases = aliases[id] ?? []
            return model
        }
    }

    /// Returns, for each model, the latest version in each stage that has versions; the versions have no aliases.
    ///
    /// The stages of a model are in the order of their oldest versions.
    /// - Parameter models: the row ids of models as a JSON array.
    /// - Returns: the versions by the row id of the model.
    func latestVersions(ofModels models: String) throws -> [Int64: [ModelVersion]] {
        let select = try query(
            """
            SELECT model.value, (
                SELECT latest.id FROM model_versions AS latest
                WHERE latest.model_id = model.value AND latest.stage = stage.value
                ORDER BY latest.version DESC LIMIT 1
            ) AS latest_id
            FROM json_each(?1) AS model
            CROSS JOIN json_each('[0,1,2,3]') AS stage
            WHERE latest_id IS NOT NULL
            ORDER BY model.id, (
                SELECT oldest.version FROM model_versions AS oldest
                WHERE oldest.model_id = model.value AND oldest.stage = stage.value
                ORDER BY oldest.version LIMIT 1
            )
            """,
            models
        )
        let pairs = try select.map { (model: $0.int64(0), version: $0.int64(1)) }
        var latest: [Int64: [ModelVersion]] = [:]
        for (pair, version) in zip(pairs, try modelVersions(rows: pairs.map(\.version))) {
            latest[pair.model, default: []].append(version)
        }
        return latest
    }

    private func aliases(ofModels models: String) throws -> [Int64: [ModelAlias]] {
        let select = try query(
            """
            SELECT alias.model_id, alias.alias, alias.version
            FROM json_each(?1) AS page
            CROSS JOIN registered_model_aliases AS alias ON alias.model_id = page.value
            ORDER BY page.id, alias.alias
            """,
            models
        )
        var aliases: [Int64: [ModelAlias]] = [:]
        try select.forEachRow { row in
            aliases[row.int64(0), default: []].append(ModelAlias(alias: row.string(1), version: row.int64(2)))
        }
        return aliases
    }
}
