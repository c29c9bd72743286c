internal import Coding
internal import HTTPWire
internal import JSON
internal import Tracking
internal import TrackingStore

/// Calls of MLflow's REST API that read and change runs and experiments of an upstream.
///
/// Each call may be repeated without harm.
struct RunCalls: Sendable {
    static let route = "/api/2.0/mlflow/"
    /// The maximum number of items in one call of `runs/log-batch`; `maximumTexts` is its limit for params, and for tags.
    static let maximumItems = 1_000
    static let maximumTexts = 100
    /// The number of refusals in one batch after which `sendInHalves` no longer divides refused parts.
    private static let maximumRefusals = 60

    let calls: any UpstreamCalls

    @discardableResult
    func post(_ call: String, _ members: (inout JSONWriter) -> Void) throws(UpstreamFailure) -> JSONValue {
        try calls.send(.post, Self.route + call, Self.object(members)).json()
    }

    func patch(_ call: String, _ members: (inout JSONWriter) -> Void) throws(UpstreamFailure) {
        _ = try calls.send(.patch, Self.route + call, Self.object(members))
    }

    private static func object(_ members: (inout JSONWriter) -> Void) -> UpstreamBody {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        members(&writer)
        writer.endObject()
        return .json(writer.takeBytes())
    }

    func get(_ call: String, _ query: [(name: String, value: String)]) throws(UpstreamFailure) -> JSONValue {
        let text = query.map { "\($0.name)=\(PercentCoding.encode($0.value))" }.joined(separator: "&")
        return try calls.send(.get, "\(Self.route)\(call)?\(text)", .none).json()
    }

