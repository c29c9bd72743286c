internal import Coding
internal import HTTPWire
internal import JSON
internal import Tracking
internal import TrackingStore

extension MLflowUpstream {
    private static let versionsPerPage = 200
    private static let promptFilter = "tags.`\(Tag.isPromptKey)` = 'true'"

    func send(_ parcel: ModelParcel, journalEntry: ForwardedEntity?) throws(UpstreamFailure) -> ItemOutcome {
        let model = parcel.model.model
        var remoteID = journalEntry?.remoteID
        if remoteID == nil { remoteID = try self.model(of: model.info.modelID, in: parcel.experiment) }
        let id: String
        if let remoteID { id = remoteID } else { id = try create(model, in: parcel.experiment) }
        var outcome = ItemOutcome(remoteID: id)
        let path = "logged-models/\(PercentCoding.encode(id))"
        // This tag is not sent, because the upstream sets it itself, with its own numbers of the versions.
        let tags = try translated(
            model.tags.filter { !$0.key.isExactly(Tag.modelVersionsKey) },
            [model.info.modelID: id]
        )
        try runs.setTags(ofModel: id, tags, &outcome.omissions)
        if model.info.status != .pending {
            try runs.sendOrOmit("status", &outcome.omissions) { () throws(UpstreamFailure) in
                try runs.patch(path) { writer in
                    writer.member("model_id", id)
                    writer.member("status", model.info.status.wireName)
                }
            }
        }
        try log(parcel.points, of: id, &outcome.omissions)
        return outcome
    }

    private func model(of source: String, in experiment: String) throws(UpstreamFailure) -> String? {
        let all = try runs.search("models", in: experiment, limit: 50, SourceTag.model, source) { $0["info"]?["tags"] }
        return all.compactMap { $0["info"]?["model_id"]?.string }.min()
    }

    private func create(_ model: LoggedModel, in experiment: String) throws(UpstreamFailure) -> String {
        let run = model.info.sourceRunID.isEmpty ? nil : try targets.targetID(ofRun: model.info.sourceRunID)
        let answer = try runs.restoringExperiment(experiment) { () throws(UpstreamFailure) in
            try runs.post("logged-models") { writer in
                writer.member("experiment_id", experiment)
                writer.member("name", model.info.name)
                writer.member("model_type", model.info.modelType)
                writer.member("source_run_id", ifPresent: run)
                writer.pairs("params", model.params.map { ($0.key, $0.value) })
                writer.pairs("tags", [(SourceTag.model, model.info.modelID)])
            }
        }.created
        guard let id = answer["model"]?["info"]?["model_id"]?.string else {
            throw .invalidAnswer("its answer has no model ID")
        }
        return id
    }

    /// Logs the metric points of a model, each to the run that logged it.
    private func log(_ points: [ModelMetric], of model: String, _ omissions: inout Omissions) throws(UpstreamFailure) {
        for (source, ofRun) in Dictionary(grouping: points, by: \.runID).sorted(by: { $0.key < $1.key }) {
            guard let run = try targets.targetID(ofRun: source) else {
                omissions.append(("metrics of run \(source)", "the upstream does not have the run"))
                continue
            }
            var refused: [(items: ArraySlice<ModelMetric>, reason: String)] = []
            for start in stride(from: 0, to: ofRun.count, by: RunCalls.maximumItems) {
                let part = ofRun[start..<min(start + RunCalls.maximumItems, ofRun.count)]
                refused += try runs.sendInHalves(part) { some throws(UpstreamFailure) in try log(some, run, model) }
            }
            guard let first = refused.first else { continue }
            let count = refused.reduce(0) { $0 + $1.items.count }
            omissions.append(("metrics of run \(source)", "\(count) of \(ofRun.count) points: \(first.reason)"))
        }
    }

    private func log(_ points: ArraySlice<ModelMetric>, _ run: String, _ model: String) throws(UpstreamFailure) {
        try runs.post("runs/log-batch") { writer in
            writer.member("run_id", run)
            writer.memberArray("metrics") { writer in
                for point in points {
                    writer.beginObject()
                    writer.member("key", point.metric.key)
                    writer.member("value", point.metric.value)
                    writer.member("timestamp", point.metric.timestamp)
                    writer.member("step", point.metric.step)
                    writer.member("model_id", model)
                    writer.member("dataset_name", ifPresent: point.dataset?.name)
                    writer.member("dataset_digest", ifPresent: point.dataset?.digest)
                    writer.endObject()
                }
            }
        }
    }

