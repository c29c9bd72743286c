internal import HTTPWire
internal import JSON
internal import Tracking

extension MLflowAPI {
    var loggingEndpoints: [[Endpoint]] {
        [
            endpoint(.post, .tracking, "runs/log-metric", .change(.run).unaudited, logMetric),
            endpoint(.post, .tracking, "runs/log-parameter", .change(.run).unaudited, logParam),
            endpoint(.post, .tracking, "runs/set-tag", .change(.run).unaudited, setTag),
            endpoint(.post, .tracking, "runs/delete-tag", .change(.runID).unaudited, deleteTag),
            endpoint(.post, .tracking, "runs/log-batch", .change(.runID).unaudited, logBatch),
            endpoint(.post, .tracking, "runs/log-inputs", .change(.runID).unaudited, logInputs),
            endpoint(.post, .tracking, "runs/outputs", .change(.runID).unaudited, logOutputs),
            endpoint(.post, .tracking, "runs/log-model", .change(.runID).unaudited, logModel),
        ]
    }

    private func logMetric(_ message: RequestMessage) throws -> Operation {
        let runID = try message.requiredRunID()
        let metric = Metric(
            key: try message.requiredString("key"),
            value: try message.requiredDouble("value"),
            timestamp: try message.requiredInteger("timestamp"),
            step: try message.integer("step") ?? 0
        )
        let modelMetric = try message.modelMetric(metric, runID: runID)
        try validateMetric(metric)
        let batch = LogBatch(metrics: [metric], modelMetrics: modelMetric.map { [$0] } ?? [])
        return .log { try $0.log(batch, runID: runID) }
    }

    private func logParam(_ message: RequestMessage) throws -> Operation {
        let runID = try message.requiredRunID()
        let key = try message.requiredString("key")
        let value = try message.string("value") ?? ""
        let param = try validatedParam(Param(key: key, value: value), longValues: settings.longValues)
        return .log { try $0.logParam(param, runID: runID) }
    }

    private func setTag(_ message: RequestMessage) throws -> Operation {
        let runID = try message.requiredRunID()
        let key = try message.requiredString("key")
        let value = try message.string("value") ?? ""
        let tag = try validatedTag(Tag(key: key, value: value), longValues: settings.longValues)
        return .log { try $0.log(LogBatch(tags: [tag]), runID: runID) }
    }

    private func deleteTag(_ message: RequestMessage) throws -> Operation {
        let runID = try message.requiredRunIDOnly()
        let key = try message.requiredString("key")
        return .write { try $0.deleteTag(key: key, runID: runID) }
    }

    private func logBatch(_ message: RequestMessage) throws -> Operation {
        let runID = try message.requiredString("run_id")
        let (metrics, modelMetrics) = try message.batchMetrics(runID: runID)
        let batch = LogBatch(
            metrics: metrics,
            modelMetrics: modelMetrics,
            params: try message.batchPairs("params").map { Param(key: $0.key, value: $0.value) },
            tags: try message.batchPairs("tags").map { Tag(key: $0.key, value: $0.value) }
        )
        try validateRunID(runID)
        let validated = try batch.validated(longValues: settings.longValues)
        return .log { try $0.log(validated, runID: runID) }
    }

    private func logInputs(_ message: RequestMessage) throws -> Operation {
        let runID = try message.requiredString("run_id")
        let datasets = try message.boundedMessages("datasets").map { try $0.datasetInput() }
        let models = try message.boundedMessages("models").map {
            ModelInput(modelID: try $0.boundedString("model_id") ?? "")
        }
        try validateRunID(runID)
        for input in datasets { try validateDatasetInput(input) }
        return .write { try $0.logInputs(datasets: datasets, models: models, runID: runID) }
    }

    private func logOutputs(_ message: RequestMessage) throws -> Operation {
        let runID = try message.requiredString("run_id")
        guard try message.field("models", isRequired: true) != nil else { throw RequestMessage.missing("models") }
        let models = try message.boundedMessages("models").map {
            ModelOutput(modelID: try $0.boundedString("model_id") ?? "", step: try $0.integer("step") ?? 0)
        }
        return .write { try $0.logOutputs(models: models, runID: runID) }
    }

