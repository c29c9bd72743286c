package import JSON
package import Tracking

extension JSONWriter {
    /// Writes a record as the next value: an object with one member, whose name is the kind of the record.
    package mutating func record(_ record: TransferRecord) {
        beginObject()
        switch record {
        case .experiment(let experiment): memberObject("experiment") { $0.members(of: experiment) }
        case .run(let run): memberObject("run") { $0.members(of: run) }
        case .points(let points): memberObject("points") { $0.members(of: points) }
        case .loggedModel(let model): memberObject("logged_model") { $0.members(of: model) }
        case .modelPoints(let points): memberObject("model_points") { $0.members(of: points) }
        case .registeredModel(let model): memberObject("registered_model") { $0.members(of: model) }
        case .modelVersion(let version): memberObject("model_version") { $0.members(of: version) }
        }
        endObject()
    }

    private mutating func members(of experiment: Experiment) {
        member("experiment_id", ifPresent: experiment.id == Experiment.noID ? nil : String(experiment.id))
        member("name", experiment.name)
        member("artifact_location", experiment.artifactLocation)
        member("lifecycle_stage", experiment.lifecycleStage.wireName)
        member("creation_time", experiment.creationTime)
        member("last_update_time", experiment.lastUpdateTime)
        pairs("tags", experiment.tags)
    }

    private mutating func sourceExperiment(_ sourceExperiment: SourceExperiment) {
        member("experiment_id", ifPresent: sourceExperiment.id == Experiment.noID ? nil : String(sourceExperiment.id))
        member("experiment_name", sourceExperiment.name)
        member("experiment_creation_time", ifPresent: sourceExperiment.creationTime)
    }

    private mutating func members(of transferred: TransferredRun) {
        let info = transferred.run.info
        member("run_id", info.runID)
        sourceExperiment(transferred.experiment)
        member("run_name", info.name)
        member("user_id", info.userID)
        member("status", info.status.wireName)
        member("start_time", info.startTime)
        member("end_time", ifPresent: info.endTime)
        member("lifecycle_stage", info.lifecycleStage.wireName)
        member("deleted_time", ifPresent: transferred.deletedTime)
        member("artifact_uri", info.artifactURI)
        pairs("params", transferred.run.params)
        pairs("tags", transferred.run.tags)
        objects("dataset_inputs", transferred.run.datasetInputs) { writer, input in
            writer.member("name", input.dataset.name)
            writer.member("digest", input.dataset.digest)
            writer.member("source_type", input.dataset.sourceType)
            writer.member("source", input.dataset.source)
            writer.member("schema", ifPresent: input.dataset.schema)
            writer.member("profile", ifPresent: input.dataset.profile)
            writer.pairs("tags", input.tags)
        }
        objects("model_inputs", transferred.run.modelInputs) { $0.member("model_id", $1.modelID) }
        objects("model_outputs", transferred.run.modelOutputs) { writer, output in
            writer.member("model_id", output.modelID)
            writer.member("step", output.step)
        }
    }

    private mutating func members(of transferred: TransferredPoints) {
        member("run_id", transferred.runID)
        if let identity = transferred.identity {
            sourceExperiment(identity.experiment)
            member("start_time", identity.startTime)
            member("user_id", identity.userID)
        }
        member("key", transferred.key)
        memberArray("points") { writer in
            for point in transferred.points {
                writer.beginArray()
                writer.int(point.timestamp)
                writer.int(point.step)
                writer.double(point.shownValue)
                writer.endArray()
            }
        }
    }

    private mutating func members(of transferred: TransferredLoggedModel) {
        let info = transferred.model.info
        member("model_id", info.modelID)
        sourceExperiment(transferred.experiment)
        member("name", info.name)
        member("artifact_uri", info.artifactURI)
        member("status", info.status.wireName)
        member("status_message", ifPresent: info.statusMessage)
        member("model_type", info.modelType)
        member("source_run_id", info.sourceRunID)
        member("creation_time", info.creationTime)
        member("last_updated_time", info.lastUpdatedTime)
        member("lifecycle_stage", info.lifecycleStage.wireName)
        pairs("params", transferred.model.params)
        pairs("tags", transferred.model.tags)
    }

    private mutating func members(of transferred: TransferredModelPoints) {
        member("model_id", transferred.modelID)
        if let identity = transferred.identity {
            sourceExperiment(identity.experiment)
            member("creation_time", identity.creationTime)
        }
        memberArray("points") { writer in
            for point in transferred.points {
                writer.beginObject()
                writer.member("run_id", point.runID)
                writer.member("key", point.metric.key)
                writer.member("value", point.metric.value)
                writer.member("timestamp", point.metric.timestamp)
                writer.member("step", point.metric.step)
                writer.member("dataset_name", ifPresent: point.dataset?.name)
                writer.member("dataset_digest", ifPresent: point.dataset?.digest)
                writer.endObject()
            }
        }
    }

    private mutating func members(of transferred: TransferredRegisteredModel) {
        let model = transferred.model
        member("name", model.name)
        member("creation_time", model.creationTime)
        member("last_updated_time", model.lastUpdatedTime)
        member("description", model.description)
        member("last_version", transferred.lastVersion)
        pairs("tags", model.tags)
        objects("aliases", model.aliases) { writer, alias in
            writer.member("alias", alias.alias)
            writer.member("version", alias.version)
        }
    }

    private mutating func members(of transferred: TransferredModelVersion) {
        let version = transferred.version
        member("name", version.name)
        member("version", version.version)
        member("model_creation_time", transferred.modelCreationTime)
        member("creation_time", version.creationTime)
        member("last_updated_time", version.lastUpdatedTime)
        member("current_stage", version.stage.wireName)
        member("description", ifPresent: version.description)
        member("source", version.source)
        member("storage_location", ifPresent: transferred.storageLocation)
        member("run_id", version.runID)
        member("run_link", version.runLink)
        pairs("tags", version.tags)
    }

    /// Writes a member with a list of objects; nothing if the list is empty.
    ///
    /// - Parameter members: writes the members of one object.
    mutating func objects<Item>(_ name: StaticString, _ items: [Item], _ members: (inout JSONWriter, Item) -> Void) {
        guard !items.isEmpty else { return }
        memberArray(name) { writer in
            for item in items {
                writer.beginObject()
                members(&writer, item)
                writer.endObject()
            }
        }
    }

    private mutating func pairs(_ name: StaticString, _ pairs: [Tag]) {
        self.pairs(name, pairs.map { ($0.key, $0.value) })
    }

    private mutating func pairs(_ name: StaticString, _ pairs: [Param]) {
        self.pairs(name, pairs.map { ($0.key, $0.value) })
    }
}
