internal import JSON
internal import Tracking

// Unset fields and empty lists are left out, as in MLflow's protobuf JSON.
extension JSONWriter {
    mutating func write(_ experiment: Experiment) {
        beginObject()
        member("experiment_id", String(experiment.id))
        member("name", experiment.name)
        member("artifact_location", experiment.artifactLocation)
        member("lifecycle_stage", experiment.lifecycleStage.wireName)
        member("last_update_time", experiment.lastUpdateTime)
        member("creation_time", experiment.creationTime)
        write(experiment.tags, as: "tags")
        member("workspace", "default")
        endObject()
    }

    /// - Parameter showsOutputs: whether to write the member `outputs`, which the answer to `runs/create` lacks.
    mutating func write(_ run: Run, showsOutputs: Bool = true) {
        beginObject()
        key("info")
        write(run.info)
        memberObject("data") { writer in
            if !run.metrics.isEmpty {
                writer.memberArray("metrics") { writer in
                    for metric in run.metrics { writer.write(metric) }
                }
            }
            writer.writePairs(run.params.lazy.map { ($0.key, $0.value) }, as: "params", isEmpty: run.params.isEmpty)
            writer.write(run.tags, as: "tags")
        }
        memberObject("inputs") { $0.writeInputs(of: run) }
        if showsOutputs { memberObject("outputs") { $0.writeOutputs(of: run) } }
        endObject()
    }

    mutating func write(_ info: RunInfo) {
        beginObject()
        member("run_uuid", info.runID)
        member("experiment_id", String(info.experimentID))
        member("run_name", info.name)
        member("user_id", info.userID)
        member("status", info.status.wireName)
        member("start_time", info.startTime)
        if let endTime = info.endTime, endTime != 0 { member("end_time", endTime) }
        member("artifact_uri", info.artifactURI)
        member("lifecycle_stage", info.lifecycleStage.wireName)
        member("run_id", info.runID)
        endObject()
    }

    mutating func write(_ metric: Metric) {
        beginObject()
        member("key", metric.key)
        member("value", metric.value)
        member("timestamp", metric.timestamp)
        member("step", metric.step)
        endObject()
    }

    mutating func write(_ tags: [Tag], as name: StaticString) {
        writePairs(tags.lazy.map { ($0.key, $0.value) }, as: name, isEmpty: tags.isEmpty)
    }

    mutating func writePairs(_ pairs: some Sequence<(String, String)>, as name: StaticString, isEmpty: Bool) {
        guard !isEmpty else { return }
        memberArray(name) { writer in
            for (key, value) in pairs {
                writer.beginObject()
                writer.member("key", key)
                writer.member("value", value)
                writer.endObject()
            }
        }
    }

    private mutating func writeInputs(of run: Run) {
        if !run.datasetInputs.isEmpty {
            memberArray("dataset_inputs") { writer in
                for input in run.datasetInputs { writer.write(input) }
            }
        }
        if !run.modelInputs.isEmpty {
            memberArray("model_inputs") { writer in
                for model in run.modelInputs {
                    writer.beginObject()
                    writer.member("model_id", model.modelID)
                    writer.endObject()
                }
            }
        }
    }

    private mutating func writeOutputs(of run: Run) {
        guard !run.modelOutputs.isEmpty else { return }
        memberArray("model_outputs") { writer in
            for model in run.modelOutputs {
                writer.beginObject()
                writer.member("model_id", model.modelID)
                writer.member("step", model.step)
                writer.endObject()
            }
        }
    }

    private mutating func write(_ input: DatasetInput) {
        beginObject()
        write(input.tags, as: "tags")
        memberObject("dataset") { writer in
            writer.member("name", input.dataset.name)
            writer.member("digest", input.dataset.digest)
            writer.member("source_type", input.dataset.sourceType)
            writer.member("source", input.dataset.source)
            if let schema = input.dataset.schema, !schema.isEmpty { writer.member("schema", schema) }
            if let profile = input.dataset.profile, !profile.isEmpty { writer.member("profile", profile) }
        }
        endObject()
    }
}
