internal import ArtifactStore
internal import Coding
internal import HTTPWire
internal import JSON
internal import Tracking
internal import TrackingStore

/// An upstream that speaks MLflow's REST API and gives each item an id of its own.
///
/// Each run, logged model and version that is created gets a tag with its id in this store. Before one is created, it
/// is searched for by this tag or by its name, because the answer to an earlier creation may have been lost.
struct MLflowUpstream: Upstream {
    /// The tags by which created items are found again.
    enum SourceTag {
        static let run = "apus.source_run_id"
        static let model = "apus.source_model_id"
        static let version = "apus.source_version"
    }

    let calls: any UpstreamCalls
    let targets: ForwardTargets
    var runs: RunCalls { RunCalls(calls: calls) }

    let title = "MLflow"
    let sendsManyRunsPerCall = false
    let mayCreateTwice = true

    init(_ calls: any UpstreamCalls, _ targets: ForwardTargets) {
        self.calls = calls
        self.targets = targets
    }

    func send(_ experiment: Experiment, journalEntry: ForwardedEntity?) throws(UpstreamFailure) -> ItemOutcome {
        if let outcome = try runs.update(journalEntry, experiment) { return outcome }
        var outcome = ItemOutcome(remoteID: "")
        var found = try self.experiment(named: experiment.name)
        if found == nil {
            do {
                let answer = try runs.post("experiments/create") { $0.member("name", experiment.name) }
                outcome.remoteID = answer["experiment_id"]?.string ?? ""
            } catch let error where error.code == "RESOURCE_ALREADY_EXISTS" {
                found = try self.experiment(named: experiment.name)
            }
        }
        if let found { outcome.remoteID = found }
        guard !outcome.remoteID.isEmpty else { throw .invalidAnswer("its answer has no experiment ID") }
        try runs.update(outcome.remoteID, experiment, isOurs: found == nil, &outcome.omissions)
        return outcome
    }

    private func experiment(named name: String) throws(UpstreamFailure) -> String? {
        do {
            let found = try runs.get("experiments/get-by-name", [("experiment_name", name)])["experiment"]
            guard found?["name"]?.string?.isExactly(name) == true else { return nil }
            return found?["experiment_id"]?.string
        } catch let error where error.kind == .missing { return nil }
    }

    func has(_ entity: KnownUpstreamEntity) throws(UpstreamFailure) -> Bool {
        switch entity {
        case .run(let id, let remoteID): try isOurs(remoteID, id)
        case .experiment(let name, let remoteID): try runs.has(experiment: remoteID, named: name)
        }
    }

    /// Whether the tag of the upstream's run says that it was created for this run of this store.
    private func isOurs(_ remoteID: String, _ source: String) throws(UpstreamFailure) -> Bool {
        let run = try runs.get("runs/get", [("run_id", remoteID)])["run"]
        return run?["info"]?["run_id"]?.string == remoteID && Self.hasTag(run?["data"]?["tags"], SourceTag.run, source)
    }

    static func hasTag(_ tags: JSONValue?, _ key: String, _ value: String) -> Bool {
        tags.map { Array($0.elements) }?.contains { $0["key"]?.string == key && $0["value"]?.string == value } ?? false
    }

    func send(_ parcels: [RunParcel]) throws(UpstreamFailure) -> [RunOutcome] {
        parcels.map { parcel in
            var outcome = RunOutcome(remoteID: parcel.forwarded.journal.remoteID, sent: parcel.forwarded.journal.sent)
            do throws(UpstreamFailure) {
                try send(parcel, &outcome)
            } catch { outcome.failure = error }
            return outcome
        }
    }

