internal import Tracking

/// The writers of the tables of the model registry.
struct RegistryTables {
    let models: any TableWriter
    let modelTags: any TableWriter
    let aliases: any TableWriter
    let versions: any TableWriter
    let versionTags: any TableWriter

    init(_ target: any DatabaseTarget) throws {
        models = try target.writer(
            of: "registered_models",
            ["name", "creation_time", "last_updated_time", "description"],
            on: .fail
        )
        modelTags = try target.writer(of: "registered_model_tags", ["name", "key", "value"], on: .fail)
        aliases = try target.writer(of: "registered_model_aliases", ["name", "alias", "version"], on: .fail)
        versions = try target.writer(
            of: "model_versions",
            [
                "name", "version", "creation_time", "last_updated_time", "description", "current_stage", "source",
                "run_id", "status", "run_link", "storage_location", "workspace",
            ],
            on: .replace(key: ["workspace", "name", "version"])
        )
        versionTags = try target.writer(of: "model_version_tags", ["name", "version", "key", "value"], on: .fail)
    }
}

extension MLflowDatabaseWriter {
    func add(_ transferred: TransferredRegisteredModel) throws {
        let model = transferred.model
        let name = ColumnValue.text(model.name)
        let subject = "registered model '\(model.name)'"
        let isStored = try adding(subject) {
            try registry.models.add([
                name, .integer(model.creationTime), .integer(model.lastUpdatedTime), ColumnValue(model.description),
            ])
        }
        guard isStored else { return leaveOut(.registeredModel(model.name)) }
        for tag in model.tags {
            try adding("\(subject), tag '\(shortened(tag.key))'") {
                try registry.modelTags.add([name, .text(tag.key), .text(tag.value)])
            }
        }
        for alias in model.aliases {
            try adding("\(subject), alias '\(shortened(alias.alias))'") {
                try registry.aliases.add([name, .text(alias.alias), .integer(alias.version)])
            }
        }
        guard transferred.lastVersion > 0 else { return }
        // MLflow gives the next version the number after the greatest one in the table, in which a deleted version still
        // has a row, with the stage Deleted_Internal. Such a row is added here; a record of the last version replaces it.
        try registry.versions.add([
            name, .integer(transferred.lastVersion), .integer(model.creationTime), .integer(model.lastUpdatedTime),
            nil, "Deleted_Internal", "REDACTED-SOURCE-PATH", "REDACTED-RUN-ID", "READY", "REDACTED-RUN-LINK", nil,
            "default",
        ])
    }

    func add(_ transferred: TransferredModelVersion) throws {
        let version = transferred.version
        let (name, number) = (ColumnValue.text(version.name), ColumnValue.integer(version.version))
        let subject = "version \(version.version) of the registered model '\(version.name)'"
        guard !isLeftOut(.registeredModel(version.name)) else { return try report(subject, "its model is left out") }
        let isStored = try adding(subject) {
            try registry.versions.add([
                name, number, .integer(version.creationTime), .integer(version.lastUpdatedTime),
                ColumnValue(version.description), .text(version.stage.wireName), .text(version.source),
                .text(version.runID), "READY", .text(version.runLink),
                .text(transferred.storageLocation ?? version.source), "default",
            ])
        }
        guard isStored else { return }
        for tag in version.tags {
            try adding("\(subject), tag '\(shortened(tag.key))'") {
                try registry.versionTags.add([name, number, .text(tag.key), .text(tag.value)])
            }
        }
    }
}
