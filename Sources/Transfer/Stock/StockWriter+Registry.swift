internal import SQLite
internal import Tracking

/// The tables of the registry.
struct RegistryTables {
    let models: TableWriter
    let modelTags: TableWriter
    let aliases: TableWriter
    let versions: TableWriter
    let versionTags: TableWriter

    init(_ connection: Connection) throws {
        models = try TableWriter(
            connection,
            "registered_models",
            ["name", "creation_time", "last_updated_time", "description"]
        )
        modelTags = try TableWriter(connection, "registered_model_tags", ["name", "key", "value"])
        aliases = try TableWriter(connection, "registered_model_aliases", ["name", "alias", "version"])
        versions = try TableWriter(
            connection,
            "model_versions",
            [
                "name", "version", "creation_time", "last_updated_time", "description", "current_stage", "source",
                "run_id", "status", "run_link", "storage_location",
            ],
            on: .replace
        )
        versionTags = try TableWriter(connection, "model_version_tags", ["name", "version", "key", "value"])
    }
}

extension StockWriter {
    func add(_ transferred: TransferredRegisteredModel) throws {
        let model = transferred.model
        let name = ColumnValue.text(model.name)
        try registry.models.add(
            name,
            .integer(model.creationTime),
            .integer(model.lastUpdatedTime),
            ColumnValue(model.description)
        )
        for tag in model.tags { try registry.modelTags.add(name, .text(tag.key), .text(tag.value)) }
        for alias in model.aliases { try registry.aliases.add(name, .text(alias.alias), .integer(alias.version)) }
        guard transferred.lastVersion > 0 else { return }
        // MLflow has no counter: it takes the highest row, and a deleted version leaves one that nobody sees. If the version
        // is not deleted, its record replaces this row.
        try registry.versions.add(
            name,
            .integer(transferred.lastVersion),
            .integer(model.creationTime),
            .integer(model.lastUpdatedTime),
            nil,
            "Deleted_Internal",
            "REDACTED-SOURCE-PATH",
            "REDACTED-RUN-ID",
            "READY",
            "REDACTED-RUN-LINK",
            nil
        )
    }

    func add(_ transferred: TransferredModelVersion) throws {
        let version = transferred.version
        let (name, number) = (ColumnValue.text(version.name), ColumnValue.integer(version.version))
        try registry.versions.add(
            name,
            number,
            .integer(version.creationTime),
            .integer(version.lastUpdatedTime),
            ColumnValue(version.description),
            .text(version.stage.wireName),
            .text(version.source),
            .text(version.runID),
            "READY",
            .text(version.runLink),
            .text(transferred.storageLocation ?? version.source)
        )
        for tag in version.tags { try registry.versionTags.add(name, number, .text(tag.key), .text(tag.value)) }
    }
}