    private func send(_ parcel: RunParcel, _ outcome: inout RunOutcome) throws(UpstreamFailure) {
        var sent = parcel.stateWhileSending
        defer { if outcome.remoteID != nil { outcome.sent = sent } }
        let remoteID: String
        if let earlierID = outcome.remoteID {
            remoteID = earlierID
        } else {
            let found = try run(of: parcel.forwarded.runID, in: parcel.experiment)
            sent.unansweredTime = nil
            if let found {
                remoteID = found.id
                sent.isDeleted = found.isDeleted
            } else {
                let creation = try runs.restoringExperiment(parcel.experiment) { () throws(UpstreamFailure) in
                    try create(parcel, &outcome)
                }
                remoteID = creation.created
                // If `restoringExperiment` has restored the experiment and deleted it again, the run was deleted with it.
                sent.isDeleted = creation.wasRestored
            }
            outcome.remoteID = remoteID
        }
        let ids = [parcel.forwarded.runID: remoteID]
        try runs.update(remoteID, parcel, sent: &sent, omissions: &outcome.omissions) { tag throws(UpstreamFailure) in
            try rewritten(tag, ids, &outcome.missing)
        }
        // These parts are sent again when the upstream has the run or model that they name.
        for missing in outcome.missing { sent.markInDoubt(missing.part) }
        let inputs = SentRun.inputsFingerprint(parcel.run)
        if sent.inputs != inputs, try logInputs(parcel.run, remoteID, &outcome) { sent.inputs = inputs }
        let points = parcel.points.map { (key: $0.series.key, points: $0.points) }
        try runs.log(remoteID, points: points, omissions: &outcome.omissions)
        outcome.hasSentPoints = true
        try runs.applyDeletion(remoteID, parcel, sent: &sent)
    }

    /// Finds the upstream's run that was created for a run of this store.
    ///
    /// If there are several runs, one that is not deleted is preferred, and then the one with the lowest id; the others
    /// are deleted.
    private func run(of source: String, in experiment: String) throws(UpstreamFailure) -> (id: String, isDeleted: Bool)?
    {
        let found = try runs.search("runs", in: experiment, limit: 500, SourceTag.run, source) { $0["data"]?["tags"] }
        let all = found.compactMap { run -> (id: String, isDeleted: Bool)? in
            guard let id = run["info"]?["run_id"]?.string else { return nil }
            return (id, run["info"]?["lifecycle_stage"]?.string == "deleted")
        }.sorted { ($0.isDeleted ? 1 : 0, $0.id) < ($1.isDeleted ? 1 : 0, $1.id) }
        for extra in all.dropFirst() where !extra.isDeleted { try runs.setDeleted(extra.id, true) }
        return all.first
    }

    /// Creates a run.
    ///
    /// - Parameter outcome: its `sent` is set if the call failed in such a way that the run may have been created.
    private func create(_ parcel: RunParcel, _ outcome: inout RunOutcome) throws(UpstreamFailure) -> String {
        let info = parcel.run.info
        outcome.sent = parcel.stateWhileSending
        let answer: JSONValue
        do {
            answer = try runs.post("runs/create") { writer in
                writer.member("experiment_id", parcel.experiment)
                writer.member("user_id", info.userID)
                writer.member("run_name", info.name)
                writer.member("start_time", info.startTime)
                writer.pairs("tags", [(SourceTag.run, info.runID)])
            }
        } catch {
            if !error.mayBeCarriedOut { outcome.sent = nil }
            throw error
        }
        guard let id = answer["run"]?["info"]?["run_id"]?.string else {
            throw .invalidAnswer("its answer has no run ID")
        }
        guard try isOurs(id, info.runID) else {
            throw UpstreamFailure(.refused, "it answers the creation of the run with the ID of another run")
        }
        return id
    }

    /// Returns a tag with the upstream's ids; nil if a run or model that the tag names still has to be sent, or if it names
    /// a parent run that this server does not send.
    private func rewritten(
        _ tag: Tag,
        _ ids: [String: String],
        _ missing: inout [MissingTarget]
    ) throws(UpstreamFailure) -> Tag? {
        switch tag.key {
        case "mlflow.parentRunId":
            let parent = try targets.presence(ofRun: tag.value)
            switch parent {
            case .present(let id): return Tag(key: tag.key, value: id)
            // The parent may be a run that only the upstream has.
            case .foreign: return tag
            case .pending, .withheld:
                let reason = "the upstream does not have its parent, the run \(tag.value)"
                let part = ForwardOmission.part(ofTag: tag.key)
                missing.append(MissingTarget(id: tag.value, part: part, reason: reason, willBeSent: parent == .pending))
                return nil
            }
        case "mlflow.log-model.history":
            return Tag(key: tag.key, value: ids.reduce(tag.value) { $0.replacing($1.key, with: $1.value) })
        default:
            var models: [(id: String, willBeSent: Bool)] = []
            let value = try translated(tag.value, ids, &models)
            for model in models {
                let reason = "it names the model \(model.id), which the upstream does not have"
                let part = ForwardOmission.part(ofTag: tag.key)
                missing.append(MissingTarget(id: model.id, part: part, reason: reason, willBeSent: model.willBeSent))
            }
            return models.contains(where: \.willBeSent) ? nil : Tag(key: tag.key, value: value)
        }
    }

