internal import ArtifactStore
internal import Coding
internal import HTTPWire
internal import JSON
internal import Tracking
internal import TrackingStore

/// A server that speaks MLflow's REST API and gives things ids of its own.
///
/// What is created carries the id from here as a tag. Before something is created it is looked for by that tag, or by its
/// name: the answer to an earlier creation may have been lost.
struct MLflowUpstream: Upstream {
    /// The tags by which things are found again.
    enum SourceTag {
        static let run = "apus.source_run_id"
        static let model = "apus.source_model_id"
        static let version = "apus.source_version"
    }

    let calls: any UpstreamCalls
    let targets: ForwardTargets
    var runs: RunCalls { RunCalls(calls: calls) }

    let title = "MLflow"
    let takesMany = false
    let mayCreateTwice = true

    init(_ calls: any UpstreamCalls, _ targets: ForwardTargets) {
        self.calls = calls
        self.targets = targets
    }

    func take(_ experiment: Experiment, known: ForwardedThing?) throws(UpstreamFailure) -> ThingOutcome {
        var outcome = ThingOutcome(target: "")
        if let known {
            do {
                try runs.complete(known.target, experiment, &outcome.omissions)
                outcome.target = known.target
                return outcome
            } catch let error where error.kind == .missing {
                // It was removed there.
            }
        }
        var found = try self.experiment(named: experiment.name)
        if found == nil {
            do {
                let answer = try runs.post("experiments/create") { $0.member("name", experiment.name) }
                outcome.target = answer["experiment_id"]?.string ?? ""
            } catch let error where error.code == "RESOURCE_ALREADY_EXISTS" {
                found = try self.experiment(named: experiment.name)
            }
        }
        if let found { outcome.target = found }
        guard !outcome.target.isEmpty else { throw .strange("it does not say the id of an experiment") }
        try runs.complete(outcome.target, experiment, isOurs: found == nil, &outcome.omissions)
        return outcome
    }

    private func experiment(named name: String) throws(UpstreamFailure) -> String? {
        do {
            let found = try runs.get("experiments/get-by-name", [("experiment_name", name)])["experiment"]
            guard found?["name"]?.string?.isExactly(name) == true else { return nil }
            return found?["experiment_id"]?.string
        } catch let error where error.kind == .missing {
            return nil
        }
    }

    func holds(_ evidence: ForwardEvidence) throws(UpstreamFailure) -> Bool {
        switch evidence {
        case .run(let id, let target): try isOurs(target, id)
        case .experiment(let name, let target): try runs.has(experiment: target, named: name)
        }
    }

    /// Whether a run there was created for one from here.
    private func isOurs(_ target: String, _ source: String) throws(UpstreamFailure) -> Bool {
        let run = try runs.get("runs/get", [("run_id", target)])["run"]
        return run?["info"]?["run_id"]?.string == target && Self.hasTag(run?["data"]?["tags"], SourceTag.run, source)
    }

    static func hasTag(_ tags: JSONValue?, _ key: String, _ value: String) -> Bool {
        tags.map { Array($0.elements) }?.contains { $0["key"]?.string == key && $0["value"]?.string == value } ?? false
    }

    func take(_ parcels: [RunParcel]) throws(UpstreamFailure) -> [RunOutcome] {
        parcels.map { parcel in
            var outcome = RunOutcome(
                target: parcel.forwarded.journal.target,
                sent: parcel.forwarded.journal.known
            )
            do throws(UpstreamFailure) {
                try take(parcel, &outcome)
            } catch {
                outcome.failure = error
            }
            return outcome
        }
    }

    private func take(_ parcel: RunParcel, _ outcome: inout RunOutcome) throws(UpstreamFailure) {
        var sent = parcel.doubted
        defer { if outcome.target != nil { outcome.sent = sent } }
        let target: String
        if let known = outcome.target {
            target = known
        } else {
            let found = try run(of: parcel.forwarded.runID, in: parcel.experiment)
            if let found { target = found.id } else { target = try create(parcel, &outcome) }
            sent.askedTime = nil
            sent.isDeleted = found?.isDeleted ?? false
            outcome.target = target
        }
        let ids = [parcel.forwarded.runID: target]
        try runs.complete(target, parcel, sent: &sent, omissions: &outcome.omissions) { tag throws(UpstreamFailure) in
            try rewritten(tag, ids, &outcome.missing)
        }
        // They are sent again when what they name has come.
        for missing in outcome.missing { sent.forget(missing.part) }
        let whole = SentRun(parcel.run)
        if sent.inputs != whole.inputs, try logInputs(parcel.run, target, &outcome) {
            sent.inputs = whole.inputs
        }
        let points = parcel.points.map { (key: $0.series.key, points: $0.points) }
        try runs.log(target, points: points, omissions: &outcome.omissions)
        outcome.tookPoints = true
        try runs.finish(target, parcel, sent: &sent)
    }

    /// A run that was created for one from here; of several the one with the lowest id, and the others are deleted.
    private func run(of source: String, in experiment: String) throws(UpstreamFailure) -> (id: String, isDeleted: Bool)?
    {
        let found = try runs.search("runs", in: experiment, page: 500, SourceTag.run, source) { $0["data"]?["tags"] }
        let all = found.compactMap { run -> (id: String, isDeleted: Bool)? in
            guard let id = run["info"]?["run_id"]?.string else { return nil }
            return (id, run["info"]?["lifecycle_stage"]?.string == "deleted")
        }.sorted { ($0.isDeleted ? 1 : 0, $0.id) < ($1.isDeleted ? 1 : 0, $1.id) }
        for extra in all.dropFirst() where !extra.isDeleted { try runs.setDeleted(extra.id, true) }
        return all.first
    }

