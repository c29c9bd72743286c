internal import JSON
internal import Tracking

extension JSONWriter {
    /// As in MLflow, empty texts are written and empty lists are left out.
    mutating func write(_ model: LoggedModel) {
        let info = model.info
        beginObject()
        memberObject("info") { writer in
            writer.member("model_id", info.modelID)
            writer.member("experiment_id", String(info.experimentID))
            writer.member("name", info.name)
            writer.member("creation_timestamp_ms", info.creationTime)
            writer.member("last_updated_timestamp_ms", info.lastUpdatedTime)
            writer.member("artifact_uri", info.artifactURI)
            writer.member("status", info.status.wireName)
            writer.member("model_type", info.modelType)
            writer.member("source_run_id", info.sourceRunID)
            writer.member("status_message", ifPresent: info.statusMessage)
            writer.write(model.tags, as: "tags")
        }
        memberObject("data") { writer in
            writer.writePairs(model.params.lazy.map { ($0.key, $0.value) }, as: "params", isEmpty: model.params.isEmpty)
            guard !model.metrics.isEmpty else { return }
            writer.memberArray("metrics") { writer in
                for metric in model.metrics { writer.write(metric) }
            }
        }
        endObject()
    }

    private mutating func write(_ point: ModelMetric) {
        beginObject()
        member("key", point.metric.key)
        member("value", point.metric.value)
        member("timestamp", point.metric.timestamp)
        member("step", point.metric.step)
        if let dataset = point.dataset {
            member("dataset_name", dataset.name)
            member("dataset_digest", dataset.digest)
        }
        member("model_id", point.modelID)
        member("run_id", point.runID)
        endObject()
    }
}
