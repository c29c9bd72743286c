internal import JSON
internal import Tracking

extension RecordFields {
    /// The value of the first of these members that exists; nil if none exists.
    fileprivate func firstString(_ keys: String...) throws(TrackingError) -> String? {
        for key in keys {
            if let text = try optionalString(key) { return text }
        }
        return nil
    }

    fileprivate func firstInteger(_ keys: String...) throws(TrackingError) -> Int64? {
        for key in keys {
            if let number = try optionalInteger(key) { return number }
        }
        return nil
    }

    /// Reads pairs of key and value.
    ///
    /// MLflow's answers have a list of objects with the members `key` and `value`. mlflow-export-import writes one object, with a
    /// member for each pair.
    func pairs(_ key: String) throws(TrackingError) -> [Tag] {
        guard let value = member(key) else { return [] }
        var pairs: [Tag] = []
        if value.kind == .object {
            for (name, text) in value.members where !text.isNull {
                guard let text = text.string else {
                    throw .invalidParameter("'\(path).\(key).\(name)' is not a string")
                }
                pairs.append(Tag(key: name, value: text))
            }
            return pairs
        }
        for pair in try objects(key) {
            pairs.append(Tag(key: try pair.string("key"), value: try pair.optionalString("value") ?? ""))
        }
        return pairs
    }

    /// Reads the points of one metric: objects with `value`, `timestamp` and `step`.
    ///
    /// - Returns: the points, and the number of elements that are not points.
    static func points(of list: JSONValue) -> (points: [MetricPoint], broken: Int) {
        var points: [MetricPoint] = []
        points.reserveCapacity(list.count)
        var broken = 0
        for element in list.elements {
            guard let value = element["value"]?.numberOrNonFinite, let timestamp = element["timestamp"]?.wholeNumber
            else {
                broken += 1
                continue
            }
            let step = element["step"]?.wholeNumber ?? 0
            // The key is left empty, because `MetricPoint` does not keep it.
            points.append(MetricPoint(Metric(key: "", value: value, timestamp: timestamp, step: step)))
        }
        return (points, broken)
    }
}

extension JSONValue {
    /// An integer, written as a number or as a string; nil for any other value.
    fileprivate var wholeNumber: Int64? { int64 ?? string.flatMap { Int64($0) } }
}

// The initializers below read the objects of MLflow's API. mlflow-export-import writes nearly the same objects.

extension Experiment {
    init(mlflow fields: RecordFields) throws(TrackingError) {
        let creationTime = try fields.optionalInteger("creation_time") ?? 0
        self.init(
            id: try fields.integer("experiment_id"),
            name: try fields.string("name"),
            artifactLocation: try fields.optionalString("artifact_location") ?? "",
            lifecycleStage: try fields.lifecycleStage(),
            creationTime: creationTime,
            lastUpdateTime: try fields.optionalInteger("last_update_time") ?? creationTime,
            tags: try fields.pairs("tags")
        )
    }
}

extension RunInfo {
    init(mlflow fields: RecordFields) throws(TrackingError) {
        guard let id = try fields.firstString("run_id", "run_uuid") else {
            throw .invalidParameter("'\(fields.path).run_id' is missing")
        }
        self.init(
            runID: id,
            name: try fields.optionalString("run_name") ?? "",
            experimentID: try fields.integer("experiment_id"),
            userID: try fields.optionalString("user_id") ?? "",
            status: try fields.enumeration("status", default: RunStatus.finished),
            startTime: try fields.optionalInteger("start_time") ?? 0,
            endTime: try fields.optionalInteger("end_time"),
            artifactURI: try fields.optionalString("artifact_uri") ?? "",
            lifecycleStage: try fields.lifecycleStage()
        )
    }
}

