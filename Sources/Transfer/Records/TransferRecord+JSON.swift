internal import JSON
package import Tracking

extension TransferRecord {
    /// Parses one line; nil for a record of an unknown kind, which a later version of Apus may have written.
    ///
    /// - Throws: `.invalidParameterValue`; the message has the name of the wrong member.
    package init?(line: [UInt8]) throws(TrackingError) {
        let document: JSONDocument
        do {
            document = try JSONDocument(parsing: line)
        } catch {
            throw .invalidParameter("not valid JSON: \(error)")
        }
        try self.init(document.root)
    }

    private init?(_ value: JSONValue) throws(TrackingError) {
        guard value.kind == .object, let (kind, content) = value.members.first(where: { _ in true }) else {
            throw .invalidParameter("a record is an object with one member, whose name is the kind of the record")
        }
        switch kind {
        case "experiment": self = .experiment(try Experiment(RecordFields(content, kind)))
        case "run": self = .run(try TransferredRun(RecordFields(content, kind)))
        case "points":
            let fields = try RecordFields(content, kind)
            self = .points(
                TransferredPoints(
                    runID: try fields.string("run_id"),
                    key: try fields.string("key"),
                    points: try fields.points("points"),
                    identity: try fields.runIdentity()
                )
            )
        case "logged_model": self = .loggedModel(try TransferredLoggedModel(RecordFields(content, kind)))
        case "model_points": self = .modelPoints(try TransferredModelPoints(RecordFields(content, kind)))
        case "registered_model": self = .registeredModel(try TransferredRegisteredModel(RecordFields(content, kind)))
        case "model_version": self = .modelVersion(try TransferredModelVersion(RecordFields(content, kind)))
        default: return nil
        }
    }
}

extension Experiment {
    fileprivate init(_ fields: RecordFields) throws(TrackingError) {
        let creationTime = try fields.integer("creation_time")
        self.init(
            id: try fields.optionalInteger("experiment_id") ?? Experiment.noID,
            name: try fields.string("name"),
            artifactLocation: try fields.optionalString("artifact_location") ?? "",
            lifecycleStage: try fields.lifecycleStage(),
            creationTime: creationTime,
            lastUpdateTime: try fields.optionalInteger("last_update_time") ?? creationTime,
            tags: try fields.tags("tags")
        )
    }
}

extension TransferredRun {
    fileprivate init(_ fields: RecordFields) throws(TrackingError) {
        let sourceExperiment = try fields.sourceExperiment()
        var run = Run(
            info: RunInfo(
                runID: try fields.string("run_id"),
                name: try fields.optionalString("run_name") ?? "",
                experimentID: sourceExperiment.id,
                userID: try fields.optionalString("user_id") ?? "",
                status: try fields.enumeration("status", default: RunStatus.finished),
                startTime: try fields.integer("start_time"),
                endTime: try fields.optionalInteger("end_time"),
                artifactURI: try fields.optionalString("artifact_uri") ?? "",
                lifecycleStage: try fields.lifecycleStage()
            )
        )
        for param in try fields.tags("params") { run.params.append(Param(key: param.key, value: param.value)) }
        run.tags = try fields.tags("tags")
        for input in try fields.objects("dataset_inputs") {
            let dataset = Dataset(
                name: try input.string("name"),
                digest: try input.string("digest"),
                sourceType: try input.optionalString("source_type") ?? "",
                source: try input.optionalString("source") ?? "",
                schema: try input.optionalString("schema"),
                profile: try input.optionalString("profile")
            )
            run.datasetInputs.append(DatasetInput(dataset: dataset, tags: try input.tags("tags")))
        }
        for input in try fields.objects("model_inputs") {
            run.modelInputs.append(ModelInput(modelID: try input.string("model_id")))
        }
        for output in try fields.objects("model_outputs") {
            run.modelOutputs.append(
                ModelOutput(modelID: try output.string("model_id"), step: try output.optionalInteger("step") ?? 0)
            )
        }
        self.init(run: run, experiment: sourceExperiment, deletedTime: try fields.optionalInteger("deleted_time"))
    }
}

