internal import PostgreSQL
package import Tracking

/// How many characters the columns of MLflow's tables can store.
struct ColumnLimits {
    /// The limits of the columns that have one, by table and column, as in `runs.name`.
    private var limits: [String: Int] = [:]

    init(_ session: PostgresWriteSession) throws {
        // atttypmod of a varchar column is its greatest number of characters plus four.
        try session.rows(
            """
            SELECT entry.relname, info.attname, info.atttypmod - 4
            FROM pg_class AS entry JOIN pg_attribute AS info ON info.attrelid = entry.oid
            WHERE pg_table_is_visible(entry.oid) AND entry.relname = ANY($1::text[])
                AND info.atttypid = 'varchar'::regtype AND info.atttypmod > 4
            """,
            Array(Set(StoreColumns.all.map(\.table)))
        ).forEach { limits["\($0.string(0)).\($0.string(1))"] = Int($0.int64(2)) }
    }

    /// Returns why a column cannot store a text, as the end of a sentence; nil if it can.
    ///
    /// - Parameter column: the table and the column, as in `runs.name`.
    func reasonToRefuse(_ text: String, in column: String) -> String? {
        let name = column.drop { $0 != "." }.dropFirst()
        if text.utf8.contains(0) { return "its \(name) has the character NUL, which PostgreSQL does not store" }
        // Characters are counted only if there are too many bytes, because the number of bytes is known at once.
        guard let limit = limits[column], text.utf8.count > limit else { return nil }
        let count = text.unicodeScalars.count
        guard count > limit else { return nil }
        return "its \(name) has \(count) characters, and MLflow's column in PostgreSQL can store at most \(limit)"
    }

    /// - Throws: `.invalidParameterValue` for the first text that its column cannot hold.
    func require(_ texts: KeyValuePairs<String, String?>) throws(TrackingError) {
        for (column, text) in texts {
            if let text, let reason = reasonToRefuse(text, in: column) { throw .invalidParameter(reason) }
        }
    }
}

/// Removes the parts of a record that MLflow's tables cannot hold, and collects a remark about each.
struct UnsupportedPartRemoval {
    private let limits: ColumnLimits
    private(set) var remarks: [String] = []

    init(_ limits: ColumnLimits) { self.limits = limits }

    /// Returns whether the columns can hold the texts of a part of the record; adds a remark if they cannot.
    private mutating func canStore(_ part: String, _ texts: KeyValuePairs<String, String?>) -> Bool {
        do throws(TrackingError) {
            try limits.require(texts)
            return true
        } catch {
            remarks.append("\(part) left out: \(error.message)")
            return false
        }
    }

    private mutating func canStore(_ alias: ModelAlias) -> Bool {
        let part = "the alias '\(shortened(alias.alias))'"
        guard Int32(exactly: alias.version) != nil else {
            remarks.append(
                "\(part) left out: its version is \(alias.version), and MLflow's column in PostgreSQL can store at most \(Int32.max)"
            )
            return false
        }
        return canStore(part, ["registered_model_aliases.alias": alias.alias])
    }

    private mutating func supported(
        _ tags: [Tag],
        _ table: String,
        key: String = "key",
        value: String = "value"
    ) -> [Tag] {
        tags.filter { tag in
            canStore("the tag '\(shortened(tag.key))'", ["\(table).\(key)": tag.key, "\(table).\(value)": tag.value])
        }
    }

