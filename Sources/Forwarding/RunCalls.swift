internal import Coding
internal import HTTPWire
internal import JSON
internal import Tracking
internal import TrackingStore

/// Calls of MLflow's REST API about one run and experiment, each of which may be repeated.
struct RunCalls: Sendable {
    static let route = "/api/2.0/mlflow/"
    /// What `runs/log-batch` takes at once, of all kinds together and of params and of tags.
    static let itemsOfBatch = 1_000
    static let textsOfBatch = 100
    /// After so many refusals of parts of one batch, what is left of it is not divided any more.
    private static let refusalsOfBatch = 60

    let calls: any UpstreamCalls

    @discardableResult
    func post(_ call: String, _ body: (inout JSONWriter) -> Void) throws(UpstreamFailure) -> JSONValue {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        body(&writer)
        writer.endObject()
        return try calls.send(.post, Self.route + call, .json(writer.takeBytes())).json()
    }

    func patch(_ call: String, _ body: (inout JSONWriter) -> Void) throws(UpstreamFailure) {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        body(&writer)
        writer.endObject()
        _ = try calls.send(.patch, Self.route + call, .json(writer.takeBytes()))
    }

    func get(_ call: String, _ query: [(name: String, value: String)]) throws(UpstreamFailure) -> JSONValue {
        let text = query.map { "\($0.name)=\(PercentCoding.encode($0.value))" }.joined(separator: "&")
        return try calls.send(.get, "\(Self.route)\(call)?\(text)", .none).json()
    }

    /// What was created in an experiment for a thing from here, deleted ones too.
    ///
    /// A server that does not heed the filter lists other things too, so that the tag of each is looked at.
    ///
    /// - Parameters:
    ///   - list: `runs` or `models`, the name of the list in the answer.
    ///   - tags: those of one in the list.
    func search(
        _ list: String,
        in experiment: String,
        page: Int,
        _ tag: String,
        _ source: String,
        tags: (JSONValue) -> JSONValue?
    ) throws(UpstreamFailure) -> [JSONValue] {
        var token: String?
        var pages = PageTokens()
        while true {
            let answer = try post(list == "runs" ? "runs/search" : "logged-models/search") { writer in
                writer.memberArray("experiment_ids") { $0.string(experiment) }
                writer.member("filter", "tags.`\(tag)` = '\(source)'")
                if list == "runs" { writer.member("run_view_type", "ALL") }
                writer.member("max_results", page)
                writer.member("page_token", ifPresent: token)
            }
            let all = answer[list].map { Array($0.elements) } ?? []
            let ours = all.filter { MLflowUpstream.hasTag(tags($0), tag, source) }
            if !ours.isEmpty || all.isEmpty { return ours }
            token = try pages.next(in: answer)
            if token == nil { return ours }
        }
    }

    /// Whether an experiment is there under a name.
    func has(experiment target: String, named name: String) throws(UpstreamFailure) -> Bool {
        let found = try get("experiments/get", [("experiment_id", target)])["experiment"]
        return found?["name"]?.string?.isExactly(name) == true
    }

    /// Sets name, status and end.
    func update(_ target: String, _ info: RunInfo) throws(UpstreamFailure) {
        try post("runs/update") { writer in
            writer.member("run_id", target)
            writer.member("run_name", info.name)
            writer.member("status", info.status.wireName)
            writer.member("end_time", ifPresent: info.endTime)
        }
    }