    /// Creates a run.
    ///
    /// - Parameter outcome: says that the run may be there where it is not certain that it is not.
    private func create(_ parcel: RunParcel, _ outcome: inout RunOutcome) throws(UpstreamFailure) -> String {
        let info = parcel.run.info
        outcome.sent = parcel.doubted
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
            if !error.mayBeDone { outcome.sent = nil }
            throw error
        }
        guard let id = answer["run"]?["info"]?["run_id"]?.string else {
            throw .strange("it does not say the id of a run")
        }
        guard try isOurs(id, info.runID) else {
            throw UpstreamFailure(.refused, "it answers the creation of the run with the id of another one")
        }
        return id
    }

    /// A tag as it is to be there; nil while the parent or a model that it names is still to be sent.
    private func rewritten(
        _ tag: Tag,
        _ ids: [String: String],
        _ missing: inout [MissingTarget]
    ) throws(UpstreamFailure) -> Tag? {
        switch tag.key {
        case "mlflow.parentRunId":
            let parent = try targets.namedRun(tag.value)
            switch parent {
            case .there(let id): return Tag(key: tag.key, value: id)
            // It may be a run of the upstream itself.
            case .foreign: return tag
            case .coming, .left:
                let reason = "its parent, the run \(tag.value), is not there"
                let part = ForwardOmission.part(ofTag: tag.key)
                missing.append(
                    MissingTarget(id: tag.value, part: part, reason: reason, isComing: parent == .coming)
                )
                return nil
            }
        case "mlflow.log-model.history":
            return Tag(key: tag.key, value: ids.reduce(tag.value) { $0.replacing($1.key, with: $1.value) })
        default:
            var models: [(id: String, isComing: Bool)] = []
            let value = try translated(tag.value, ids, &models)
            for model in models {
                let reason = "it names the model \(model.id), which is not there"
                let part = ForwardOmission.part(ofTag: tag.key)
                missing.append(MissingTarget(id: model.id, part: part, reason: reason, isComing: model.isComing))
            }
            return models.contains(where: \.isComing) ? nil : Tag(key: tag.key, value: value)
        }
    }

    /// - Returns: false while a model is not there that the run names.
    private func logInputs(_ run: Run, _ target: String, _ outcome: inout RunOutcome) throws(UpstreamFailure) -> Bool {
        var (inputs, outputs): ([ModelInput], [ModelOutput]) = ([], [])
        var names: [String: String] = [:]
        let before = outcome.missing.count
        for var input in run.modelInputs {
            guard let id = try model(input.modelID, &outcome) else { continue }
            names[id] = input.modelID
            input.modelID = id
            inputs.append(input)
        }
        for var output in run.modelOutputs {
            guard let id = try model(output.modelID, &outcome) else { continue }
            names[id] = output.modelID
            output.modelID = id
            outputs.append(output)
        }
        // What waits is sent once, with all that it waits for.
        guard !outcome.missing[before...].contains(where: \.isComing) else { return false }
        try runs.link(
            target,
            datasets: run.datasetInputs,
            inputs: inputs,
            outputs: outputs,
            names: names,
            &outcome.omissions
        )
        return outcome.missing.count == before
    }

    /// The id there of a model that a run names; nil if it is not there, which is noted.
    private func model(_ id: String, _ outcome: inout RunOutcome) throws(UpstreamFailure) -> String? {
        let model = try targets.model(id)
        let part = ForwardOmission.part(ofModel: id)
        switch model {
        case .there(let target): return target
        case .foreign: outcome.omissions.append((part, "the upstream does not have it"))
        case .coming, .left:
            let reason = "the upstream does not have it"
            outcome.missing.append(MissingTarget(id: id, part: part, reason: reason, isComing: model == .coming))
        }
        return nil
    }

    func place(of files: FileOwner) throws(UpstreamFailure) -> FilePlace {
        let location: String?
        switch files.owner {
        case .run:
            location = try runs.get("runs/get", [("run_id", files.target)])["run"]?["info"]?["artifact_uri"]?.string
        case .loggedModel:
            let answer = try runs.get("logged-models/\(PercentCoding.encode(files.target))", [])
            location = answer["model"]?["info"]?["artifact_uri"]?.string
        }
        guard let location, let path = ProxiedPath.of(location) else {
            let place = location.flatMap { $0.isEmpty ? nil : $0 } ?? "an unknown place"
            return .elsewhere("the upstream keeps files at \(place), which is no folder of its artifacts")
        }
        return .proxied(path, location: location)
    }

    func put(_ file: OpenArtifact, of owner: FileOwner, at location: String, to path: String) throws(UpstreamFailure) {
        if path.split(separator: "/").last == "MLmodel", let text = ModelFile.read(file) {
            let ids = try ids(in: text)
            let there = ModelFile.rewritten(text, ids: ids, location: (owner.location, location))
            return try calls.putArtifact(.bytes(Array(there.utf8)), at: path)
        }
        try calls.putArtifact(.file(file), at: path)
    }

    /// The ids there of the run and the model that a file names.
    private func ids(in text: String) throws(UpstreamFailure) -> [String: String] {
        var ids: [String: String] = [:]
        if let id = ModelFile.value(of: "run_id", in: text) { ids[id] = try targets.run(id) }
        if let id = ModelFile.value(of: "model_id", in: text), case .there(let target) = try targets.model(id) {
            ids[id] = target
        }
        return ids
    }
}