    /// Returns the runs or models of an experiment, deleted ones too, whose tag says that they were created for an item
    /// of this store.
    ///
    /// Each result's tag is checked here too, because a server may ignore the filter. The search ends with the first
    /// page that has results.
    ///
    /// - Parameters:
    ///   - list: `runs` or `models`, the name of the list in the answer.
    ///   - limit: the maximum number of results on one page.
    ///   - tag: the key of the tag; its value is `source`, the id of the item in this store.
    ///   - tags: returns the tags of an element of the list.
    func search(
        _ list: String,
        in experiment: String,
        limit: Int,
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
                writer.member("max_results", limit)
                writer.member("page_token", ifPresent: token)
            }
            let all = answer[list].map { Array($0.elements) } ?? []
            let ours = all.filter { MLflowUpstream.hasTag(tags($0), tag, source) }
            if !ours.isEmpty || all.isEmpty { return ours }
            token = try pages.next(in: answer)
            if token == nil { return ours }
        }
    }

    /// Whether the upstream's experiment with this id has exactly this name.
    func has(experiment remoteID: String, named name: String) throws(UpstreamFailure) -> Bool {
        let found = try get("experiments/get", [("experiment_id", remoteID)])["experiment"]
        return found?["name"]?.string?.isExactly(name) == true
    }

    /// Sets a run's name, status and end time.
    func update(_ remoteID: String, _ info: RunInfo) throws(UpstreamFailure) {
        try post("runs/update") { writer in
            writer.member("run_id", remoteID)
            writer.member("run_name", info.name)
            writer.member("status", info.status.wireName)
            writer.member("end_time", ifPresent: info.endTime)
        }
    }

    /// Logs params and tags, at most `maximumTexts` of each in one call; if a call is refused, its params and tags are
    /// sent one by one.
    ///
    /// - Parameters:
    ///   - fullState: the fingerprints of the whole run, from which `sent` is filled.
    ///   - sent: receives what was sent, even if a later call fails.
    func log(
        _ remoteID: String,
        params: [Param],
        tags: [(local: Tag, remote: Tag)],
        of fullState: SentRun,
        sent: inout SentRun,
        omissions: inout Omissions
    ) throws(UpstreamFailure) {
        var (params, tags) = (params[...], tags[...])
        while !params.isEmpty || !tags.isEmpty {
            let (someParams, someTags) = (params.prefix(Self.maximumTexts), tags.prefix(Self.maximumTexts))
            do {
                try logBatch(remoteID, params: someParams, tags: someTags.map(\.remote)[...], [])
                sent.add(params: someParams, tags: someTags.map(\.local), of: fullState)
            } catch let error where error.kind == .refused {
                for param in someParams {
                    try sendOrOmit(ForwardOmission.part(ofParam: param.key), &omissions) { () throws(UpstreamFailure) in
                        try logBatch(remoteID, params: [param], tags: [], [])
                    }
                    sent.add(params: [param], tags: [], of: fullState)
                }
                for tag in someTags {
                    let part = ForwardOmission.part(ofTag: tag.local.key)
                    try sendOrOmit(part, &omissions) { () throws(UpstreamFailure) in
                        try logBatch(remoteID, params: [], tags: [tag.remote], [])
                    }
                    sent.add(params: [], tags: [tag.local], of: fullState)
                }
            }
            params = params.dropFirst(Self.maximumTexts)
            tags = tags.dropFirst(Self.maximumTexts)
        }
    }

    /// Runs `body`; if the server refuses the call or does not offer it, adds `part` to the omissions and returns.
    func sendOrOmit(
        _ part: String,
        _ omissions: inout Omissions,
        _ body: () throws(UpstreamFailure) -> Void
    ) throws(UpstreamFailure) {
        do {
            try body()
        } catch let error where error.kind == .refused || error.kind == .unsupported {
            omissions.append((part, error.message))
        }
    }

    /// Logs points of metrics, at most `maximumItems` in one call; the points of a refused call are sent in ever smaller parts.
    func log(
        _ remoteID: String,
        points: [(key: String, points: [MetricPoint])],
        omissions: inout Omissions
    ) throws(UpstreamFailure) {
        let all = points.flatMap { series in series.points.map { (series.key, $0) } }
        var refused: [(key: String, part: RefusedPart)] = []
        for start in stride(from: 0, to: all.count, by: Self.maximumItems) {
            let part = all[start..<min(start + Self.maximumItems, all.count)]
            let found = try sendInHalves(part) { some throws(UpstreamFailure) in
                try logBatch(remoteID, params: [], tags: [], some)
            }
            for piece in found {
                for key in Set(piece.items.map { ExactText($0.0) }) {
                    let steps = piece.items.filter { $0.0.isExactly(key.text) }.map(\.1.step)
                    refused.append((key.text, RefusedPart(steps: steps, reason: piece.reason)))
                }
            }
        }
        omissions += RefusedPart.omissions(refused)
    }

    /// Sends items; if they are refused, sends each half, and so on down to single items.
    ///
    /// After `maximumRefusals` refusals, a refused part is not divided any more: all of its items count as refused.
    ///
    /// - Returns: the refused items with the server's reasons.
    func sendInHalves<Items: RandomAccessCollection>(
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
                if some.count == 1 || refusals > Self.maximumRefusals {
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
        _ remoteID: String,
        params: ArraySlice<Param>,
        tags: ArraySlice<Tag>,
        _ points: ArraySlice<(String, MetricPoint)>
    ) throws(UpstreamFailure) {
        try post("runs/log-batch") { writer in
            writer.member("run_id", remoteID)
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

    /// Removes a tag of a run; does nothing if the run has no such tag.
    func deleteTag(_ remoteID: String, _ key: String) throws(UpstreamFailure) {
        do {
            try post("runs/delete-tag") { writer in
                writer.member("run_id", remoteID)
                writer.member("key", key)
            }
        } catch let error where error.kind == .missing { return }
    }

    /// Deletes or restores a run; does nothing if the run is in this state already.
    func setDeleted(_ remoteID: String, _ isDeleted: Bool) throws(UpstreamFailure) {
        do {
            try post(isDeleted ? "runs/delete" : "runs/restore") { $0.member("run_id", remoteID) }
        } catch let error where error.kind == .refused {
            let run = try get("runs/get", [("run_id", remoteID)])
            guard (run["run"]?["info"]?["lifecycle_stage"]?.string == "deleted") == isDeleted else { throw error }
        }
    }

    /// Logs the datasets of a run in one call, or one by one if that call is refused.
    func logDatasets(
        _ remoteID: String,
        _ inputs: [DatasetInput],
        _ omissions: inout Omissions
    ) throws(UpstreamFailure) {
        try sendTogether(inputs, { ForwardOmission.part(ofDataset: $0.dataset.name) }, &omissions) {
            inputs throws(UpstreamFailure) in
            try logDatasets(remoteID, inputs)
        }
    }

    /// Links a run with its input and output models in one call each, or one by one if that call is refused.
    func logModels(
        _ remoteID: String,
        inputs: [ModelInput],
        outputs: [ModelOutput],
        _ omissions: inout Omissions
    ) throws(UpstreamFailure) {
        try sendTogether(inputs, { ForwardOmission.part(ofModel: $0.modelID) }, &omissions) {
            inputs throws(UpstreamFailure) in
            try post("runs/log-inputs") { writer in
                writer.member("run_id", remoteID)
                writer.memberArray("models") { writer in
                    for input in inputs {
                        writer.beginObject()
                        writer.member("model_id", input.modelID)
                        writer.endObject()
                    }
                }
            }
        }
        try sendTogether(outputs, { ForwardOmission.part(ofModel: $0.modelID) }, &omissions) {
            outputs throws(UpstreamFailure) in
            try post("runs/outputs") { writer in
                writer.member("run_id", remoteID)
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

    func setTags(ofModel id: String, _ tags: [Tag], _ omissions: inout Omissions) throws(UpstreamFailure) {
        try sendTogether(tags, { ForwardOmission.part(ofTag: $0.key) }, &omissions) { tags throws(UpstreamFailure) in
            try patch("logged-models/\(PercentCoding.encode(id))/tags") { writer in
                writer.pairs("tags", tags.map { ($0.key, $0.value) })
            }
        }
    }

    /// Sends items in one call, or one by one if that call is refused.
    func sendTogether<Item>(
        _ items: [Item],
        _ part: (Item) -> String,
        _ omissions: inout Omissions,
        _ send: ([Item]) throws(UpstreamFailure) -> Void
    ) throws(UpstreamFailure) {
        guard !items.isEmpty else { return }
        do throws(UpstreamFailure) {
            try send(items)
        } catch {
            switch error.kind {
            case .refused where items.count > 1:
                for item in items {
                    try sendOrOmit(part(item), &omissions) { () throws(UpstreamFailure) in try send([item]) }
                }
            case .refused, .unsupported:
                for item in items { omissions.append((part(item), error.message)) }
            default: throw error
            }
        }
    }

    private func logDatasets(_ remoteID: String, _ inputs: [DatasetInput]) throws(UpstreamFailure) {
        try post("runs/log-inputs") { writer in
            writer.member("run_id", remoteID)
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
}

/// Points of one metric that a server refuses.
private struct RefusedPart {
    var steps: [Int64]
    var reason: String

    /// Returns one omission per metric, which counts the refused points of all parts.
    static func omissions(_ refused: [(key: String, part: RefusedPart)]) -> Omissions {
        Dictionary(grouping: refused) { ExactText($0.key) }.map { key, parts in
            let steps = parts.flatMap(\.part.steps)
            let count = steps.count == 1 ? "1 point" : "\(steps.count) points"
            let first = steps.first.map { ", the first at step \($0)" } ?? ""
            return (ForwardOmission.part(ofMetric: key.text), "\(count)\(first): \(parts[0].part.reason)")
        }
    }
}

extension SentRun {
    /// Adds params and tags that were sent, with their fingerprints in `fullState`.
    fileprivate mutating func add(params: some Sequence<Param>, tags: [Tag], of fullState: SentRun) {
        for param in params { self.params[ExactText(param.key)] = fullState.params[ExactText(param.key)] }
        for tag in tags { self.tags[ExactText(tag.key)] = fullState.tags[ExactText(tag.key)] }
    }
}