    func send(_ parcel: RegistryParcel, journalEntry: ForwardedEntity?) throws(UpstreamFailure) -> ItemOutcome {
        let model = parcel.model.model
        if journalEntry == nil {
            do {
                try runs.post("registered-models/create") { writer in
                    writer.member("name", model.name)
                    writer.pairs("tags", model.tags.filter(\.isPromptMarker).map { ($0.key, $0.value) })
                }
            } catch let error where error.code == "RESOURCE_ALREADY_EXISTS" {
                // The existing model is used, unless one of the two is a prompt and the other is not.
                guard try isPrompt(model.name) == model.tags.belongToPrompt else { throw error }
            }
        }
        let remoteVersions = try self.versions(of: model.name, arePrompts: model.tags.belongToPrompt)
        var usedNumbers = Set(remoteVersions.map(\.number))
        var numbers: [Int64: String] = [:]
        var outcome = ItemOutcome(remoteID: model.name)
        for transferred in parcel.versions {
            let version = transferred.version
            let origin = try origin(of: version)
            let number: String
            if let ours = remoteVersions.first(where: { $0.wasCreated(for: version, origin) }) {
                number = ours.number
            } else {
                guard let newNumber = try create(version, origin, &outcome.omissions) else { continue }
                guard usedNumbers.insert(newNumber).inserted else {
                    let reason = "the upstream gives it the number of another version"
                    outcome.omissions.append(("version \(version.version)", reason))
                    continue
                }
                number = newNumber
            }
            numbers[version.version] = number
            if number != String(version.version) {
                let part = ForwardOmission.part(forNumberOfVersion: version.version)
                outcome.omissions.append((part, "it is version \(number) at the upstream"))
            }
            var translated = version
            translated.tags = try self.translated(version.tags)
            try RegistryCalls(runs).update(translated, number: number, &outcome.omissions)
        }
        var translated = model
        translated.tags = try self.translated(model.tags)
        try RegistryCalls(runs).update(translated, aliases: model.aliases, numbers: numbers, &outcome.omissions)
        return outcome
    }

    /// Whether the upstream's registered model with this name is a prompt.
    private func isPrompt(_ name: String) throws(UpstreamFailure) -> Bool {
        let found = try runs.get("registered-models/get", [("name", name)])["registered_model"]
        let tags = (found?["tags"].map { Array($0.elements) } ?? []).map { tag in
            Tag(key: tag["key"]?.string ?? "", value: tag["value"]?.string ?? "")
        }
        return tags.belongToPrompt
    }

    /// The run, logged model and source of a version, with the ids of the upstream.
    private struct VersionOrigin {
        var run: String?
        var model: String?
        /// The id in this store of the version's logged model, if the upstream does not have that model; otherwise nil.
        var missingModel: String?
        var source: String
    }

    /// A version of the upstream that a forwarding server created, as its tag says.
    private struct UpstreamVersion {
        var number: String
        /// The version's number at the server that forwarded it.
        var sourceNumber: String
        var run: String
        var source: String
        /// The text of a prompt's version, which identifies it because all prompts have the same source; nil for other versions.
        var promptText: String?

        /// Whether this version of the upstream was created for a version of this store.
        ///
        /// The number alone is not enough, because other servers may have forwarded versions too; the run, or the source
        /// and the prompt's text, must match as well.
        func wasCreated(for version: ModelVersion, _ origin: VersionOrigin) -> Bool {
            guard sourceNumber == String(version.version) else { return false }
            if let ofOrigin = origin.run { return run == ofOrigin }
            let text = version.tags.first { $0.key.isExactly(Tag.promptTextKey) }?.value ?? ""
            return run.isEmpty && source.isExactly(origin.source) && text.isExactly(promptText ?? "")
        }
    }

    /// Returns the upstream's versions of a model that forwarding servers created.
    ///
    /// - Parameter arePrompts: whether the model is a prompt; a search finds versions of prompts only if its filter
    ///   asks for prompts.
    private func versions(of name: String, arePrompts: Bool) throws(UpstreamFailure) -> [UpstreamVersion] {
        var found: [UpstreamVersion] = []
        var token: String?
        var pages = PageTokens()
        let filters = [Self.quoted(name).map { "name = \($0)" }, arePrompts ? Self.promptFilter : nil].compactMap { $0 }
        repeat {
            var query = [(name: "max_results", value: String(Self.versionsPerPage))]
            if !filters.isEmpty { query.append((name: "filter", value: filters.joined(separator: " AND "))) }
            if let token { query.append((name: "page_token", value: token)) }
            let page = try runs.get("model-versions/search", query)
            for version in page["model_versions"].map({ Array($0.elements) }) ?? [] {
                let tags = version["tags"].map { Array($0.elements) } ?? []
                guard version["name"]?.string?.isExactly(name) == true,
                    let number = version["version"]?.string ?? version["version"]?.int64.map({ String($0) }),
                    let source = tags.first(where: { $0["key"]?.string == SourceTag.version })?["value"]?.string
                else { continue }
                let remoteVersion = UpstreamVersion(
                    number: number,
                    sourceNumber: source,
                    run: version["run_id"]?.string ?? "",
                    source: version["source"]?.string ?? "",
                    promptText: tags.first { $0["key"]?.string == Tag.promptTextKey }?["value"]?.string
                )
                found.append(remoteVersion)
            }
            token = try pages.next(in: page)
        } while token != nil
        return found
    }

