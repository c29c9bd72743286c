internal import SQLite
package import Tracking

/// A version that a client registers.
package struct NewModelVersion: Sendable {
    package var name: String
    /// As the client sent it.
    package var source: String
    /// nil when the client named none; an empty text names one that does not exist.
    package var runID: String?
    /// The logged model from which the version comes; nil as with the run.
    package var modelID: String?
    package var runLink: String
    package var description: String
    package var tags: [Tag]

    package init(
        name: String,
        source: String,
        runID: String?,
        modelID: String?,
        runLink: String,
        description: String,
        tags: [Tag]
    ) {
        self.name = name
        self.source = source
        self.runID = runID
        self.modelID = modelID
        self.runLink = runLink
        self.description = description
        self.tags = tags
    }
}

extension WriteSession {
    /// Registers the next version of a model.
    ///
    /// Numbers are consecutive, however many clients ask at once, and go on behind deleted versions.
    /// - Parameter workingDirectory: against which a relative source is meant.
    /// - Throws: `.invalidParameterValue` for a source that does not lie in the run or model that the request names,
    ///   `.resourceDoesNotExist` for an unknown registered or logged model.
    package func createModelVersion(_ new: NewModelVersion, workingDirectory: String) throws -> ModelVersion {
        let origin = try modelVersionOrigin(new, workingDirectory: workingDirectory)
        try validateModelName(new.name)
        for tag in new.tags { try validateModelVersionTag(tag) }
        let runID = try sourceRunID(origin)
        let modelID = try connection.registeredModelRow(new.name)
        let now = currentMilliseconds()
        try connection.run(
            "UPDATE registered_models SET last_version = last_version + 1, last_updated_time = ?2 WHERE id = ?1",
            modelID,
            now
        )
        // Either all versions of a model count as prompts or none.
        try connection.run(
            """
            INSERT INTO model_versions
                (model_id, version, name, is_prompt, creation_time, last_updated_time, description, source,
                storage_location, run_id, run_link)
            SELECT id, last_version, name,
                coalesce((SELECT is_prompt FROM model_versions WHERE model_id = ?1 LIMIT 1), 0), ?2, ?2, ?3, ?4, ?5, ?6, ?7
            FROM registered_models
            WHERE id = ?1
            """,
            modelID,
            now,
            new.description,
            origin.source,
            origin.location,
            runID,
            new.runLink
        )
        let versionID = connection.lastInsertRowID
        let tags = new.tags.lastOfEachKey
        for tag in tags { try upsertVersion(tag, versionID: versionID) }
        if tags.contains(where: \.marksPrompt) { try markVersions(ofModel: modelID, asPrompts: true) }
        guard let version = try connection.modelVersions(rows: [versionID]).first else {
            throw StoreCorruption("a new version of a model is not there")
        }
        if let loggedModel = origin.modelID, !origin.isPrompt {
            try appendVersion(version, toLoggedModel: loggedModel)
        }
        return version
    }

    /// The run of the version: the one that the client named, else that of the logged model it comes from.
    private func sourceRunID(_ origin: ModelVersionOrigin) throws -> String {
        if let runID = origin.runID { return runID }
        guard let modelID = origin.locatedModelID ?? origin.modelID else { return "" }
        return try connection.loggedModelInfo(modelID).sourceRunID
    }

    /// Adds the version to the list that the logged model's tag holds.
    private func appendVersion(_ version: ModelVersion, toLoggedModel modelID: String) throws {
        let row = try connection.loggedModelRow(modelID, allowsDeleted: false)
        let select = try connection.query(
            """
            SELECT value FROM logged_model_tags
            WHERE model_id = ?1 AND key_id = ?2 AND CASE WHEN json_valid(value) THEN json_type(value) = 'array' END
            """,
            row.id,
            try keyID(for: Tag.modelVersionsKey)
        )
        let list = version.appended(toList: try select.firstRow { $0.string(0) })
        try upsertLoggedModelTag(Tag(key: Tag.modelVersionsKey, value: list), row: row.id)
    }
}