    private func logModel(_ message: RequestMessage) throws -> Operation {
        let runID = try message.requiredRunIDOnly()
        let model = try LegacyModel(json: try message.requiredString("model_json"))
        return .write { try $0.appendLoggedModel(model.tagText, runID: runID) }
    }
}

extension RequestMessage {
    /// Returns the metric with the logged model and dataset that the message names; nil if it names no logged model.
    fileprivate func modelMetric(_ metric: Metric, runID: String) throws(TrackingError) -> ModelMetric? {
        let modelID = try string("model_id") ?? ""
        let dataset = MetricDataset(
            name: try boundedString("dataset_name") ?? "",
            digest: try boundedString("dataset_digest") ?? ""
        )
        guard dataset.name.isEmpty == dataset.digest.isEmpty else {
            throw .invalidParameter("Both dataset_name and dataset_digest must be provided if one is provided")
        }
        guard !modelID.isEmpty else { return nil }
        return ModelMetric(
            metric: metric,
            modelID: modelID,
            runID: runID,
            dataset: dataset.name.isEmpty ? nil : dataset
        )
    }

    fileprivate func batchMetrics(
        runID: String
    ) throws(TrackingError) -> (metrics: [Metric], modelMetrics: [ModelMetric]) {
        let messages = try messages("metrics")
        var metrics: [Metric] = []
        var modelMetrics: [ModelMetric] = []
        metrics.reserveCapacity(messages.count)
        for (index, message) in messages.enumerated() {
            let key = try message.string("key") ?? ""
            guard !key.isEmpty else { throw Self.missing("metrics[\(index)].key") }
            guard let value = try message.field("value"), !value.isEmptyText else {
                throw Self.missing("metrics[\(index)].value")
            }
            guard let timestamp = try message.field("timestamp"), !timestamp.isEmptyText else {
                throw Self.missing("metrics[\(index)].timestamp")
            }
            let step = try message.field("step")
            let metric = Metric(
                key: key,
                value: try value.double("metrics[\(index)].value"),
                timestamp: try timestamp.integer("metrics[\(index)].timestamp"),
                step: try step?.integer("metrics[\(index)].step") ?? 0
            )
            metrics.append(metric)
            // Most metrics have only these fields, so that the other fields need not be looked up.
            guard message.count > (step == nil ? 3 : 4) else { continue }
            if let modelMetric = try message.modelMetric(metric, runID: runID) { modelMetrics.append(modelMetric) }
        }
        return (metrics, modelMetrics)
    }

    fileprivate func batchPairs(_ name: String) throws(TrackingError) -> [(key: String, value: String)] {
        var pairs: [(key: String, value: String)] = []
        for (index, message) in try messages(name).enumerated() {
            let key = try message.field("key")?.string("\(name)[\(index)].key") ?? ""
            guard !key.isEmpty else { throw Self.missing("\(name)[\(index)].key") }
            pairs.append((key, try message.field("value")?.string("\(name)[\(index)].value") ?? ""))
        }
        return pairs
    }

    fileprivate func datasetInput() throws(TrackingError) -> DatasetInput {
        guard let dataset = try message("dataset") else {
            throw .invalidParameter("Dataset input must have a dataset associated with it.")
        }
        let tags = try tags("tags")
        try MLflowAPI.requireUniqueKeys(tags.map(\.key), kind: "tag")
        return DatasetInput(
            dataset: Dataset(
                name: try dataset.string("name") ?? "",
                digest: try dataset.string("digest") ?? "",
                sourceType: try dataset.boundedString("source_type") ?? "",
                source: try dataset.string("source") ?? "",
                schema: try dataset.string("schema"),
                profile: try dataset.string("profile")
            ),
            tags: tags
        )
    }
}
