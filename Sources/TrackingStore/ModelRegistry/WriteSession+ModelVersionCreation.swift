internal import Identities
internal import SQLite
package import Tracking

extension WriteSession {
    package func createModelVersion(_ new: NewModelVersion, workingDirectory: String) throws -> ModelVersion {
        try requireVersionCreation(ofModel: new.name)
        let origin = try modelVersionOrigin(new, workingDirectory: workingDirectory)
        try new.validateNameAndTags()
        try requireNotBeingRemoved(artifactsAt: [origin.source, origin.location ?? origin.source])
        let runOfModel = try origin.modelIDProvidingRun.map { try loggedModelInfo($0, for: .read).sourceRunID }
        let runID = origin.runID ?? runOfModel ?? ""
        let modelID = try registeredModelRow(new.name, for: .update)
        let othersArePrompts = try connection.versionsArePrompts(ofModel: modelID)
        let now = currentMilliseconds()
        try connection.run(
            """
            UPDATE registered_models SET last_version = last_version + 1, last_updated_time = ?2
            WHERE id = ?1 AND last_version < ?3
            """,
            values: [modelID, now, TransferLimits.versions.upperBound]
        )
        guard connection.changes > 0 else { throw TrackingError.noFurtherVersion(ofModel: new.name) }
        try connection.run(
            """
            INSERT INTO model_versions
                (model_id, version, name, is_prompt, creation_time, last_updated_time, description, source,
                storage_location, run_id, run_link)
            SELECT id, last_version, name, ?8, ?2, ?2, ?3, ?4, ?5, ?6, ?7
            FROM registered_models
            WHERE id = ?1
            """,
            values: [
                modelID, now, new.description, origin.source, origin.location, runID, new.runLink,
                othersArePrompts ? 1 : 0,
            ]
        )
        let versionID = connection.lastInsertRowID
        let tags = new.tags.lastOfEachKey
        for tag in tags { try connection.upsert(tag, in: .modelVersions, of: versionID) }
        try markVersions(ofModel: modelID, asPrompts: tags.versionsBecomePrompts(othersArePrompts: othersArePrompts))
        guard let version = try connection.modelVersions(rows: [versionID]).first else {
            throw StoreCorruption("the model version that was just inserted is missing")
        }
        if let loggedModel = origin.modelIDListingVersion { try appendVersion(version, toLoggedModel: loggedModel) }
        return version
    }

    /// Throws unless a client with limited permissions may add versions to a model.
    ///
    /// Does nothing for a client without limits, so that errors in its request come before the error for an unknown model.
    package func requireVersionCreation(ofModel name: String) throws {
        guard permissions != nil else { return }
        let isPrompt: Bool
        do {
            isPrompt = try registeredModelKind(name, for: .update).isPrompt
        } catch let error as TrackingError where error.code == .resourceDoesNotExist {
            throw missingOrForbidden(error)
        }
        try requireCreation(of: isPrompt ? .promptVersion : .registeredModelVersion)
    }

    /// Appends the version to the JSON list in the logged model's tag.
    ///
    /// A tag whose value is not a list is replaced.
    private func appendVersion(_ version: ModelVersion, toLoggedModel modelID: String) throws {
        let row = try loggedModelRowAndInfo(modelID, allowsDeleted: false, for: .read).row
        let select = try connection.query(
            """
            SELECT value FROM logged_model_tags
            WHERE model_id = ?1 AND key_id = ?2 AND CASE WHEN json_valid(value) THEN json_type(value) = 'array' END
            """,
            values: [row, try keyID(for: Tag.modelVersionsKey)]
        )
        let list = version.appended(toList: try select.firstRow { $0.string(0) })
        try upsertLoggedModelTag(Tag(key: Tag.modelVersionsKey, value: list), row: row)
    }
}