    /// Quotes a text for a filter, whose language has no escapes; nil for a text with both kinds of quotes.
    static func quoted(_ text: String) -> String? {
        if !text.utf8.contains(UInt8(ascii: "'")) { return "'\(text)'" }
        return text.utf8.contains(UInt8(ascii: "\"")) ? nil : "\"\(text)\""
    }

    private func origin(of version: ModelVersion) throws(UpstreamFailure) -> VersionOrigin {
        let run = version.runID.isEmpty ? nil : try targets.targetID(ofRun: version.runID)
        var model: String?
        var missing: String?
        if let id = ReferenceText.modelID(ofSource: version.source) {
            if case .present(let remoteID) = try targets.presence(ofModel: id) {
                model = remoteID
            } else {
                missing = id
            }
        }
        let source = try source(of: version, run, model)
        return VersionOrigin(run: run, model: model, missingModel: missing, source: source)
    }

    /// Creates a version at the upstream.
    ///
    /// - Returns: the version's number at the upstream; nil, with the reason in the omissions, if the version was refused or
    ///   its logged model is missing.
    private func create(
        _ version: ModelVersion,
        _ origin: VersionOrigin,
        _ omissions: inout Omissions
    ) throws(UpstreamFailure) -> String? {
        if let missing = origin.missingModel {
            omissions.append(("version \(version.version)", "the upstream does not have its logged model \(missing)"))
            return nil
        }
        let prompt = version.tags.belongToPrompt ? version.tags.filter(\.isPromptMarker) : []
        do {
            let answer = try runs.post("model-versions/create") { writer in
                writer.member("name", version.name)
                writer.member("source", origin.source)
                writer.member("run_id", ifPresent: origin.run)
                writer.member("model_id", ifPresent: origin.model)
                writer.member("run_link", ifPresent: version.runLink.isEmpty ? nil : version.runLink)
                // The server recognizes a prompt by these tags, and requires no source of it.
                let source = (key: SourceTag.version, value: String(version.version))
                writer.pairs("tags", [source] + prompt.map { ($0.key, $0.value) })
            }
            return answer["model_version"]?["version"]?.string
        } catch let error where error.kind == .refused || error.kind == .missing {
            omissions.append(("version \(version.version)", error.message))
            return nil
        }
    }

    /// The source of a version, with the upstream's ids or artifact folder of its run or logged model.
    private func source(of version: ModelVersion, _ run: String?, _ model: String?) throws(UpstreamFailure) -> String {
        let source = version.source
        if let model, let id = ReferenceText.modelID(ofSource: source) {
            if source.hasPrefix("models:/") { return source.replacing(id, with: model) }
            let folder = "/\(id)/artifacts"
            let answer = try runs.get("logged-models/\(PercentCoding.encode(model))", [])
            guard let range = source.firstRange(of: folder),
                let location = answer["model"]?["info"]?["artifact_uri"]?.string
            else { return source }
            return location + source[range.upperBound...]
        }
        guard let run, !version.runID.isEmpty else { return source }
        if source.hasPrefix("runs:/") { return source.replacing(version.runID, with: run) }
        // The run's artifact folder is replaced with the one that the run has at the upstream.
        let folder = "/\(version.runID)/artifacts"
        guard let range = source.firstRange(of: folder) else { return source }
        let found = try runs.get("runs/get", [("run_id", run)])["run"]?["info"]?["artifact_uri"]?.string
        return found.map { $0 + source[range.upperBound...] } ?? source
    }
}

extension Tag {
    /// Whether the tag is one of those with which clients create a version of a prompt.
    fileprivate var isPromptMarker: Bool { key.hasPrefix("mlflow.prompt.") || key.hasPrefix("_mlflow_prompt_") }
}
