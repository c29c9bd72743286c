internal import Identities
internal import SQLite
package import Tracking

extension ClientSession {
    /// Returns the row of a model version.
    ///
    /// - Throws: `.resourceDoesNotExist` if the model or the version does not exist, `.permissionDenied` if the client may not
    ///   perform `action` on the version.
    func modelVersionRow(_ key: ModelVersionKey, for action: PermittedAction) throws -> ModelVersionRow {
        let select = try connection.query(
            """
            SELECT version.id, version.model_id, model.is_prompt
            FROM registered_models AS model
            JOIN model_versions AS version ON version.model_id = model.id AND version.version = ?2
            WHERE model.name = ?1
            """,
            values: [key.name, key.version]
        )
        let row = try select.firstRow {
            ModelVersionRow(id: $0.int64(0), modelID: $0.int64(1), isOfPrompt: $0.bool(2))
        }
        guard let row else { throw missingOrForbidden(key.notFound) }
        try require(action, on: .version(ofModel: key.name, isPrompt: row.isOfPrompt), orThrow: key.notFound)
        return row
    }

    /// Returns a version with its tags and aliases.
    ///
    /// - Throws: `.resourceDoesNotExist` if the model or the version does not exist, `.permissionDenied` if the client
    ///   may not read the version.
    package func storedVersion(_ key: ModelVersionKey) throws -> ModelVersion {
        let row = try modelVersionRow(key, for: .read)
        guard var version = try connection.modelVersions(rows: [row.id]).first else { throw key.notFound }
        version.aliases = try connection.aliases(ofModel: row.modelID, version: version.version)
        return version
    }

    /// Returns the location of a version's artifacts.
    ///
    /// - Throws: `.resourceDoesNotExist` if the model or the version does not exist, `.permissionDenied` if the client
    ///   may not read the version.
    package func locationOfVersion(_ key: ModelVersionKey) throws -> String {
        let row = try modelVersionRow(key, for: .read)
        let select = try connection.query(
            "SELECT coalesce(storage_location, source) FROM model_versions WHERE id = ?1",
            row.id
        )
        guard let location = try select.firstRow({ $0.string(0) }) else { throw key.notFound }
        return location
    }

    /// Returns the number of the version to which an alias points.
    ///
    /// The alias `latest` points to the highest number.
    /// - Throws: `.resourceDoesNotExist` for an unknown model and for `latest` of a model without versions,
    ///   `.invalidParameterValue` for an unknown alias, `.permissionDenied` for a model that the client may not read.
    package func versionNumber(ofModel name: String, alias: String) throws -> Int64 {
        let (modelID, isPrompt) = try registeredModelKind(name, for: .read)
        try require(.read, on: .version(ofModel: name, isPrompt: isPrompt), orThrow: .aliasNotFound(alias, model: name))
        let version =
            isLatestAlias(alias)
            ? try connection.latestVersion(ofModel: modelID, in: nil)
            : try connection.query(
                "SELECT version FROM registered_model_aliases WHERE model_id = ?1 AND alias = ?2",
                values: [modelID, alias]
            ).firstRow { $0.int64(0) }
        guard let version else { throw TrackingError.aliasNotFound(alias, model: name) }
        return version
    }
}

extension Connection {
    /// Reads versions without aliases, in the order of the rows, with one statement for versions and one for tags.
    func modelVersions(rows: [Int64]) throws -> [ModelVersion] {
        if rows.isEmpty { return [] }
        let page = jsonArray(rows)
        let tags = try tags(in: .modelVersions, of: page)
        let select = try query(
            """
            SELECT version.id, version.name, version.version, version.creation_time, version.last_updated_time,
                version.stage, version.description, version.source, version.run_id, version.run_link
            FROM json_each(?1) AS page
            CROSS JOIN model_versions AS version ON version.id = page.value
            ORDER BY page.id
            """,
            page
        )
        return try select.map { row in
            var version = ModelVersion(
                name: row.string(1),
                version: row.int64(2),
                creationTime: row.int64(3),
                lastUpdatedTime: row.int64(4),
                stage: try ModelStage(storedValue: row.int64(5)),
                description: row.optionalString(6),
                source: row.string(7),
                runID: row.string(8),
                runLink: row.string(9)
            )
            version.tags = tags[row.int64(0)] ?? []
            return version
        }
    }

    /// Returns the aliases of one version, in ascending order of bytes.
    func aliases(ofModel modelID: Int64, version: Int64) throws -> [String] {
        let select = try query(
            "SELECT alias FROM registered_model_aliases WHERE model_id = ?1 AND version = ?2 ORDER BY alias",
            values: [modelID, version]
        )
        return try select.map { $0.string(0) }
    }

    /// Returns the highest version number in a stage, or of all versions if the stage is nil; nil if there is no version.
    func latestVersion(ofModel modelID: Int64, in stage: ModelStage?) throws -> Int64? {
        let condition = stage == nil ? "" : " AND stage = ?2"
        let sql = "SELECT max(version) FROM model_versions WHERE model_id = ?1" + condition
        let values: [any Bindable] = stage.map { [modelID, $0.rawValue] } ?? [modelID]
        return try query(sql, values: values).firstRow { $0.optionalInt64(0) } ?? nil
    }
}

/// The row ids of a version and of its model, and whether the model is a prompt.
struct ModelVersionRow {
    var id: Int64
    var modelID: Int64
    var isOfPrompt: Bool
}

extension ModelStage {
    init(storedValue: Int64) throws {
        guard let stage = Self(rawValue: storedValue) else {
            throw StoreCorruption("no stage of a model version has the number \(storedValue)")
        }
        self = stage
    }
}