    mutating func supportedParts(of record: TransferRecord) throws(TrackingError) -> TransferRecord {
        switch record {
        case .experiment(var experiment):
            try limits.require([
                "experiments.name": experiment.name, "experiments.artifact_location": experiment.artifactLocation,
            ])
            experiment.tags = supported(experiment.tags, "experiment_tags")
            return .experiment(experiment)
        case .run(let run): return .run(try supportedParts(of: run))
        case .points(let points):
            try limits.require(["metrics.key": points.key])
            return record
        case .loggedModel(let model): return .loggedModel(try supportedParts(of: model))
        case .modelPoints(var points):
            points.points = points.points.filter { point in
                canStore(
                    "a point of the metric '\(shortened(point.metric.key))'",
                    [
                        "logged_model_metrics.metric_name": point.metric.key,
                        "logged_model_metrics.dataset_name": point.dataset?.name,
                        "logged_model_metrics.dataset_digest": point.dataset?.digest,
                    ]
                )
            }
            return .modelPoints(points)
        case .registeredModel(var transferred):
            try limits.require([
                "registered_models.name": transferred.model.name,
                "registered_models.description": transferred.model.description,
            ])
            transferred.model.tags = supported(transferred.model.tags, "registered_model_tags")
            transferred.model.aliases = transferred.model.aliases.filter { alias in canStore(alias) }
            return .registeredModel(transferred)
        case .modelVersion(var transferred):
            let version = transferred.version
            try limits.require([
                "model_versions.name": version.name, "model_versions.description": version.description,
                "model_versions.source": version.source, "model_versions.run_id": version.runID,
                "model_versions.run_link": version.runLink,
                "model_versions.storage_location": transferred.storageLocation,
            ])
            transferred.version.tags = supported(version.tags, "model_version_tags")
            return .modelVersion(transferred)
        }
    }

    private mutating func supportedParts(of transferred: TransferredRun) throws(TrackingError) -> TransferredRun {
        var transferred = transferred
        let run = transferred.run
        try limits.require([
            "runs.run_uuid": run.info.runID, "runs.name": run.info.name, "runs.user_id": run.info.userID,
            "runs.artifact_uri": run.info.artifactURI,
        ])
        transferred.run.params = run.params.filter { param in
            canStore("the param '\(shortened(param.key))'", ["params.key": param.key, "params.value": param.value])
        }
        transferred.run.tags = supported(run.tags, "tags")
        transferred.run.datasetInputs = run.datasetInputs.compactMap { input in
            let dataset = input.dataset
            let isSupported = canStore(
                "the dataset '\(shortened(dataset.name))'",
                [
                    "datasets.name": dataset.name, "datasets.digest": dataset.digest,
                    "datasets.dataset_source_type": dataset.sourceType, "datasets.dataset_source": dataset.source,
                    "datasets.dataset_schema": dataset.schema, "datasets.dataset_profile": dataset.profile,
                ]
            )
            guard isSupported else { return nil }
            return DatasetInput(dataset: dataset, tags: supported(input.tags, "input_tags", key: "name"))
        }
        transferred.run.modelInputs = run.modelInputs.filter { input in
            canStore("the input '\(shortened(input.modelID))'", ["inputs.destination_id": input.modelID])
        }
        transferred.run.modelOutputs = run.modelOutputs.filter { output in
            canStore("the output '\(shortened(output.modelID))'", ["inputs.destination_id": output.modelID])
        }
        return transferred
    }

    private mutating func supportedParts(
        of transferred: TransferredLoggedModel
    ) throws(TrackingError) -> TransferredLoggedModel {
        var transferred = transferred
        let model = transferred.model
        try limits.require([
            "logged_models.model_id": model.info.modelID, "logged_models.name": model.info.name,
            "logged_models.artifact_location": model.info.artifactURI,
            "logged_models.model_type": model.info.modelType,
            "logged_models.source_run_id": model.info.sourceRunID,
            "logged_models.status_message": model.info.statusMessage,
        ])
        transferred.model.params = model.params.filter { param in
            canStore(
                "the param '\(shortened(param.key))'",
                ["logged_model_params.param_key": param.key, "logged_model_params.param_value": param.value]
            )
        }
        transferred.model.tags = supported(model.tags, "logged_model_tags", key: "tag_key", value: "tag_value")
        return transferred
    }
}

extension PostgresWriteSession {
    package func withoutUnsupportedParts(
        _ record: TransferRecord,
        _ report: inout TransferReport
    ) throws(TrackingError) -> TransferRecord {
        guard let columnLimits else { return record }
        var removal = UnsupportedPartRemoval(columnLimits)
        let supported = try removal.supportedParts(of: record)
        let (kind, id) = record.subject
        for remark in removal.remarks { report.remark(kind, id, remark) }
        return supported
    }
}