extension DatasetInput {
    init(mlflow fields: RecordFields) throws(TrackingError) {
        let dataset = try fields.object("dataset")
        self.init(
            dataset: Dataset(
                name: try dataset.string("name"),
                digest: try dataset.string("digest"),
                sourceType: try dataset.optionalString("source_type") ?? "",
                source: try dataset.optionalString("source") ?? "",
                schema: try dataset.optionalString("schema"),
                profile: try dataset.optionalString("profile")
            ),
            tags: try fields.pairs("tags")
        )
    }
}

extension ModelOutput {
    init(mlflow fields: RecordFields) throws(TrackingError) {
        self.init(modelID: try fields.string("model_id"), step: try fields.optionalInteger("step") ?? 0)
    }
}

extension LoggedModelInfo {
    init(mlflow fields: RecordFields) throws(TrackingError) {
        // mlflow-export-import uses the names of MLflow's Python objects, some of which differ from those of the API.
        let creationTime = try fields.firstInteger("creation_timestamp_ms", "creation_timestamp", "creation_time") ?? 0
        let updateTime = try fields.firstInteger("last_updated_timestamp_ms", "last_updated_timestamp")
        let status = try fields.optionalString("status") ?? ""
        self.init(
            modelID: try fields.string("model_id"),
            experimentID: try fields.integer("experiment_id"),
            name: try fields.optionalString("name") ?? "",
            artifactURI: try fields.firstString("artifact_uri", "artifact_location") ?? "",
            status: LoggedModelStatus.allCases.first { [$0.wireName, $0.filterName].contains(status) } ?? .unspecified,
            statusMessage: try fields.optionalString("status_message"),
            modelType: try fields.optionalString("model_type") ?? "",
            sourceRunID: try fields.optionalString("source_run_id") ?? "",
            creationTime: creationTime,
            lastUpdatedTime: updateTime ?? creationTime,
            lifecycleStage: .active
        )
    }
}

extension ModelMetric {
    /// - Parameter modelID: the id of the model that the point belongs to.
    init(mlflow fields: RecordFields, modelID: String) throws(TrackingError) {
        let name = try fields.optionalString("dataset_name") ?? ""
        let digest = try fields.optionalString("dataset_digest") ?? ""
        self.init(
            metric: Metric(
                key: try fields.string("key"),
                value: try fields.number("value"),
                timestamp: try fields.integer("timestamp"),
                step: try fields.optionalInteger("step") ?? 0
            ),
            modelID: modelID,
            runID: try fields.optionalString("run_id") ?? "",
            dataset: name.isEmpty || digest.isEmpty ? nil : MetricDataset(name: name, digest: digest)
        )
    }
}

extension RegisteredModel {
    init(mlflow fields: RecordFields) throws(TrackingError) {
        let creationTime = try fields.optionalInteger("creation_timestamp") ?? 0
        self.init(
            name: try fields.string("name"),
            creationTime: creationTime,
            lastUpdatedTime: try fields.optionalInteger("last_updated_timestamp") ?? creationTime,
            description: try fields.optionalString("description") ?? ""
        )
        tags = try fields.pairs("tags")
        for alias in try fields.objects("aliases") {
            aliases.append(ModelAlias(alias: try alias.string("alias"), version: try alias.integer("version")))
        }
    }
}

extension ModelVersion {
    init(mlflow fields: RecordFields) throws(TrackingError) {
        let creationTime = try fields.optionalInteger("creation_timestamp") ?? 0
        self.init(
            name: try fields.string("name"),
            version: try fields.integer("version"),
            creationTime: creationTime,
            lastUpdatedTime: try fields.optionalInteger("last_updated_timestamp") ?? creationTime,
            stage: try ModelStage(parsing: try fields.optionalString("current_stage") ?? ModelStage.none.wireName),
            description: try fields.optionalString("description"),
            source: try fields.optionalString("source") ?? "",
            runID: try fields.optionalString("run_id") ?? "",
            runLink: try fields.optionalString("run_link") ?? ""
        )
        tags = try fields.pairs("tags")
    }
}
