package import Tracking

/// Makes a run of the events of one folder, which come in their order.
package struct RunEvents {
    /// The most tags of a run; values of others are left out.
    private static let maximumTags = 100_000
    /// Tags that the plugin for hyperparameters uses for itself.
    private static let hyperparameterPlugin = "hparams"

    private struct TagState {
        var plugin: String?
        /// The place in `keys`; nil until the tag has a point.
        var index: Int?
    }

    private var tags: [ExactText: TagState] = [:]
    private var metricKeys = LegalKeys()
    private var paramKeys = LegalKeys()
    /// The keys of the metrics, in the order of their first points.
    package private(set) var keys: [String] = []
    private(set) var params: [Param] = []
    private var hyperparameters: [ExactText: String] = [:]
    /// What is said about hyperparameters that did not come, once for each.
    private(set) var remarks: [String] = []
    private var remarked: Set<ExactText> = []
    private(set) var group: String?
    private(set) var status = RunStatus.finished
    /// The time of the last event in Unix milliseconds.
    private(set) var end: Int64?
    private(set) var leftOut = LeftOutValues()

    package init() {}

    /// Names whose keys differ from them.
    var changedNames: [(name: String, key: String)] { metricKeys.changes + paramKeys.changes }

    /// Takes an event, and calls `point` with each point of it, its key, and the place of the key in `keys`.
    ///
    /// - Throws: `BrokenMessage`, or what `point` throws.
    package mutating func take(_ event: TrainingEvent, _ point: (Int, String, MetricPoint) throws -> Void) throws {
        end = max(end ?? 0, event.milliseconds)
        if event.isGraph { leftOut.add(.graph) }
        try event.forEachValue { value in
            if value.plugin == Self.hyperparameterPlugin {
                if let content = value.pluginContent { take(try Session(content)) }
                return
            }
            guard let number = try number(of: value), let index = index(of: value.tag) else { return }
            // The key is of no use for a point.
            let metric = Metric(key: "", value: number, timestamp: event.milliseconds, step: event.step)
            try point(index, keys[index], MetricPoint(metric))
        }
    }

    /// Counts events that are too large to be read.
    mutating func leaveOut(_ count: Int) {
        if count > 0 { leftOut.add(.other, count) }
    }

    /// The number of a scalar; nil for another value, which is counted.
    private mutating func number(of value: SummaryValue) throws -> Double? {
        switch value.content {
        case .number(let number): return Double(number)
        case .tensor(let tensor):
            let plugin = plugin(of: value)
            if plugin == "scalars", let number = try ScalarTensor(tensor).number { return number }
            leftOut.add(LeftOutValues.Kind(plugin: plugin))
        case .image: leftOut.add(.image)
        case .histogram: leftOut.add(.histogram)
        case .audio: leftOut.add(.audio)
        // A description of a tag without a value.
        case .none: _ = plugin(of: value)
        }
        return nil
    }

    /// What a tag is for, which its first value may have said.
    private mutating func plugin(of value: SummaryValue) -> String? {
        let tag = ExactText(value.tag)
        if let known = tags[tag]?.plugin { return known }
        guard let plugin = value.plugin, tags[tag] != nil || tags.count < Self.maximumTags else { return nil }
        tags[tag, default: TagState()].plugin = plugin
        return plugin
    }

    private mutating func index(of name: String) -> Int? {
        let tag = ExactText(name)
        if let index = tags[tag]?.index { return index }
        guard tags[tag] != nil || tags.count < Self.maximumTags else {
            leftOut.add(.other)
            return nil
        }
        let index = keys.count
        keys.append(metricKeys.key(of: name))
        tags[tag, default: TagState()].index = index
        return index
    }

    private mutating func take(_ session: Session) {
        group = group ?? session.group.flatMap { Self.isLegal($0) ? $0 : nil }
        status = session.status ?? status
        for param in session.hyperparameters {
            let name = ExactText(param.key)
            if let known = hyperparameters[name] {
                if !known.isExactly(param.value) { remark(name, "has another value later, which is left out") }
            } else if Self.isLegal(param.value) {
                hyperparameters[name] = param.value
                params.append(Param(key: paramKeys.key(of: param.key), value: param.value))
            } else {
                remark(name, "has more than \(TransferLimits.valueLength) characters")
            }
        }
    }

    private static func isLegal(_ value: String) -> Bool {
        value.utf8.count <= TransferLimits.valueLength || value.unicodeScalars.count <= TransferLimits.valueLength
    }

    private mutating func remark(_ name: ExactText, _ text: String) {
        if remarked.insert(name).inserted { remarks.append("the hyperparameter '\(name.text)' \(text)") }
    }
}

/// Counts what event files have and a run has no place for.
struct LeftOutValues {
    enum Kind: CaseIterable {
        case image, histogram, audio, text, graph, other

        init(plugin: String?) {
            self =
                switch plugin {
                case "images": .image
                case "histograms": .histogram
                case "audio": .audio
                case "text": .text
                case "graphs", "graph_keras_model", "graph_run_metadata", "graph_run_metadata_graph": .graph
                default: .other
                }
        }

        fileprivate var title: String {
            switch self {
            case .image: "images"
            case .histogram: "histograms"
            case .audio: "audio clips"
            case .text: "texts"
            case .graph: "graphs"
            case .other: "other values"
            }
        }
    }

    private var counts: [Kind: Int] = [:]

    mutating func add(_ kind: Kind, _ count: Int = 1) { counts[kind, default: 0] += count }

    mutating func add(_ other: LeftOutValues) { counts.merge(other.counts) { $0 + $1 } }

    /// The counts for a person; nil where nothing was left out.
    var text: String? {
        let parts = Kind.allCases.compactMap { kind in counts[kind].map { "\(kind.title): \($0)" } }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
}