    /// Logs params and tags, in as many calls as it takes; those of a refused call one by one.
    ///
    /// - Parameters:
    ///   - whole: what the run has, by which is noted what was sent.
    ///   - sent: keeps what was done before a failure.
    func log(
        _ target: String,
        params: [Param],
        tags: [(here: Tag, there: Tag)],
        of whole: SentRun,
        sent: inout SentRun,
        omissions: inout [(part: String, reason: String)]
    ) throws(UpstreamFailure) {
        var (params, tags) = (params[...], tags[...])
        while !params.isEmpty || !tags.isEmpty {
            let (someParams, someTags) = (params.prefix(Self.textsOfBatch), tags.prefix(Self.textsOfBatch))
            do {
                try logBatch(target, params: someParams, tags: someTags.map(\.there)[...], [])
                sent.note(params: someParams, tags: someTags.map(\.here), of: whole)
            } catch let error where error.kind == .refused {
                for param in someParams {
                    try omitting(ForwardOmission.part(ofParam: param.key), &omissions) { () throws(UpstreamFailure) in
                        try logBatch(target, params: [param], tags: [], [])
                    }
                    sent.note(params: [param], tags: [], of: whole)
                }
                for tag in someTags {
                    try omitting(ForwardOmission.part(ofTag: tag.here.key), &omissions) { () throws(UpstreamFailure) in
                        try logBatch(target, params: [], tags: [tag.there], [])
                    }
                    sent.note(params: [], tags: [tag.here], of: whole)
                }
            }
            params = params.dropFirst(Self.textsOfBatch)
            tags = tags.dropFirst(Self.textsOfBatch)
        }
    }

    /// Runs `body`, and notes what the server refuses.
    func omitting(
        _ part: String,
        _ omissions: inout [(part: String, reason: String)],
        _ body: () throws(UpstreamFailure) -> Void
    ) throws(UpstreamFailure) {
        do {
            try body()
        } catch let error where error.kind == .refused || error.kind == .unsupported {
            omissions.append((part, error.message))
        }
    }

    /// Logs points of some metrics, in as many calls as it takes; what a refused call holds is sent in ever smaller parts.
    func log(
        _ target: String,
        points: [(key: String, points: [MetricPoint])],
        omissions: inout [(part: String, reason: String)]
    ) throws(UpstreamFailure) {
        let all = points.flatMap { series in series.points.map { (series.key, $0) } }
        var refused: [(key: String, part: RefusedPart)] = []
        for start in stride(from: 0, to: all.count, by: Self.itemsOfBatch) {
            let part = all[start..<min(start + Self.itemsOfBatch, all.count)]
            let found = try halving(part) { some throws(UpstreamFailure) in
                try logBatch(target, params: [], tags: [], some)
            }
            for piece in found {
                for key in Set(piece.items.map { ExactText($0.0) }) {
                    let ofKey = piece.items.filter { $0.0.isExactly(key.text) }
                    let steps = ofKey.map(\.1.step)
                    refused.append((key.text, RefusedPart(steps: steps, reason: piece.reason)))
                }
            }
        }
        omissions += RefusedPart.omissions(refused)
    }

    /// Sends items, and where they are refused each half of them by itself, down to the single one.
    ///
    /// Where next to nothing is taken, what is left is refused as a whole.
    ///
    /// - Returns: what was refused.
    func halving<Items: RandomAccessCollection>(
        _ items: Items,
        _ send: (Items.SubSequence) throws(UpstreamFailure) -> Void
    ) throws(UpstreamFailure) -> [(items: Items.SubSequence, reason: String)] {
        var waiting = [items[items.startIndex..<items.endIndex]]
        var refused: [(items: Items.SubSequence, reason: String)] = []
        var refusals = 0
        while let some = waiting.popLast() {
            guard !some.isEmpty else { continue }
            do throws(UpstreamFailure) {
                try send(some)
            } catch {
                guard error.kind == .refused else { throw error }
                refusals += 1
                if some.count == 1 || refusals > Self.refusalsOfBatch {
                    refused.append((some, error.message))
                    continue
                }
                let middle = some.index(some.startIndex, offsetBy: some.count / 2)
                waiting.append(some[middle...])
                waiting.append(some[..<middle])
            }
        }
        return refused
    }