extension TransferredLoggedModel {
    fileprivate init(_ fields: RecordFields) throws(TrackingError) {
        let sourceExperiment = try fields.sourceExperiment()
        let creationTime = try fields.integer("creation_time")
        var model = LoggedModel(
            info: LoggedModelInfo(
                modelID: try fields.string("model_id"),
                experimentID: sourceExperiment.id,
                name: try fields.string("name"),
                artifactURI: try fields.string("artifact_uri"),
                status: try fields.enumeration("status", default: LoggedModelStatus.ready),
                statusMessage: try fields.optionalString("status_message"),
                modelType: try fields.optionalString("model_type") ?? "",
                sourceRunID: try fields.optionalString("source_run_id") ?? "",
                creationTime: creationTime,
                lastUpdatedTime: try fields.optionalInteger("last_updated_time") ?? creationTime,
                lifecycleStage: try fields.lifecycleStage()
            )
        )
        for param in try fields.tags("params") { model.params.append(Param(key: param.key, value: param.value)) }
        model.tags = try fields.tags("tags")
        self.init(model: model, experiment: sourceExperiment)
    }
}

extension TransferredModelPoints {
    fileprivate init(_ fields: RecordFields) throws(TrackingError) {
        let modelID = try fields.string("model_id")
        var points: [ModelMetric] = []
        for point in try fields.objects("points") {
            let name = try point.optionalString("dataset_name") ?? ""
            let digest = try point.optionalString("dataset_digest") ?? ""
            let metric = Metric(
                key: try point.string("key"),
                value: try point.number("value"),
                timestamp: try point.integer("timestamp"),
                step: try point.optionalInteger("step") ?? 0
            )
            let dataset = name.isEmpty || digest.isEmpty ? nil : MetricDataset(name: name, digest: digest)
            points.append(
                ModelMetric(metric: metric, modelID: modelID, runID: try point.string("run_id"), dataset: dataset)
            )
        }
        self.init(modelID: modelID, points: points, identity: try fields.loggedModelIdentity())
    }
}

extension TransferredRegisteredModel {
    fileprivate init(_ fields: RecordFields) throws(TrackingError) {
        let creationTime = try fields.integer("creation_time")
        var model = RegisteredModel(
            name: try fields.string("name"),
            creationTime: creationTime,
            lastUpdatedTime: try fields.optionalInteger("last_updated_time") ?? creationTime,
            description: try fields.optionalString("description") ?? ""
        )
        model.tags = try fields.tags("tags")
        for alias in try fields.objects("aliases") {
            model.aliases.append(ModelAlias(alias: try alias.string("alias"), version: try alias.integer("version")))
        }
        self.init(model: model, lastVersion: try fields.optionalInteger("last_version") ?? 0)
    }
}

extension TransferredModelVersion {
    fileprivate init(_ fields: RecordFields) throws(TrackingError) {
        let creationTime = try fields.integer("creation_time")
        var version = ModelVersion(
            name: try fields.string("name"),
            version: try fields.integer("version"),
            creationTime: creationTime,
            lastUpdatedTime: try fields.optionalInteger("last_updated_time") ?? creationTime,
            stage: try ModelStage(parsing: try fields.optionalString("current_stage") ?? ModelStage.none.wireName),
            description: try fields.optionalString("description"),
            source: try fields.optionalString("source") ?? "",
            runID: try fields.optionalString("run_id") ?? "",
            runLink: try fields.optionalString("run_link") ?? ""
        )
        version.tags = try fields.tags("tags")
        self.init(
            version: version,
            storageLocation: try fields.optionalString("storage_location"),
            modelCreationTime: try fields.integer("model_creation_time")
        )
    }
}
