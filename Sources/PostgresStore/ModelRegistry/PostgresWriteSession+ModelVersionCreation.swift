internal import Identities
internal import JSON
internal import PostgreSQL
package import Tracking

extension PostgresWriteSession {
    package func createModelVersion(_ new: NewModelVersion, workingDirectory: String) throws -> ModelVersion {
        try requireVersionCreation(ofModel: new.name)
        let origin = try modelVersionOrigin(new, workingDirectory: workingDirectory)
        try new.validateNameAndTags()
        try lockOwners(ofArtifactsAt: [origin.source, origin.location ?? origin.source])
        let runOfModel = try origin.modelIDProvidingRun.map { try storedLoggedModel($0, for: .read).sourceRunID }
        let runID = origin.runID ?? runOfModel ?? ""
        try requireRegisteredModel(new.name, for: .update, lock: Self.rowLock)
        let listing = try origin.modelIDListingVersion.map { try storedLoggedModel($0, for: .read, lock: Self.rowLock) }
        let now = currentMilliseconds()
        try touchRegisteredModel(new.name, at: now)
        let number = try addVersion(new, origin, runID: runID, at: now)
        let tags = new.tags.lastOfEachKey
        let insertion = """
            INSERT INTO model_version_tags (workspace, name, version, key, value)
            SELECT 'default', $1::text, $2::bigint, tag.key, tag.value
            FROM unnest($3::text[], $4::text[]) AS tag (key, value)
            """
        try change(insertion, new.name, number, tags.map(\.key), tags.map(\.value))
        var version = ModelVersion(
            name: new.name,
            version: number,
            creationTime: now,
            lastUpdatedTime: now,
            stage: .none,
            description: new.description,
            source: origin.source,
            runID: runID,
            runLink: new.runLink
        )
        version.tags = tags
        if let listing { try append(version, to: listing) }
        return version
    }

    /// Throws if a client with limited permissions may not add versions to a model.
    ///
    /// Does nothing for a client without limits, who gets errors in the request itself before the error for an unknown model.
    package func requireVersionCreation(ofModel name: String) throws {
        guard permissions != nil else { return }
        let isPrompt: Bool
        do {
            isPrompt = try requireRegisteredModel(name, for: .update)
        } catch let error as TrackingError where error.code == .resourceDoesNotExist {
            throw missingOrForbidden(error)
        }
        try requireCreation(of: isPrompt ? .promptVersion : .registeredModelVersion)
    }

    /// Locks the runs and logged models in whose folders the artifacts of a version are, so that they are not removed before the
    /// commit; a removal after the commit finds the version.
    ///
    /// - Throws: `.invalidState` if one of the runs and models has just been removed.
    func lockOwners(ofArtifactsAt locations: [String]) throws {
        let names = ArtifactFolders.possibleOwners(in: locations)
        let found = try [RemovalKind.run, .loggedModel].map { kind in
            // If the lock has waited for a removal, the locking part finds no row; only the part without a lock still does.
            let query = """
                WITH locked AS (SELECT \(kind.id) AS id FROM \(kind.table) WHERE \(kind.id) = ANY($1) FOR KEY SHARE)
                SELECT \(kind.id) FROM \(kind.table) WHERE \(kind.id) = ANY($1) AND \(kind.id) NOT IN (SELECT id FROM locked)
                """
            let ticket = try ask(query, names)
            return (kind: kind, ticket: ticket)
        }
        let removed = try found.map { (kind: $0.kind, id: try rows($0.ticket).first { $0.string(0) }) }
        for case (let kind, let id?) in removed { throw TrackingError.artifactsBeingRemoved(kind, id) }
    }

    /// Adds a row with the next number, and returns the number.
    ///
    /// The row of the model is locked, so that servers of Apus wait here for each other. A server of MLflow chooses the number
    /// before it locks the row; if it has added a version with the same number, the next number is tried.
    private func addVersion(
        _ new: NewModelVersion,
        _ origin: ModelVersionOrigin,
        runID: String,
        at time: Int64
    ) throws -> Int64 {
        for _ in 0..<Self.numberAttempts {
            let added = try changed(
                """
                INSERT INTO model_versions
                    (workspace, name, version, creation_time, last_updated_time, description, current_stage, source,
                    storage_location, run_id, run_link, status)
                SELECT 'default', $1::text, coalesce(max(version), 0) + 1, $2::bigint, $2::bigint, $3::text, 'None',
                    $4::text, $5::text, $6::text, $7::text, 'READY'
                FROM model_versions
                WHERE workspace = 'default' AND name = $1::text
                HAVING coalesce(max(version), 0) < $8::bigint
                ON CONFLICT DO NOTHING
                RETURNING version
                """,
                new.name,
                time,
                new.description,
                origin.source,
                origin.location ?? origin.source,
                runID,
                new.runLink,
                TransferLimits.versions.upperBound
            )
            if let number = added.first({ $0.int64(0) }) { return number }
            let query = "SELECT coalesce(max(version), 0) FROM model_versions WHERE workspace = 'default' AND name = $1"
            let last = try rows(query, new.name).first { $0.int64(0) }
            if last == TransferLimits.versions.upperBound { throw TrackingError.noFurtherVersion(ofModel: new.name) }
        }
        throw TrackingError(
            .temporarilyUnavailable,
            "Other servers add versions to the model '\(shortened(new.name))' at the same time; try again."
        )
    }

    private static var numberAttempts: Int { 10 }

    /// Appends the version to the JSON list in the logged model's tag.
    ///
    /// A tag whose value is not a list is replaced.
    private func append(_ version: ModelVersion, to model: LoggedModelInfo) throws {
        let query = "SELECT tag_value FROM logged_model_tags WHERE model_id = $1 AND tag_key = $2"
        let stored = try rows(query, model.modelID, Tag.modelVersionsKey).first { $0.string(0) }
        let list = version.appended(toList: stored.flatMap { Self.isList($0) ? $0 : nil })
        try upsert([Tag(key: Tag.modelVersionsKey, value: list)], of: model)
    }

    private static func isList(_ text: String) -> Bool {
        (try? JSONDocument(parsing: Array(text.utf8)))?.root.kind == .array
    }
}