    private func logBatch(
        _ target: String,
        params: ArraySlice<Param>,
        tags: ArraySlice<Tag>,
        _ points: ArraySlice<(String, MetricPoint)>
    ) throws(UpstreamFailure) {
        try post("runs/log-batch") { writer in
            writer.member("run_id", target)
            if !points.isEmpty {
                writer.memberArray("metrics") { writer in
                    for (key, point) in points {
                        writer.beginObject()
                        writer.member("key", key)
                        writer.member("value", point.shownValue)
                        writer.member("timestamp", point.timestamp)
                        writer.member("step", point.step)
                        writer.endObject()
                    }
                }
            }
            writer.pairs("params", params.map { ($0.key, $0.value) })
            writer.pairs("tags", tags.map { ($0.key, $0.value) })
        }
    }

    /// Removes a tag; one that is not there is no failure.
    func deleteTag(_ target: String, _ key: String) throws(UpstreamFailure) {
        do {
            try post("runs/delete-tag") { writer in
                writer.member("run_id", target)
                writer.member("key", key)
            }
        } catch let error where error.kind == .missing {
            return
        }
    }

    /// Deletes or restores a run; one that is in this state already is no failure.
    func setDeleted(_ target: String, _ isDeleted: Bool) throws(UpstreamFailure) {
        do {
            try post(isDeleted ? "runs/delete" : "runs/restore") { $0.member("run_id", target) }
        } catch let error where error.kind == .refused {
            let run = try get("runs/get", [("run_id", target)])
            guard (run["run"]?["info"]?["lifecycle_stage"]?.string == "deleted") == isDeleted else { throw error }
        }
    }

    /// Logs datasets of a run; if they are refused, one by one.
    func logDatasets(
        _ target: String,
        _ inputs: [DatasetInput],
        _ omissions: inout [(part: String, reason: String)]
    ) throws(UpstreamFailure) {
        try eachIfRefused(inputs, { ForwardOmission.part(ofDataset: $0.dataset.name) }, &omissions) {
            inputs throws(UpstreamFailure) in
            try logDatasets(target, inputs)
        }
    }

    /// Links models that a run has used and made; if they are refused, one by one.
    func logModels(
        _ target: String,
        inputs: [ModelInput],
        outputs: [ModelOutput],
        _ omissions: inout [(part: String, reason: String)]
    ) throws(UpstreamFailure) {
        try eachIfRefused(inputs, { ForwardOmission.part(ofModel: $0.modelID) }, &omissions) {
            inputs throws(UpstreamFailure) in
            try post("runs/log-inputs") { writer in
                writer.member("run_id", target)
                writer.memberArray("models") { writer in
                    for input in inputs {
                        writer.beginObject()
                        writer.member("model_id", input.modelID)
                        writer.endObject()
                    }
                }
            }
        }
        try eachIfRefused(outputs, { ForwardOmission.part(ofModel: $0.modelID) }, &omissions) {
            outputs throws(UpstreamFailure) in
            try post("runs/outputs") { writer in
                writer.member("run_id", target)
                writer.memberArray("models") { writer in
                    for output in outputs {
                        writer.beginObject()
                        writer.member("model_id", output.modelID)
                        writer.member("step", output.step)
                        writer.endObject()
                    }
                }
            }
        }
    }

    func setTags(
        ofModel id: String,
        _ tags: [Tag],
        _ omissions: inout [(part: String, reason: String)]
    ) throws(UpstreamFailure) {
        try eachIfRefused(tags, { ForwardOmission.part(ofTag: $0.key) }, &omissions) { tags throws(UpstreamFailure) in
            try patch("logged-models/\(PercentCoding.encode(id))/tags") { writer in
                writer.pairs("tags", tags.map { ($0.key, $0.value) })
            }
        }
    }

    /// Sends items at once, and where they are refused one by one.
    func eachIfRefused<Item>(
        _ items: [Item],
        _ part: (Item) -> String,
        _ omissions: inout [(part: String, reason: String)],
        _ send: ([Item]) throws(UpstreamFailure) -> Void
    ) throws(UpstreamFailure) {
        guard !items.isEmpty else { return }
        do throws(UpstreamFailure) {
            try send(items)
        } catch {
            switch error.kind {
            case .refused where items.count > 1:
                for item in items {
                    try omitting(part(item), &omissions) { () throws(UpstreamFailure) in try send([item]) }
                }
            case .refused, .unsupported:
                for item in items { omissions.append((part(item), error.message)) }
            default: throw error
            }
        }
    }

