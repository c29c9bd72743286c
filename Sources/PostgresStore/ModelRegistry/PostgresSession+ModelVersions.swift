internal import Identities
internal import PostgreSQL
package import Tracking

/// The name of a model and the number of one of its versions, which identify the version.
struct VersionNumber: Sendable, Hashable {
    let name: ExactText
    let version: Int64

    init(name: String, version: Int64) {
        self.name = ExactText(name)
        self.version = version
    }
}

extension PostgresSession {
    /// Returns the number of a version that is not deleted.
    ///
    /// - Parameter lock: the clause that locks the row, such as `FOR SHARE`; empty if the row is not locked.
    /// - Throws: `.resourceDoesNotExist` if the model or the version does not exist, `.permissionDenied` if the client may not
    ///   perform `action` on the version.
    @discardableResult
    func requireModelVersion(_ key: ModelVersionKey, for action: PermittedAction, lock: String = "") throws -> Int64 {
        let found = try rows(
            """
            SELECT version.version, \(RegisteredModel.isPrompt("version.name", key: "$3", value: "$4"))
            FROM model_versions AS version
            WHERE version.workspace = 'default' AND version.name = $1 AND version.version = $2::bigint
                AND \(ModelVersion.isNotDeleted("version"))
            \(lock)
            """,
            key.name,
            key.version,
            Tag.promptMark.key,
            Tag.promptMark.value
        ).first { (number: $0.int64(0), isOfPrompt: $0.bool(1)) }
        guard let found else { throw missingOrForbidden(key.notFound) }
        try require(action, on: .version(ofModel: key.name, isPrompt: found.isOfPrompt), orThrow: key.notFound)
        return found.number
    }

    /// Reads versions without aliases, in the order of the keys, with one statement for versions and one for tags; leaves out
    /// unknown and deleted versions.
    func modelVersions(_ keys: [VersionNumber]) throws -> [ModelVersion] {
        if keys.isEmpty { return [] }
        let (names, numbers) = (keys.map(\.name.text), keys.map(\.version))
        let versionsQuery = """
            SELECT \(ModelVersion.columns)
            FROM unnest($1::text[], $2::bigint[]) AS page (name, version)
            JOIN model_versions AS version ON version.name = page.name AND version.version = page.version
            WHERE version.workspace = 'default' AND \(ModelVersion.isNotDeleted("version"))
            """
        let versions = try ask(versionsQuery, names, numbers)
        let tagsQuery = """
            SELECT tag.name, tag.version, tag.key, tag.value
            FROM unnest($1::text[], $2::bigint[]) AS page (name, version)
            JOIN model_version_tags AS tag ON tag.name = page.name AND tag.version = page.version
            WHERE tag.workspace = 'default'
            ORDER BY tag.key COLLATE "C"
            """
        let tags = try ask(tagsQuery, names, numbers)
        var found: [VersionNumber: ModelVersion] = [:]
        for version in try rows(versions).map({ ModelVersion(row: $0) }) { found[version.key] = version }
        try rows(tags).forEach { row in
            found[VersionNumber(name: row.string(0), version: row.int64(1))]?.tags
                .append(Tag(key: row.string(2), value: row.string(3)))
        }
        return keys.compactMap { found[$0] }
    }

    /// Returns a version with its tags and aliases.
    ///
    /// - Throws: `.resourceDoesNotExist` if the model or the version does not exist, `.permissionDenied` if the client may not
    ///   read the version.
    package func storedVersion(_ key: ModelVersionKey) throws -> ModelVersion {
        if permissions != nil { try requireModelVersion(key, for: .read) }
        guard let number = key.version else { throw key.notFound }
        guard var version = try modelVersions([VersionNumber(name: key.name, version: number)]).first else {
            throw key.notFound
        }
        version.aliases = try aliases(ofModel: key.name)[number] ?? []
        return version
    }