    /// Links the run with its datasets and models.
    ///
    /// - Returns: false if the upstream lacks a model that the run names. Nothing is linked if such a model still has to be sent.
    private func logInputs(_ run: Run, _ remoteID: String, _ outcome: inout RunOutcome) throws(UpstreamFailure) -> Bool
    {
        var (inputs, outputs): ([ModelInput], [ModelOutput]) = ([], [])
        var localIDs: [String: String] = [:]
        let before = outcome.missing.count
        for var input in run.modelInputs {
            guard let id = try model(input.modelID, &outcome) else { continue }
            localIDs[id] = input.modelID
            input.modelID = id
            inputs.append(input)
        }
        for var output in run.modelOutputs {
            guard let id = try model(output.modelID, &outcome) else { continue }
            localIDs[id] = output.modelID
            output.modelID = id
            outputs.append(output)
        }
        // The links are sent in one call, after all models have been sent.
        guard !outcome.missing[before...].contains(where: \.willBeSent) else { return false }
        try runs.link(
            remoteID,
            datasets: run.datasetInputs,
            inputs: inputs,
            outputs: outputs,
            localIDs: localIDs,
            &outcome.omissions
        )
        return outcome.missing.count == before
    }

    /// Returns the upstream's id of a model that a run names; if the upstream does not have it, notes that and returns nil.
    private func model(_ id: String, _ outcome: inout RunOutcome) throws(UpstreamFailure) -> String? {
        let model = try targets.presence(ofModel: id)
        let part = ForwardOmission.part(ofModel: id)
        switch model {
        case .present(let remoteID): return remoteID
        case .foreign: outcome.omissions.append((part, "the upstream does not have it"))
        case .pending, .withheld:
            let reason = "the upstream does not have it"
            outcome.missing.append(MissingTarget(id: id, part: part, reason: reason, willBeSent: model == .pending))
        }
        return nil
    }

    func folder(of files: FileOwner) throws(UpstreamFailure) -> UploadFolder {
        let location = try runs.artifactLocation(of: files.owner, as: files.remoteID)
        guard let location, let path = ProxiedPath.of(location) else {
            let description = location.flatMap { $0.isEmpty ? nil : $0 } ?? "an unknown location"
            return .elsewhere("the upstream keeps files at \(description), not among its proxied artifacts")
        }
        return .proxied(path, location: location)
    }

    func put(_ file: OpenArtifact, of owner: FileOwner, at location: String, to path: String) throws(UpstreamFailure) {
        if path.split(separator: "/").last == "MLmodel", let text = ModelFile.read(file) {
            let ids = try ids(in: text)
            let rewrittenText = ModelFile.rewritten(text, ids: ids, location: (local: owner.location, remote: location))
            return try calls.putArtifact(.bytes(Array(rewrittenText.utf8)), at: path)
        }
        try calls.putArtifact(.file(file), at: path)
    }

    /// The upstream's ids of the run and the model that an `MLmodel` file names, by their ids in this store.
    private func ids(in text: String) throws(UpstreamFailure) -> [String: String] {
        var ids: [String: String] = [:]
        if let id = ModelFile.value(of: "run_id", in: text) { ids[id] = try targets.targetID(ofRun: id) }
        if let id = ModelFile.value(of: "model_id", in: text),
            case .present(let remoteID) = try targets.presence(ofModel: id)
        {
            ids[id] = remoteID
        }
        return ids
    }
}