    private func logDatasets(_ target: String, _ inputs: [DatasetInput]) throws(UpstreamFailure) {
        try post("runs/log-inputs") { writer in
            writer.member("run_id", target)
            writer.memberArray("datasets") { writer in
                for input in inputs {
                    writer.beginObject()
                    writer.pairs("tags", input.tags.map { ($0.key, $0.value) })
                    writer.memberObject("dataset") { writer in
                        writer.member("name", input.dataset.name)
                        writer.member("digest", input.dataset.digest)
                        writer.member("source_type", input.dataset.sourceType)
                        writer.member("source", input.dataset.source)
                        writer.member("schema", ifPresent: input.dataset.schema)
                        writer.member("profile", ifPresent: input.dataset.profile)
                    }
                    writer.endObject()
                }
            }
        }
    }

    /// Gives an experiment that is there the name, the tags and the stage that it has here.
    ///
    /// - Parameter isOurs: whether it was sent from here before; another one that has its name is not deleted.
    func complete(
        _ target: String,
        _ experiment: Experiment,
        isOurs: Bool = true,
        _ omissions: inout [(part: String, reason: String)]
    ) throws(UpstreamFailure) {
        let isDeleted = experiment.lifecycleStage == .deleted
        let found = try get("experiments/get", [("experiment_id", target)])["experiment"]
        if (found?["lifecycle_stage"]?.string == "deleted") != isDeleted, isOurs || !isDeleted {
            try post(isDeleted ? "experiments/delete" : "experiments/restore") { $0.member("experiment_id", target) }
        }
        guard !isDeleted else { return }
        if found?["name"]?.string?.isExactly(experiment.name) == false {
            try post("experiments/update") { writer in
                writer.member("experiment_id", target)
                writer.member("new_name", experiment.name)
            }
        }
        for tag in experiment.tags {
            try omitting(ForwardOmission.part(ofExperimentTag: tag.key), &omissions) { () throws(UpstreamFailure) in
                try setExperimentTag(target, tag)
            }
        }
    }

    private func setExperimentTag(_ target: String, _ tag: Tag) throws(UpstreamFailure) {
        try post("experiments/set-experiment-tag") { writer in
            writer.member("experiment_id", target)
            writer.member("key", tag.key)
            writer.member("value", tag.value)
        }
    }
}

extension JSONWriter {
    /// A list of objects with key and value; nothing for an empty one.
    mutating func pairs(_ name: StaticString, _ pairs: [(key: String, value: String)]) {
        guard !pairs.isEmpty else { return }
        memberArray(name) { writer in
            for pair in pairs {
                writer.beginObject()
                writer.member("key", pair.key)
                writer.member("value", pair.value)
                writer.endObject()
            }
        }
    }
}

/// Points of one metric that a server refuses.
private struct RefusedPart {
    var steps: [Int64]
    var reason: String

    /// What is to be said of metrics, each with all its parts.
    static func omissions(_ refused: [(key: String, part: RefusedPart)]) -> [(part: String, reason: String)] {
        Dictionary(grouping: refused) { ExactText($0.key) }.map { key, parts in
            let steps = parts.flatMap(\.part.steps)
            let count = steps.count == 1 ? "1 point" : "\(steps.count) points"
            let first = steps.first.map { ", the first at step \($0)" } ?? ""
            return (ForwardOmission.part(ofMetric: key.text), "\(count)\(first): \(parts[0].part.reason)")
        }
    }
}

extension SentRun {
    /// Notes that params and tags were sent as a run has them.
    fileprivate mutating func note(params: some Sequence<Param>, tags: [Tag], of whole: SentRun) {
        for param in params { self.params[ExactText(param.key)] = whole.params[ExactText(param.key)] }
        for tag in tags { self.tags[ExactText(tag.key)] = whole.tags[ExactText(tag.key)] }
    }
}