    /// Returns the location of a version's artifacts.
    ///
    /// - Throws: `.resourceDoesNotExist` if the model or the version does not exist, `.permissionDenied` if the client may not
    ///   read the version.
    package func locationOfVersion(_ key: ModelVersionKey) throws -> String {
        if permissions != nil { try requireModelVersion(key, for: .read) }
        let query = """
            SELECT coalesce(storage_location, source, '') FROM model_versions AS version
            WHERE workspace = 'default' AND name = $1 AND version = $2::bigint AND \(ModelVersion.isNotDeleted("version"))
            """
        let found = try rows(query, key.name, key.version)
        guard let location = found.first({ $0.string(0) }) else { throw key.notFound }
        return location
    }

    /// Returns the number of the version to which an alias points.
    ///
    /// The alias `latest` points to the highest number.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown model and for `latest` of a model without versions,
    ///   `.invalidParameterValue` for an unknown alias, `.permissionDenied` for a model that the client may not read.
    package func versionNumber(ofModel name: String, alias: String) throws -> Int64 {
        let isPrompt = try requireRegisteredModel(name, for: .read)
        try require(.read, on: .version(ofModel: name, isPrompt: isPrompt), orThrow: .aliasNotFound(alias, model: name))
        let version =
            isLatestAlias(alias)
            ? try latestVersion(ofModel: name, in: nil)
            : try rows(
                "SELECT version FROM registered_model_aliases WHERE workspace = 'default' AND name = $1 AND alias = $2",
                name,
                alias
            ).first { $0.int64(0) }
        guard let version else { throw TrackingError.aliasNotFound(alias, model: name) }
        return version
    }

    /// Returns the highest version number in a stage, or of all versions if the stage is nil; nil if there is no version.
    package func latestVersion(ofModel name: String, in stage: ModelStage?) throws -> Int64? {
        let query = """
            SELECT max(version) FROM model_versions AS version
            WHERE workspace = 'default' AND name = $1 AND \(ModelVersion.isNotDeleted("version"))
                AND ($2::text IS NULL OR \(ModelVersion.stage("version")) = $2::text)
            """
        return try rows(query, name, stage?.wireName).first { $0.optionalInt64(0) } ?? nil
    }

    /// Returns the aliases of each version of a model, in ascending order of bytes.
    func aliases(ofModel name: String) throws -> [Int64: [String]] {
        let query = """
            SELECT version, alias FROM registered_model_aliases
            WHERE workspace = 'default' AND name = $1 ORDER BY alias COLLATE "C"
            """
        let found = try rows(query, name)
        var aliases: [Int64: [String]] = [:]
        found.forEach { aliases[$0.int64(0), default: []].append($0.string(1)) }
        return aliases
    }
}

extension ModelVersion {
    /// The columns of a row with the alias `version` for `init(row:)`, in its order.
    static let columns = """
        version.name, version.version, version.creation_time, version.last_updated_time, \(stage("version")), \
        version.description, version.source, version.run_id, version.run_link, version.status, version.status_message
        """

    /// The condition that a version is not deleted: MLflow keeps the rows of deleted versions, so that their numbers are
    /// not used again.
    static func isNotDeleted(_ alias: String) -> String { "\(alias).current_stage IS DISTINCT FROM 'Deleted_Internal'" }

    /// The SQL for the name of the stage.
    static func stage(_ alias: String) -> String { "coalesce(\(alias).current_stage, 'None')" }

    var key: VersionNumber { VersionNumber(name: name, version: version) }

    init(row: PostgresRow) {
        self.init(
            name: row.string(0),
            version: row.int64(1),
            creationTime: row.int64(2),
            lastUpdatedTime: row.int64(3),
            // An unknown stage that another program has stored must not make lists with this version fail.
            stage: (try? ModelStage(parsing: row.string(4))) ?? ModelStage.none,
            description: row.optionalString(5),
            source: row.string(6),
            runID: row.string(7),
            runLink: row.string(8)
        )
        status = ModelVersionStatus(rawValue: row.string(9)) ?? .ready
        statusMessage = row.optionalString(10).flatMap { $0.isEmpty ? nil : $0 }
    }
}
